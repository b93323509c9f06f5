import { ConflictError } from '@backstage/errors';
import {
  AssetName,
  CopyJob,
  CopyMode,
  formatReference,
  StoreSummary,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { Caller } from '../model/caller';
import { FieldError } from '../model/FieldError';
import type { AssetService } from './AssetService';
import type { Clock, CopyJobRecord, Repository } from './ports';
import type { Stores } from './Stores';

const SHOWN_JOBS = 20;

/** Says which stores there are, and takes orders to copy or move an asset's bytes. */
export class CopyService {
  readonly #repository: Repository;
  readonly #assets: AssetService;
  readonly #stores: Stores;
  readonly #now: Clock;
  readonly #createId: () => string;
  readonly #onQueued: () => void;
  readonly #addresses = new Map<string, Promise<string | undefined>>();

  constructor(options: {
    repository: Repository;
    assets: AssetService;
    stores: Stores;
    now: Clock;
    createId: () => string;
    /** Hears of jobs that wait for a worker. */
    onQueued: () => void;
  }) {
    this.#repository = options.repository;
    this.#assets = options.assets;
    this.#stores = options.stores;
    this.#now = options.now;
    this.#createId = options.createId;
    this.#onQueued = options.onQueued;
  }

  stores(): Promise<StoreSummary[]> {
    return Promise.all(
      this.#stores.names.map(async name => ({
        name,
        default: name === this.#stores.defaultName,
        direct: this.#stores.get(name).direct !== undefined,
        address: await this.#addressOf(name),
      })),
    );
  }

  /** Where signed requests go; undefined where there are none, or nothing can be signed. */
  #addressOf(name: string): Promise<string | undefined> {
    const known = this.#addresses.get(name);
    if (known) return known;
    const { direct } = this.#stores.get(name);
    const address = direct
      ?.signGet({ key: 'address', fileName: 'address' })
      .then(({ url }) => new URL(url).origin)
      .catch(() => {
        this.#addresses.delete(name);
        return undefined;
      });
    if (address) this.#addresses.set(name, address);
    return address ?? Promise.resolve(undefined);
  }

  /** @throws ConflictError while another job of the asset is under way */
  async create(
    caller: Caller,
    name: AssetName,
    request: { store: string; mode: CopyMode },
  ): Promise<CopyJob> {
    const asset = await this.#assets.findFor(caller, 'asset.move', name);
    const { store, mode } = request;
    if (!this.#stores.names.includes(store)) {
      throw new FieldError(
        'store',
        `there is no store '${store}'; there are ${this.#stores.names.join(
          ', ',
        )}`,
      );
    }
    const at = this.#now();
    const job: CopyJobRecord = {
      id: this.#createId(),
      assetId: asset.id,
      store,
      mode,
      state: 'queued',
      copiedBlobs: 0,
      copiedBytes: 0,
      totalBytes: (await this.#repository.blobs.outside(asset.id, store)).bytes,
      createdAt: at,
      createdBy: caller.subject,
      updatedAt: at,
    };
    await this.#repository.transaction(async repository => {
      await repository.assets.lock(asset.id);
      const [last] = await repository.copyJobs.list(asset.id, 1);
      if (last?.state === 'queued' || last?.state === 'running') {
        throw new ConflictError(
          `the bytes of ${formatReference(asset)} are on their way to '${
            last.store
          }' already`,
        );
      }
      await repository.copyJobs.insert(job);
      await repository.audit.append({
        at,
        actor: caller.subject,
        action: `bytes.${mode === 'move' ? 'moved' : 'replicated'}`,
        object: formatReference(asset),
        assetId: asset.id,
        new: { store },
      });
    });
    this.#onQueued();
    return present(job);
  }

  async list(caller: Caller, name: AssetName): Promise<CopyJob[]> {
    const asset = await this.#assets.findFor(caller, 'asset.move', name);
    return (await this.#repository.copyJobs.list(asset.id, SHOWN_JOBS)).map(
      present,
    );
  }
}

function present({ assetId: _, ...job }: CopyJobRecord): CopyJob {
  return job;
}

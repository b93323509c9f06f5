import type { AssetChange } from '@baseasset/backstage-plugin-asset-manager-common';
import type { AssetRecord, Clock, CopyJobRecord, Repository } from './ports';
import { fits, Placement } from './Stores';

const READER = 'replicas';
const BATCH = 500;
const RECENT_JOBS = 20;

/** Who orders the copies that a rule asks for. */
const ITSELF = 'asset-manager';

/** Follows the changes, and orders a copy of each new version to the stores that the rules name. */
export class ReplicaKeeper {
  readonly #repository: Repository;
  readonly #rules: readonly Placement[];
  readonly #now: Clock;
  readonly #createId: () => string;
  readonly #onQueued: () => void;

  constructor(options: {
    repository: Repository;
    /** All that fit an asset count. */
    rules: readonly Placement[];
    now: Clock;
    createId: () => string;
    /** Hears of jobs that wait for a worker. */
    onQueued: () => void;
  }) {
    this.#repository = options.repository;
    this.#rules = options.rules;
    this.#now = options.now;
    this.#createId = options.createId;
    this.#onQueued = options.onQueued;
  }

  async run(signal?: AbortSignal): Promise<void> {
    const { changes, objects } = this.#repository;
    for (;;) {
      signal?.throwIfAborted();
      const batch = await changes.list({
        after: await changes.position(READER),
        limit: BATCH,
        viewer: 'everything',
      });
      if (batch.length === 0) return;
      const uids = batch.filter(bringsBytes).map(({ uid }) => uid);
      const ids = await objects.assetIds([...new Set(uids)]);
      for (const id of ids.values()) await this.#order(id);
      await changes.setPosition(READER, batch[batch.length - 1].sequence);
    }
  }

  async #order(assetId: number): Promise<void> {
    const asset = await this.#repository.assets.byId(assetId);
    if (asset.deletion) return;
    const stores = new Set(
      this.#rules.filter(rule => fits(rule, asset)).map(({ store }) => store),
    );
    for (const store of stores) await this.#orderTo(asset, store);
  }

  async #orderTo(asset: AssetRecord, store: string): Promise<void> {
    const { blobs, copyJobs } = this.#repository;
    const outside = await blobs.outside(asset.id, store);
    if (outside.count === 0) return;
    const jobs = await copyJobs.list(asset.id, RECENT_JOBS);
    // One that waits will bring these bytes as well; one that runs may be past them.
    if (jobs.some(job => job.state === 'queued' && job.store === store)) return;
    const at = this.#now();
    const job: CopyJobRecord = {
      id: this.#createId(),
      assetId: asset.id,
      store,
      mode: 'replicate',
      state: 'queued',
      copiedBlobs: 0,
      copiedBytes: 0,
      totalBytes: outside.bytes,
      createdAt: at,
      createdBy: ITSELF,
      updatedAt: at,
    };
    await copyJobs.insert(job);
    this.#onQueued();
  }
}

function bringsBytes({ kind }: AssetChange): boolean {
  return kind === 'version.created' || kind === 'version.undeleted';
}

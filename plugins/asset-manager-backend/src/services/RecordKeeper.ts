import type { LoggerService } from '@backstage/backend-plugin-api';
import { isError } from '@backstage/errors';
import type { AssetChange } from '@baseasset/backstage-plugin-asset-manager-common';
import type { AssetRecorder } from './AssetRecorder';
import type { Repository } from './ports';
import { storeOfNewBytes } from './storeOfNewBytes';
import type { Stores } from './Stores';

const READER = 'records';
const BATCH = 500;

/**
 * Follows the changes and writes beside an asset's bytes what is known of it:
 * each version once, and the asset as it is now. The database can be rebuilt
 * from that.
 */
export class RecordKeeper {
  readonly #repository: Repository;
  readonly #stores: Stores;
  readonly #recorder: AssetRecorder;
  readonly #logger: LoggerService;

  constructor(options: {
    repository: Repository;
    stores: Stores;
    recorder: AssetRecorder;
    logger: LoggerService;
  }) {
    this.#repository = options.repository;
    this.#stores = options.stores;
    this.#recorder = options.recorder;
    this.#logger = options.logger;
  }

  /** Writes what has changed. A store that does not answer is asked again by the next run. */
  async run(signal?: AbortSignal): Promise<void> {
    const { changes } = this.#repository;
    for (;;) {
      signal?.throwIfAborted();
      const batch = await changes.list({
        after: await changes.position(READER),
        limit: BATCH,
        viewer: 'everything',
      });
      if (batch.length === 0) return;
      const byAsset = new Map<string, AssetChange[]>();
      for (const change of batch)
        byAsset.set(change.uid, [...(byAsset.get(change.uid) ?? []), change]);
      const ids = await this.#repository.objects.assetIds([...byAsset.keys()]);
      try {
        for (const [uid, id] of ids) {
          signal?.throwIfAborted();
          await this.#write(id, byAsset.get(uid) ?? []);
        }
      } catch (error) {
        signal?.throwIfAborted();
        this.#logger.warn(
          'what is known of an asset could not be written beside its bytes yet',
          isError(error) ? error : undefined,
        );
        return;
      }
      await changes.setPosition(READER, batch[batch.length - 1].sequence);
    }
  }

  async #write(id: number, changes: readonly AssetChange[]): Promise<void> {
    const asset = await this.#repository.assets.byId(id);
    const name = await storeOfNewBytes(this.#repository, this.#stores, asset);
    const created = new Set(
      changes
        .filter(({ kind }) => kind === 'version.created')
        .map(({ subject }) => subject ?? ''),
    );
    for (const label of created) {
      const version = await this.#repository.versions.byLabel(id, label);
      if (version) await this.#recorder.writeVersion(asset, version, name);
    }
    await this.#recorder.writeAsset(asset, name);
  }
}

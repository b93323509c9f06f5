import type { LoggerService } from '@backstage/backend-plugin-api';
import { isError } from '@backstage/errors';
import type { AssetChange } from '@baseasset/backstage-plugin-asset-manager-common';
import { recordKey, recordPrefix, versionKey } from '../model/keys';
import type { AssetRecord, Clock, Repository, VersionRecord } from './ports';
import { AssetDocument, writeDocument } from './records';
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
  readonly #now: Clock;
  readonly #logger: LoggerService;

  constructor(options: {
    repository: Repository;
    stores: Stores;
    now: Clock;
    logger: LoggerService;
  }) {
    this.#repository = options.repository;
    this.#stores = options.stores;
    this.#now = options.now;
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
      if (version) await this.#writeVersion(asset, version, name);
    }
    await this.#writeAsset(asset, name);
  }

  async #writeVersion(
    asset: AssetRecord,
    {
      id,
      assetId: _,
      verification: __,
      deletion: ___,
      ...version
    }: VersionRecord,
    store: string,
  ): Promise<void> {
    const pages = await this.#repository.versions.pages(id);
    await writeDocument(
      this.#stores.get(store),
      versionKey(asset.uid, version.digest),
      {
        format: 'baseasset-version/1',
        version,
        pages: pages.map(({ store: ____, ...page }) => page),
      },
    );
  }

  async #writeAsset(asset: AssetRecord, store: string): Promise<void> {
    const key = recordKey(asset.uid, this.#now());
    await writeDocument(
      this.#stores.get(store),
      key,
      await this.#documentOf(asset),
    );
    // Only when the new one is durable do the former ones go.
    for (const name of this.#stores.names) {
      const each = this.#stores.get(name);
      for await (const former of each.list(recordPrefix(asset.uid)))
        if (former.key < key) await each.delete(former.key);
    }
  }

  async #documentOf(record: AssetRecord): Promise<AssetDocument> {
    const { id, ...asset } = record;
    const { aliases, versions } = this.#repository;
    const document: AssetDocument = {
      format: 'baseasset-asset/1',
      asset,
      aliases: [],
      deleted: [],
    };
    for (const { versionId, ...alias } of await aliases.list(id)) {
      const { label } = await versions.byId(versionId);
      document.aliases.push({ ...alias, label });
    }
    for (const { label, deletion } of await versions.deleted(id))
      if (deletion) document.deleted.push({ label, ...deletion });
    return document;
  }
}

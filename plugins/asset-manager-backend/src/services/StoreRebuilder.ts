import type { LoggerService } from '@backstage/backend-plugin-api';
import { isError } from '@backstage/errors';
import {
  Digest,
  formatReference,
  RebuildReport,
  RebuiltAsset,
} from '@baseasset/backstage-plugin-asset-manager-common';
import { pageKey, parseKey, recordPrefix, uidOfRecord } from '../model/keys';
import type { ChangeSignal } from './ChangeSignal';
import { ManifestReader } from './ManifestReader';
import type { PackKeeper } from './PackKeeper';
import type {
  AssetRecord,
  BlobRecord,
  Clock,
  DeletionRecord,
  PageRecord,
  Repository,
} from './ports';
import { AssetDocument, readDocument, VersionDocument } from './records';
import type { Stores } from './Stores';

const ITSELF = 'asset-manager';

/** What stands in the stores for one asset. */
interface Holdings {
  uid: string;
  /** The key and the store of its newest record. */
  record?: { store: string; key: string };
  versions: Map<Digest, { store: string; key: string }>;
  /** The store of each page of a manifest. */
  pages: Map<Digest, string>;
  blobs: { store: string; key: string; digest: Digest; size: number }[];
  packs: { store: string; key: string }[];
}

/** An asset of which there is something to bring back, or of which all is there. */
interface KnownAsset {
  /** Undefined in a dry run when the database does not know it. */
  asset: AssetRecord | undefined;
  held: Holdings;
  document: AssetDocument;
  /** What the database does not know of, the oldest first. */
  missing: VersionDocument[];
  result: RebuiltAsset;
}

/**
 * Brings back what the database has lost, from what stands in the stores. What
 * the database knows is left as it is, unless a record is of a later edit.
 */
export class StoreRebuilder {
  readonly #repository: Repository;
  readonly #stores: Stores;
  readonly #manifests: ManifestReader;
  readonly #packs: PackKeeper;
  readonly #now: Clock;
  readonly #changed: ChangeSignal;
  readonly #onReceived: () => void;
  readonly #logger: LoggerService;

  constructor(options: {
    repository: Repository;
    stores: Stores;
    manifests: ManifestReader;
    packs: PackKeeper;
    now: Clock;
    changed: ChangeSignal;
    /** Hears of versions that have to be verified. */
    onReceived: () => void;
    logger: LoggerService;
  }) {
    this.#repository = options.repository;
    this.#stores = options.stores;
    this.#manifests = options.manifests;
    this.#packs = options.packs;
    this.#now = options.now;
    this.#changed = options.changed;
    this.#onReceived = options.onReceived;
    this.#logger = options.logger;
  }

  /** @param dryRun - whether nothing is changed */
  async run(dryRun: boolean, signal?: AbortSignal): Promise<RebuildReport> {
    const holdings = await this.#list(signal);
    const report: RebuildReport = {
      dryRun,
      records: holdings.length,
      assets: [],
    };
    // Assets with their bytes first: versions may hold bytes of other assets.
    const known: KnownAsset[] = [];
    for (const held of holdings) {
      signal?.throwIfAborted();
      const result: RebuiltAsset = {
        asset: held.uid,
        uid: held.uid,
        state: 'skipped',
        versions: [],
      };
      try {
        const document = await this.#read(held);
        result.asset = formatReference(document.asset);
        if (this.#isGone(document)) continue;
        const asset = await this.#bringAsset(document, result, dryRun);
        const missing = await this.#missingVersions(
          { asset, held, document },
          dryRun,
        );
        if (asset && missing.length > 0 && !dryRun)
          await this.#bringBlobs(asset, held);
        known.push({ asset, held, document, missing, result });
      } catch (error) {
        result.state = 'skipped';
        result.reason = this.#reasonOf(error);
        report.assets.push(result);
      }
    }
    for (const each of known) {
      signal?.throwIfAborted();
      const { result } = each;
      await this.#bringVersions(each, dryRun);
      if (result.state !== 'skipped' || result.reason !== undefined)
        report.assets.push(result);
    }
    if (!dryRun && report.assets.length > 0) {
      this.#changed.raise();
      this.#onReceived();
    }
    return report;
  }

  /** What stands in all stores, by assets that have a record. */
  async #list(signal?: AbortSignal): Promise<Holdings[]> {
    const byUid = new Map<string, Holdings>();
    const of = (uid: string): Holdings => {
      const held = byUid.get(uid) ?? {
        uid,
        versions: new Map(),
        pages: new Map(),
        blobs: [],
        packs: [],
      };
      byUid.set(uid, held);
      return held;
    };
    for (const store of this.#stores.names) {
      for await (const { key, size } of this.#stores.get(store).list('')) {
        signal?.throwIfAborted();
        const uid = uidOfRecord(key);
        if (uid !== undefined) {
          const held = of(uid);
          if (!held.record || held.record.key < key)
            held.record = { store, key };
          continue;
        }
        const parts = parseKey(key);
        if (!parts) continue;
        const held = of(parts.uid);
        const { digest } = parts;
        if (parts.kind === 'version') held.versions.set(digest, { store, key });
        else if (parts.kind === 'page') held.pages.set(digest, store);
        else if (parts.kind === 'pack') held.packs.push({ store, key });
        else if (parts.kind === 'blob')
          held.blobs.push({ store, key, digest, size });
      }
    }
    return [...byUid.values()].filter(({ record }) => record);
  }

  async #read({ uid, record }: Holdings): Promise<AssetDocument> {
    const read = ({ store, key }: { store: string; key: string }) =>
      readDocument<AssetDocument>(
        this.#stores.get(store),
        key,
        'baseasset-asset/1',
      );
    try {
      return await read(record!);
    } catch (error) {
      if (!isError(error) || error.name !== 'NotFoundError') throw error;
      // A newer one has taken its place since.
      const newest = await this.#newestRecord(uid);
      if (!newest || newest.key === record!.key) throw error;
      return read(newest);
    }
  }

  async #newestRecord(uid: string): Promise<Holdings['record']> {
    let newest: Holdings['record'];
    for (const store of this.#stores.names) {
      for await (const { key } of this.#stores
        .get(store)
        .list(recordPrefix(uid))) {
        if (!newest || newest.key < key) newest = { store, key };
      }
    }
    return newest;
  }

  /** Deleted so long ago that it can't be brought back. */
  #isGone({ asset }: AssetDocument): boolean {
    return asset.deletion !== undefined && asset.deletion.until < this.#now();
  }

  /** @returns the asset in the database; undefined when it is none of it yet */
  async #bringAsset(
    document: AssetDocument,
    result: RebuiltAsset,
    dryRun: boolean,
  ): Promise<AssetRecord | undefined> {
    const { asset } = document;
    const ids = await this.#repository.objects.assetIds([asset.uid]);
    const id = ids.get(asset.uid);
    if (id !== undefined) {
      const standing = await this.#repository.assets.byId(id);
      if (await this.#bringDeletions(standing, document, dryRun))
        result.state = 'completed';
      if (standing.revision >= asset.revision) return standing;
      result.state = 'completed';
      if (dryRun) return standing;
      return this.#repository.transaction(async repository => {
        // `update` counts one more.
        const updated = await repository.assets.update({
          ...asset,
          id,
          revision: standing.revision,
        });
        await repository.changes.append(this.#change(updated, 'asset.updated'));
        return updated;
      });
    }
    result.state = 'restored';
    if (dryRun) return undefined;
    return this.#repository.transaction(async repository => {
      const inserted =
        (await this.#adopt(repository, asset)) ??
        (await repository.assets.insert(asset));
      if (asset.deletion)
        await repository.assets.setDeletion(inserted.id, asset.deletion);
      await repository.changes.append(this.#change(inserted, 'asset.created'));
      return inserted;
    });
  }

  /**
   * What was deleted after the backup is deleted still. Whatever the database
   * knows of a later time counts more: it may have been brought back.
   *
   * @returns whether there was anything
   */
  async #bringDeletions(
    standing: AssetRecord,
    { asset, deleted }: AssetDocument,
    dryRun: boolean,
  ): Promise<boolean> {
    const isNews = ({ at }: { at: string }) => at > standing.updatedAt;
    const all = asset.deletion && !standing.deletion && isNews(asset.deletion);
    const versions: { id: number; deletion: DeletionRecord }[] = [];
    for (const { label, ...deletion } of deleted.filter(isNews)) {
      const version = await this.#repository.versions.byLabel(
        standing.id,
        label,
      );
      if (version && !version.deletion)
        versions.push({ id: version.id, deletion });
    }
    if (!all && versions.length === 0) return false;
    if (dryRun) return true;
    await this.#repository.transaction(async repository => {
      await repository.assets.lock(standing.id);
      // Its bytes have not been looked through since: the purge does that.
      if (all)
        await repository.assets.setDeletion(standing.id, {
          ...asset.deletion!,
          purgedAt: undefined,
        });
      for (const { id, deletion } of versions)
        await repository.versions.setDeletion(id, {
          ...deletion,
          purgedAt: undefined,
        });
      await repository.changes.append(this.#change(standing, 'asset.updated'));
    });
    return true;
  }

  /**
   * A declaration in the catalog may have made the asset anew before anybody
   * came to rebuild it. As long as that one is empty, it is the same asset.
   */
  async #adopt(
    repository: Repository,
    asset: AssetDocument['asset'],
  ): Promise<AssetRecord | undefined> {
    const namesake = await repository.assets.find(asset, 'everything');
    if (!namesake || namesake.deletion) return undefined;
    await repository.assets.lock(namesake.id);
    const { id, revision } = namesake;
    if (await repository.versions.newest(id)) return undefined;
    if (await repository.uploads.openUntil(id, this.#now())) return undefined;
    return repository.assets.update({ ...asset, id, revision });
  }

  /** Writes down where the bytes of an asset stand. */
  async #bringBlobs(asset: AssetRecord, held: Holdings): Promise<void> {
    const { blobs } = this.#repository;
    const found: BlobRecord[] = held.blobs.map(blob => ({
      ...blob,
      state: 'received',
    }));
    for (const pack of held.packs) {
      for (const blob of (await this.#packs.intactBlobs(pack)).values())
        found.push({ ...pack, ...blob, state: 'received' });
    }
    const standing = await blobs.find(
      asset.id,
      found.map(({ digest }) => digest),
    );
    await blobs.add(
      asset.id,
      found.filter(
        ({ digest, store }) =>
          !standing.get(digest)?.some(each => each.store === store),
      ),
      this.#now(),
    );
  }

  /** Versions that are described in a store, and that the database does not know. */
  async #missingVersions(
    { asset, held, document }: Pick<KnownAsset, 'asset' | 'held' | 'document'>,
    dryRun: boolean,
  ): Promise<VersionDocument[]> {
    const documents: VersionDocument[] = [];
    for (const { store, key } of held.versions.values()) {
      const each = await readDocument<VersionDocument>(
        this.#stores.get(store),
        key,
        'baseasset-version/1',
      );
      const { label, digest } = each.version;
      const deletion = document.deleted.find(it => it.label === label);
      const isHeld = document.holds?.some(
        hold => hold.label === undefined || hold.label === label,
      );
      if (deletion && deletion.until < this.#now() && !isHeld) {
        // It never comes back, and what describes it would keep everything that was
        // to be deleted of the asset.
        const known =
          asset &&
          (await this.#repository.versions.byDigestPrefix(asset.id, digest));
        if (known?.length === 0 && !dryRun)
          for (const name of this.#stores.names)
            await this.#stores.get(name).delete(key);
        continue;
      }
      if (!asset || (await this.#isMissing(asset, each))) documents.push(each);
    }
    return documents.sort((x, y) => x.version.sequence - y.version.sequence);
  }

  /** What can't be brought back does not keep the others from it. */
  async #bringVersions(
    { asset, held, document, missing, result }: KnownAsset,
    dryRun: boolean,
  ): Promise<void> {
    const failed: string[] = [];
    for (const each of missing) {
      const { label } = each.version;
      try {
        if (asset && !dryRun)
          await this.#bringVersion(asset, held, document, each);
        if (result.state === 'skipped') result.state = 'completed';
        result.versions.push(label);
      } catch (error) {
        failed.push(`version '${label}': ${this.#reasonOf(error)}`);
      }
    }
    if (failed.length > 0) result.reason = failed.join('; ');
    if (asset && !dryRun) {
      await this.#bringMoves(asset, document);
      await this.#bringHolds(asset, document);
    }
  }

  /** Holds that the database does not know. One that was ended since comes back: that can be said again. */
  async #bringHolds(
    asset: AssetRecord,
    { holds = [] }: AssetDocument,
  ): Promise<void> {
    const { holds: store, versions } = this.#repository;
    const known = new Set((await store.list(asset.id)).map(({ id }) => id));
    for (const { label, ...hold } of holds) {
      if (known.has(hold.id)) continue;
      const version =
        label === undefined
          ? undefined
          : await versions.byLabel(asset.id, label);
      if (label !== undefined && !version) continue;
      await store.insert({
        ...hold,
        assetId: asset.id,
        versionId: version?.id,
      });
    }
  }

  /** Moves between stages that the database does not know, in the order that they were made. */
  async #bringMoves(
    asset: AssetRecord,
    { moves = [] }: AssetDocument,
  ): Promise<void> {
    const { transitions, versions } = this.#repository;
    for (const { label, ...move } of moves) {
      const version = await versions.byLabel(asset.id, label);
      // One that stands already is left as it is.
      if (version)
        await transitions.insert({
          ...move,
          assetId: asset.id,
          versionId: version.id,
        });
    }
  }

  async #isMissing(
    { id }: AssetRecord,
    { version }: VersionDocument,
  ): Promise<boolean> {
    const { versions } = this.#repository;
    const [standing] = await versions.byDigestPrefix(id, version.digest);
    if (standing) return false;
    const other = await versions.byLabel(id, version.label);
    if (other)
      this.#logger.warn(
        `the version '${version.label}' stands with other content, and is not brought back`,
      );
    return other === undefined;
  }

  async #bringVersion(
    asset: AssetRecord,
    held: Holdings,
    document: AssetDocument,
    { version, pages }: VersionDocument,
  ): Promise<void> {
    const placed: PageRecord[] = pages.map(page => {
      const store = held.pages.get(page.digest);
      if (store === undefined)
        throw new Error(
          `the page ${pageKey(asset.uid, page.digest)} of version '${
            version.label
          }' stands in no store`,
        );
      return { ...page, store };
    });
    await this.#linkBlobs(asset, placed);
    await this.#repository.transaction(async repository => {
      await repository.assets.lock(asset.id);
      const { sequence } = version;
      const newest = await repository.versions.newest(asset.id);
      const [taken] = await repository.versions.list({
        assetId: asset.id,
        before: sequence + 1,
        limit: 1,
      });
      const inserted = await repository.versions.insert(
        {
          ...version,
          // It may have been given away since.
          sequence:
            taken?.sequence === sequence ? newest!.sequence + 1 : sequence,
          assetId: asset.id,
          verification: 'received',
          metadataRevision: 1,
        },
        placed,
      );
      const { label } = version;
      const marks = document.marks?.find(each => each.label === label);
      if (marks?.metadata)
        await repository.versions.setMetadata(inserted.id, marks.metadata);
      if (marks?.retraction)
        await repository.versions.setRetraction(inserted.id, marks.retraction);
      const deletion = document.deleted.find(each => each.label === label);
      if (deletion) {
        const { label: _, ...rest } = deletion;
        await repository.versions.setDeletion(inserted.id, rest);
      }
      for (const { label: of, ...alias } of document.aliases) {
        if (of !== label) continue;
        if (await repository.aliases.find(asset.id, alias.name)) continue;
        await repository.aliases.set(asset.id, {
          ...alias,
          versionId: inserted.id,
        });
      }
      await repository.changes.append({
        ...this.#change(asset, 'version.created'),
        subject: label,
      });
    });
  }

  /** What a version holds counts as held, and bytes of other assets are linked again. */
  async #linkBlobs(
    asset: AssetRecord,
    pages: readonly PageRecord[],
  ): Promise<void> {
    const { blobs, objects } = this.#repository;
    for (const page of pages) {
      const digests = [
        ...new Set(
          (await this.#manifests.entries(asset.uid, page)).map(
            ({ digest }) => digest,
          ),
        ),
      ];
      const standing = await blobs.find(asset.id, digests);
      const elsewhere = await objects.copiesOf(
        digests.filter(digest => !standing.has(digest)),
      );
      await blobs.add(asset.id, [...elsewhere.values()], this.#now());
      await blobs.publish(asset.id, digests);
    }
  }

  #change(
    asset: AssetRecord,
    kind: 'asset.created' | 'asset.updated' | 'version.created',
  ) {
    return { asset, kind, at: this.#now(), by: ITSELF } as const;
  }

  #reasonOf(error: unknown): string {
    this.#logger.warn(
      'an asset could not be rebuilt',
      isError(error) ? error : undefined,
    );
    return isError(error) ? error.message.split('\n')[0] : 'unknown';
  }
}

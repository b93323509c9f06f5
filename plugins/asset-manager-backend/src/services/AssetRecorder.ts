import { nextRecordKey, recordPrefix, versionKey } from '../model/keys';
import type { AssetRecord, Clock, Repository, VersionRecord } from './ports';
import { AssetDocument, writeDocument } from './records';
import type { Stores } from './Stores';

/** Writes beside the bytes of an asset what is known of it and of its versions. */
export class AssetRecorder {
  readonly #repository: Repository;
  readonly #stores: Stores;
  readonly #now: Clock;

  constructor(options: { repository: Repository; stores: Stores; now: Clock }) {
    this.#repository = options.repository;
    this.#stores = options.stores;
    this.#now = options.now;
  }

  /** Describes a version in a store, unless it is described there already. */
  async writeVersion(
    asset: AssetRecord,
    {
      id,
      assetId: _,
      verification: __,
      deletion: ___,
      retraction: _____,
      metadataRevision: ______,
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

  /** Records the asset as it is now, in the place of all former records. */
  async writeAsset(
    { id, uid }: Pick<AssetRecord, 'id' | 'uid'>,
    store: string,
  ): Promise<void> {
    const former: { store: string; key: string }[] = [];
    for (const name of this.#stores.names)
      for await (const { key } of this.#stores
        .get(name)
        .list(recordPrefix(uid)))
        former.push({ store: name, key });
    const key = nextRecordKey(
      uid,
      this.#now(),
      former.map(each => each.key),
    );
    // Read after its key was chosen: whatever is later says no less.
    const asset = await this.#repository.assets.byId(id);
    await writeDocument(
      this.#stores.get(store),
      key,
      await this.#documentOf(asset),
    );
    // Only when the new one is durable do the former ones go.
    for (const each of former)
      await this.#stores.get(each.store).delete(each.key);
  }

  async #documentOf(record: AssetRecord): Promise<AssetDocument> {
    const { id, ...asset } = record;
    const { aliases, versions, transitions, holds } = this.#repository;
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
    document.marks = (await versions.annotated(id)).map(
      ({ label, retraction, metadata, metadataRevision }) => ({
        label,
        retraction,
        metadataRevision,
        metadata: metadataRevision > 1 ? metadata : undefined,
      }),
    );
    document.holds = await Promise.all(
      (
        await holds.list(id)
      ).map(async ({ assetId: _, versionId, ...hold }) => ({
        ...hold,
        label:
          versionId === undefined
            ? undefined
            : (
                await versions.byId(versionId)
              ).label,
      })),
    );
    const moves = await transitions.list({ assetId: id });
    document.moves = await Promise.all(
      moves
        .reverse()
        .map(async ({ id: _, assetId: __, versionId, ...move }) => ({
          ...move,
          label: (await versions.byId(versionId)).label,
        })),
    );
    return document;
  }
}

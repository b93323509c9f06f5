import type { Writable } from 'node:stream';
import { NotFoundError } from '@backstage/errors';
import {
  AssetName,
  Digest,
  formatReference,
  PackPlacement,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { ByteRange } from '@baseasset/backstage-plugin-asset-manager-node';
import type { Caller } from '../model/caller';
import type { AssetService } from './AssetService';
import { packKey, packOfKey } from '../model/keys';
import type { ManifestReader } from './ManifestReader';
import type { BlobRecord, Repository } from './ports';
import { rankOf, StorePreference, Stores } from './Stores';
import type { VersionService } from './VersionService';

/** A run of blobs that stand behind each other in a pack. */
export interface PackRun {
  store: string;
  /** Writes the bytes to a stream, and does not end it. */
  writeTo: (destination: Writable) => Promise<void>;
  /** Where the bytes can be had without us; undefined when they can't. */
  signGet: () => Promise<string | undefined>;
}

/**
 * Lets many small files be read in one request. Only packs of the asset's own
 * are read this way: what it links from another asset's pack comes file by file,
 * so that nobody learns what else stands there.
 */
export class PackReader {
  readonly #repository: Repository;
  readonly #assets: AssetService;
  readonly #versions: VersionService;
  readonly #manifests: ManifestReader;
  readonly #stores: Stores;

  constructor(options: {
    repository: Repository;
    assets: AssetService;
    versions: VersionService;
    manifests: ManifestReader;
    stores: Stores;
  }) {
    this.#repository = options.repository;
    this.#assets = options.assets;
    this.#versions = options.versions;
    this.#manifests = options.manifests;
    this.#stores = options.stores;
  }

  /** Where the files of a page of the manifest stand. */
  async placement(
    caller: Caller,
    name: AssetName,
    selector: string,
    position: number,
  ): Promise<PackPlacement> {
    const { asset, version } = await this.#versions.resolveStanding(
      caller,
      name,
      selector,
    );
    const entries = await this.#manifests.pageEntries({
      uid: asset.uid,
      versionId: version.id,
      position,
    });
    const copies = await this.#repository.blobs.find(asset.id, [
      ...new Set(entries.map(({ digest }) => digest)),
    ]);
    const packs = new Map<Digest, number>();
    // A pack is no matter of one version, and would lead around such rules.
    if (await this.#versions.hasDownloadRules(asset))
      return { entries: entries.map(() => null), packs: [] };
    return {
      entries: entries.map(({ digest }) => {
        for (const { key, offset } of this.#stores.usable(copies.get(digest))) {
          const pack = packOfKey(key);
          if (!pack || offset === undefined) continue;
          if (key !== packKey(asset.uid, pack)) continue;
          const index = packs.get(pack) ?? packs.size;
          packs.set(pack, index);
          return [index, offset];
        }
        return null;
      }),
      packs: [...packs.keys()],
    };
  }

  /**
   * A range of a pack, from the begin of one blob to the end of another.
   *
   * @throws NotFoundError when not all of the range holds files of the asset
   */
  async open(
    caller: Caller,
    name: AssetName,
    pack: Digest,
    options: StorePreference & { range: ByteRange },
  ): Promise<PackRun> {
    const asset = await this.#assets.findFor(caller, 'asset.download', name);
    if (await this.#versions.hasDownloadRules(asset))
      throw new NotFoundError(
        `the files of ${formatReference(asset)} are read one by one`,
      );
    const { range } = options;
    const key = packKey(asset.uid, pack);
    const able: string[] = [];
    for (const store of this.#stores.names) {
      const held = await this.#repository.blobs.inPack(
        { store, key },
        asset.id,
      );
      if (covers(held, range)) able.push(store);
    }
    const [store] = able.sort(
      (a, b) => rankOf(a, options) - rankOf(b, options),
    );
    if (store === undefined)
      throw new NotFoundError(
        `${formatReference(asset)} has no files that stand so in a pack`,
      );
    const blobs = this.#stores.get(store);
    return {
      store,
      writeTo: destination =>
        this.#stores.writeTo(destination, { store, key, size: 0 }, range),
      signGet: async () =>
        (await blobs.direct?.signGet({ key, range, fileName: 'pack' }))?.url,
    };
  }
}

/** Whether blobs, in the order of their offsets, fill a range without a gap. */
function covers(blobs: readonly BlobRecord[], range: ByteRange): boolean {
  let at = range.start;
  for (const { offset = 0, size } of blobs) {
    if (at > range.end) break;
    // A blob that the range begins or ends within is as good.
    if (offset > at) return false;
    if (offset + size > at) at = offset + size;
  }
  return at > range.end;
}

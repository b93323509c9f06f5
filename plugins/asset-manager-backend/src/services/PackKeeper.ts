import { Readable } from 'node:stream';
import { isError } from '@backstage/errors';
import {
  Digest,
  digestOf,
  layOutPack,
  packHeader,
  PlacedBlob,
  Verification,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { BlobKeeper } from './BlobKeeper';
import { packKey, packOfKey } from '../model/keys';
import { MAX_PACK_BYTES, readPack } from './packs';
import type { Clock, Repository, StoredBlob } from './ports';
import type { Stores } from './Stores';

/** Looks after packs as wholes: one reading of a pack tells of all of its blobs. */
export class PackKeeper {
  readonly #repository: Repository;
  readonly #stores: Stores;
  readonly #keeper: BlobKeeper;
  readonly #now: Clock;

  constructor(options: {
    repository: Repository;
    stores: Stores;
    keeper: BlobKeeper;
    now: Clock;
  }) {
    this.#repository = options.repository;
    this.#stores = options.stores;
    this.#keeper = options.keeper;
    this.#now = options.now;
  }

  /**
   * Reads a pack and writes down which of its blobs are what they should be.
   * Damaged ones are not read from it any more.
   *
   * @returns what is known now of the blobs that any asset has in it
   */
  async verify(pack: StoredBlob): Promise<Map<Digest, Verification>> {
    const rows = await this.#repository.blobs.inPack(pack);
    const look = async () => {
      const intact = await this.intactBlobs(pack);
      return rows.filter(({ digest, offset, size }) => {
        const found = intact.get(digest);
        return found?.offset === offset && found?.size === size;
      });
    };
    const whole = new Set(await look());
    // What takes bytes away looks twice: memory and lines err as well as disks.
    if (whole.size < rows.length)
      for (const row of await look()) whole.add(row);
    const states = new Map<Digest, Verification>();
    for (const row of rows) {
      const right = whole.has(row);
      states.set(row.digest, right ? 'verified' : 'damaged');
      if (!right) await this.#keeper.takeAway(row);
      else if (row.state !== 'verified')
        await this.#repository.blobs.setState(row, 'verified');
    }
    return states;
  }

  /**
   * Writes what is still in use of a pack into another one, and leaves the
   * former to the next collection: readers may have been sent to it.
   *
   * @returns whether there was anything to leave out
   */
  async repack(pack: StoredBlob): Promise<boolean> {
    const used = new Set(
      (await this.#repository.blobs.inPack(pack)).map(({ digest }) => digest),
    );
    const all = readPack(await this.read(pack));
    const kept = all.filter(
      ({ blob, intact }) => intact && used.has(blob.digest),
    );
    if (kept.length === all.length || kept.length === 0) return false;
    const { blobs, size } = layOutPack(kept.map(({ blob }) => blob));
    const bytes = Buffer.concat([
      Buffer.from(packHeader(blobs)),
      ...kept.map(each => each.bytes),
    ]);
    const digest = digestOf(bytes);
    const [uid] = pack.key.split('/');
    const key = packKey(uid, digest);
    await this.#keeper.write(pack.store, { key, size, digest }, async () =>
      Readable.from([bytes]),
    );
    await this.#repository.blobs.repacked(pack, { key, blobs }, this.#now());
    return true;
  }

  /** The blobs of a pack that stand there whole; none when it is gone, or was never a pack. */
  async intactBlobs(pack: StoredBlob): Promise<Map<Digest, PlacedBlob>> {
    try {
      const bytes = await this.read(pack);
      return new Map(
        readPack(bytes)
          .filter(({ intact }) => intact)
          .map(({ blob }) => [blob.digest, blob]),
      );
    } catch (error) {
      if (!isError(error)) throw error;
      if (error.name !== 'NotFoundError' && error.name !== 'InputError')
        throw error;
      return new Map();
    }
  }

  /** All bytes of a pack. @throws NotFoundError when it is gone */
  async read(pack: StoredBlob): Promise<Buffer> {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of await this.#stores
      .get(pack.store)
      .open(pack.key)) {
      size += chunk.length;
      if (size > MAX_PACK_BYTES) break;
      chunks.push(chunk);
    }
    // What is longer is no pack: reading its begin shows it.
    return Buffer.concat(chunks);
  }
}

/** The packs among some places. */
export function packsAmong<T extends StoredBlob>(
  copies: readonly T[],
): Map<string, T[]> {
  const packs = new Map<string, T[]>();
  for (const copy of copies) {
    if (packOfKey(copy.key) === undefined) continue;
    const name = `${copy.store} ${copy.key}`;
    const known = packs.get(name);
    if (known) known.push(copy);
    else packs.set(name, [copy]);
  }
  return packs;
}

import { isError } from '@backstage/errors';
import { parseKey } from '../model/keys';
import type { BlobKeeper } from './BlobKeeper';
import type { StoredObject } from './fixityPorts';
import type { PackKeeper } from './PackKeeper';
import type { BlobRecord, Repository, StoredBlob } from './ports';
import type { Stores } from './Stores';

/** What looking at an object showed. */
export interface ObjectState {
  /** Blobs that are not what they should be, with those that were damaged before. */
  bad: BlobRecord[];
  problem: 'missing' | 'damaged';
  /** Bytes that were read and hashed. */
  readBytes: number;
}

/** Looks whether an object stands in its store, and is what it should be. */
export class ObjectChecker {
  readonly #repository: Repository;
  readonly #stores: Stores;
  readonly #keeper: BlobKeeper;
  readonly #packs: PackKeeper;

  constructor(options: {
    repository: Repository;
    stores: Stores;
    keeper: BlobKeeper;
    packs: PackKeeper;
  }) {
    this.#repository = options.repository;
    this.#stores = options.stores;
    this.#keeper = options.keeper;
    this.#packs = options.packs;
  }

  /**
   * @param reads - whether the bytes are read and hashed
   * @throws whatever the store throws that can't answer
   */
  async check(
    object: StoredObject,
    reads: boolean,
    signal?: AbortSignal,
  ): Promise<ObjectState> {
    const live = object.blobs.filter(({ state }) => state !== 'damaged');
    const known = object.blobs.filter(({ state }) => state === 'damaged');
    const found = (
      problem: ObjectState['problem'],
      bad: readonly BlobRecord[],
      readBytes = 0,
    ): ObjectState => ({ problem, bad: [...known, ...bad], readBytes });
    if (live.length === 0) return found('damaged', []);

    const { store, key } = object;
    const stat = await this.#stores.get(store).stat(key);
    if (!stat) {
      // A collection, or a move, may have been faster.
      const now = await this.#standing(object, live);
      if (now.length > 0 && (await this.#stores.get(store).stat(key)))
        return found('missing', []);
      if (now.length > 0) await this.#keeper.assertMissing(object);
      return found('missing', now);
    }
    const ends = live.map(({ offset = 0, size }) => offset + size);
    const wholeSize = Math.max(...ends);
    const isPack = parseKey(key)?.kind === 'pack';
    if (!isPack && stat.size !== wholeSize) return found('damaged', live);
    if (isPack && stat.size < wholeSize)
      return found('damaged', await this.#badInPack(object, live), stat.size);
    if (!reads) return found('damaged', []);
    return found(
      'damaged',
      isPack
        ? await this.#badInPack(object, live)
        : await this.#badAlone(object, live, signal),
      stat.size,
    );
  }

  /** Those of the blobs of an object that some asset still has there. */
  async #standing(
    place: StoredBlob,
    blobs: readonly BlobRecord[],
  ): Promise<BlobRecord[]> {
    const now = await this.#repository.blobs.inPack(place);
    const digests = new Set(now.map(({ digest }) => digest));
    return blobs.filter(({ digest }) => digests.has(digest));
  }

  async #badInPack(
    pack: StoredObject,
    live: readonly BlobRecord[],
  ): Promise<BlobRecord[]> {
    const look = async (blobs: readonly BlobRecord[]) => {
      const intact = await this.#packs.intactBlobs(pack);
      return blobs.filter(({ digest, offset, size }) => {
        const there = intact.get(digest);
        return there?.offset !== offset || there?.size !== size;
      });
    };
    const bad = await look(live);
    // What takes bytes away looks twice: memory and lines err as well as disks.
    return bad.length === 0 ? [] : this.#standing(pack, await look(bad));
  }

  async #badAlone(
    object: StoredObject,
    live: readonly BlobRecord[],
    signal?: AbortSignal,
  ): Promise<BlobRecord[]> {
    const isRight = async () => {
      try {
        const digest = await this.#keeper.read(object, signal);
        return live.every(blob => blob.digest === digest);
      } catch (error) {
        if (isError(error) && error.name === 'NotFoundError') return false;
        throw error;
      }
    };
    if ((await isRight()) || (await isRight())) return [];
    return this.#standing(object, live);
  }
}

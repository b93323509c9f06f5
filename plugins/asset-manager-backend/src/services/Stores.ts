import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { NotFoundError } from '@backstage/errors';
import type {
  BlobStore,
  ByteRange,
} from '@baseasset/backstage-plugin-asset-manager-node';
import type { AssetRecord, BlobRecord } from './ports';

/** What it takes to read a copy of a blob. */
type ReadableCopy = Pick<BlobRecord, 'store' | 'key' | 'size' | 'offset'>;

/** Which assets keep their bytes where; what is left out does not matter. */
export interface Placement {
  namespace?: string;
  type?: string;
  /** Entity reference. */
  owner?: string;
  /** The name of the store. */
  store: string;
}

/** Which of several copies whoever reads would have. */
export interface StorePreference {
  /** Stores whose copy is wanted most, the nearest first. */
  prefer: readonly string[];
  /** Stores whose copy is not wanted, as far as there are others. */
  without: readonly string[];
}

/** Where a store comes among others: the least first. */
export function rankOf(
  store: string,
  { prefer, without }: StorePreference,
): number {
  const place = prefer.indexOf(store);
  const rank = place === -1 ? prefer.length : place;
  return without.includes(store) ? rank + prefer.length + 1 : rank;
}

/** Whether a rule is about an asset. */
export function fits(
  { namespace, type, owner }: Placement,
  asset: Pick<AssetRecord, 'namespace' | 'type' | 'owner'>,
): boolean {
  return (
    (namespace === undefined || namespace === asset.namespace) &&
    (type === undefined || type === asset.type) &&
    (owner === undefined || owner === asset.owner)
  );
}

/** The blob stores of this installation, and which of them an asset's new bytes go to. */
export class Stores {
  readonly #byName: ReadonlyMap<string, BlobStore>;
  /** For new bytes where no rule says another. */
  readonly defaultName: string;
  readonly #placement: readonly Placement[];

  /** @throws Error when the default or a rule names a store that is not there */
  constructor(options: {
    byName: ReadonlyMap<string, BlobStore>;
    defaultName: string;
    placement: readonly Placement[];
    /** Which assets have further copies where; only looked at for stores that are not there. */
    replicas?: readonly Placement[];
  }) {
    this.#byName = options.byName;
    this.defaultName = options.defaultName;
    this.#placement = options.placement;
    const names = [...this.#byName.keys()].join(', ');
    const check = (name: string, where: string) => {
      if (!this.#byName.has(name))
        throw new Error(
          `${where} names the store '${name}', and there are: ${names}`,
        );
    };
    check(this.defaultName, 'assetManager.storage.default');
    this.#placement.forEach(({ store }, index) =>
      check(store, `assetManager.storage.placement[${index}]`),
    );
    options.replicas?.forEach(({ store }, index) =>
      check(store, `assetManager.storage.replicas[${index}]`),
    );
  }

  get names(): string[] {
    return [...this.#byName.keys()];
  }

  /** The copies that stand in a store of today's configuration. */
  usable<T extends { store: string }>(copies: readonly T[] = []): T[] {
    return copies.filter(({ store }) => this.#byName.has(store));
  }

  /** @throws Error when the store was taken out of the configuration */
  get(name: string): BlobStore {
    const store = this.#byName.get(name);
    if (!store)
      throw new Error(
        `bytes stand in the store '${name}', which is not configured any more`,
      );
    return store;
  }

  /** The bytes of a blob, or a range of them, wherever they stand. @throws NotFoundError when they don't */
  async open(copy: ReadableCopy, range?: ByteRange): Promise<Readable> {
    const store = this.get(copy.store);
    if (copy.size === 0 && copy.offset !== undefined) {
      // There is no range of no bytes.
      if (!(await store.stat(copy.key)))
        throw new NotFoundError(`there is no pack ${copy.key}`);
      return Readable.from([]);
    }
    return store.open(copy.key, rangeIn(copy, range));
  }

  /** Writes a blob, or a range of it, to a stream and does not end the stream. */
  async writeTo(
    destination: Writable,
    copy: ReadableCopy,
    range?: ByteRange,
  ): Promise<void> {
    const store = this.get(copy.store);
    const within = rangeIn(copy, range);
    if (store.writeTo) await store.writeTo(destination, copy.key, within);
    else
      await pipeline(await store.open(copy.key, within), destination, {
        end: false,
      });
  }

  /** The store for new bytes: that of the first rule that fits, else the default. */
  placeFor(asset: Pick<AssetRecord, 'namespace' | 'type' | 'owner'>): string {
    const rule = this.#placement.find(each => fits(each, asset));
    return rule?.store ?? this.defaultName;
  }
}

/** The range of the object in the store that a range of the blob is. */
function rangeIn(
  { offset, size }: ReadableCopy,
  range?: ByteRange,
): ByteRange | undefined {
  if (offset === undefined) return range;
  const { start, end } = range ?? { start: 0, end: size - 1 };
  return { start: offset + start, end: offset + end };
}

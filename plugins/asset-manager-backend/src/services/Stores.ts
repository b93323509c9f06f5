import type { BlobStore } from '@baseasset/backstage-plugin-asset-manager-node';
import type { AssetRecord } from './ports';

/** Which assets keep their bytes where; what is left out does not matter. */
export interface Placement {
  namespace?: string;
  type?: string;
  /** Entity reference. */
  owner?: string;
  /** The name of the store. */
  store: string;
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

  /** The store for new bytes: that of the first rule that fits, else the default. */
  placeFor(asset: Pick<AssetRecord, 'namespace' | 'type' | 'owner'>): string {
    const rule = this.#placement.find(
      ({ namespace, type, owner }) =>
        (namespace === undefined || namespace === asset.namespace) &&
        (type === undefined || type === asset.type) &&
        (owner === undefined || owner === asset.owner),
    );
    return rule?.store ?? this.defaultName;
  }
}

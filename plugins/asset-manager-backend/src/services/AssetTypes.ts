import type { AssetType } from '@baseasset/backstage-plugin-asset-manager-common';
import { FieldError } from '../model/FieldError';

/** The asset types of this installation. */
export class AssetTypes {
  readonly #types: Map<string, AssetType>;

  constructor(types: readonly AssetType[]) {
    this.#types = new Map(types.map(type => [type.name, type]));
  }

  list(): AssetType[] {
    return [...this.#types.values()];
  }

  /** @throws FieldError that lists the types there are */
  get(name: string): AssetType {
    const type = this.#types.get(name);
    if (!type) {
      throw new FieldError(
        'type',
        `there is no asset type '${name}'; the types here are ${[
          ...this.#types.keys(),
        ].join(', ')}`,
      );
    }
    return type;
  }

  /** The stages of a type; none when an asset's type was taken from the configuration. */
  stagesOf(name: string): string[] {
    return this.#types.get(name)?.stages ?? [];
  }

  /** A type that assets have already, with or without configuration. */
  known(name: string): AssetType {
    return this.#types.get(name) ?? { name, title: name, stages: [] };
  }
}

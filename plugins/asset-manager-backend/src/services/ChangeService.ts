import type { AssetChange } from '@baseasset/backstage-plugin-asset-manager-common';
import type { Caller } from '../model/caller';
import type { Repository } from './ports';

/** The change feed: ordered, resumable, at least once. */
export class ChangeService {
  readonly #repository: Repository;

  constructor(options: { repository: Repository }) {
    this.#repository = options.repository;
  }

  async list(
    caller: Caller,
    options: { after: number; limit: number },
  ): Promise<{ items: AssetChange[]; after: number }> {
    const items = await this.#repository.changes.list({
      ...options,
      viewer: caller,
    });
    return { items, after: items.at(-1)?.sequence ?? options.after };
  }
}

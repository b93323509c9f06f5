import { ConflictError } from '@backstage/errors';
import {
  Digest,
  formatBytes,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { AssetRecord, Repository, UploadRecord } from './ports';

/** How much the assets of a namespace may hold. */
export interface NamespaceQuota {
  /** Every namespace that has none of its own when left out. */
  namespace?: string;
  /** Bytes. */
  size: number;
}

/** Keeps namespaces within what they may hold: each file's bytes count once per asset. */
export class NamespaceQuotas {
  readonly #repository: Repository;
  readonly #quotas: readonly NamespaceQuota[];

  constructor(options: {
    repository: Repository;
    quotas: readonly NamespaceQuota[];
  }) {
    this.#repository = options.repository;
    this.#quotas = options.quotas;
  }

  /** What a namespace may hold, in bytes; undefined when there is no limit. */
  limitOf(namespace: string): number | undefined {
    const quota =
      this.#quotas.find(each => each.namespace === namespace) ??
      this.#quotas.find(each => each.namespace === undefined);
    return quota?.size;
  }

  /**
   * Looks whether what a page of an upload brings still fits, before a byte of
   * it is sent. Pages are put in their order, and in this order again by whoever
   * goes on with an upload. Uploads that run at the same time don't see each other.
   *
   * @throws ConflictError that says how much there is, and how much is wanted
   */
  async assertRoom(
    asset: AssetRecord,
    upload: UploadRecord,
    page: {
      position: number;
      entries: readonly { digest: Digest; size: number }[];
    },
  ): Promise<void> {
    const limit = this.limitOf(asset.namespace);
    if (limit === undefined) return;
    const { blobs, storage, uploads } = this.#repository;
    const sizes = new Map(page.entries.map(each => [each.digest, each.size]));
    const standing = await blobs.find(asset.id, [...sizes.keys()]);
    for (const digest of standing.keys()) sizes.delete(digest);
    const needed =
      (await uploads.missingSize(upload.id, page.position)) +
      [...sizes.values()].reduce((sum, size) => sum + size, 0);
    if (needed === 0) return;
    const held = await storage.heldBytes(asset.namespace);
    if (held + needed <= limit) return;
    throw new ConflictError(
      `the namespace '${asset.namespace}' may hold ${formatBytes(
        limit,
      )} and holds ${formatBytes(held)}; this push needs ${formatBytes(
        needed,
      )} more. Delete versions that nobody needs, or ask an operator for more`,
    );
  }
}

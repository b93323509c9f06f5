import { ConflictError } from '@backstage/errors';
import {
  Digest,
  formatBytes,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { AssetRecord, Clock, Repository, UploadRecord } from './ports';

/** An upload that was not heard of for longer is not waited for: it may go on another day. */
const ALIVE_MS = 15 * 60 * 1000;

/** A position behind all pages, which PostgreSQL can count to. */
const EVERY_PAGE = 2 ** 31 - 1;

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
  readonly #now: Clock;

  constructor(options: {
    repository: Repository;
    now: Clock;
    quotas: readonly NamespaceQuota[];
  }) {
    this.#repository = options.repository;
    this.#quotas = options.quotas;
    this.#now = options.now;
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
   * goes on with an upload. What other uploads are about to send takes its room.
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
    repository = this.#repository,
  ): Promise<void> {
    const limit = this.limitOf(asset.namespace);
    if (limit === undefined) return;
    const { blobs, storage, uploads } = repository;
    const sizes = new Map(page.entries.map(each => [each.digest, each.size]));
    const standing = await blobs.find(asset.id, [...sizes.keys()]);
    for (const digest of standing.keys()) sizes.delete(digest);
    const needed =
      (await uploads.missingSize(upload.id, page.position)) +
      [...sizes.values()].reduce((sum, size) => sum + size, 0);
    if (needed === 0) return;
    const held = await storage.heldBytes(asset.namespace);
    const awaited = await uploads.awaitedSize({
      namespace: asset.namespace,
      except: upload.id,
      heardAfter: new Date(Date.parse(this.#now()) - ALIVE_MS).toISOString(),
    });
    if (held + awaited + needed <= limit) return;
    throw new ConflictError(
      `the namespace '${asset.namespace}' may hold ${formatBytes(
        limit,
      )} and holds ${formatBytes(held)}${
        awaited > 0 ? `; other pushes bring ${formatBytes(awaited)}` : ''
      }; this push needs ${formatBytes(
        needed,
      )} more. Delete versions that nobody needs, whose room is free once they can't be brought back any more, or ask an operator for more`,
    );
  }

  /**
   * Gives a page of an upload its room and takes the page down, one upload of the
   * namespace after the other.
   *
   * @throws ConflictError when others took the room meanwhile
   */
  async reserve(
    asset: AssetRecord,
    upload: UploadRecord,
    page: {
      position: number;
      entries: readonly { digest: Digest; size: number }[];
    },
    takeDown: (repository: Repository) => Promise<void>,
  ): Promise<void> {
    if (this.limitOf(asset.namespace) === undefined) {
      await takeDown(this.#repository);
      return;
    }
    await this.#repository.transaction(async repository => {
      await repository.uploads.lockNamespace(asset.namespace);
      if (page.position === 0)
        await repository.uploads.forgetMissing(upload.id);
      await this.assertRoom(asset, upload, page, repository);
      await takeDown(repository);
    });
  }

  /**
   * Hears that blobs of an upload are about to be written down: from then on the
   * asset holds them. What was held before, as when an answer was lost, does not
   * arrive once more.
   *
   * @throws ConflictError when they are more than the pages of the upload asked room for
   */
  async arriving(
    asset: AssetRecord,
    upload: UploadRecord,
    brought: readonly { digest: Digest; size: number }[],
  ): Promise<void> {
    if (this.limitOf(asset.namespace) === undefined) return;
    const held = await this.#repository.blobs.find(
      asset.id,
      brought.map(({ digest }) => digest),
    );
    const size = brought
      .filter(({ digest }) => !held.has(digest))
      .reduce((sum, each) => sum + each.size, 0);
    if (size === 0) return;
    await this.#repository.transaction(async ({ uploads }) => {
      await uploads.lockNamespace(asset.namespace);
      const asked = await uploads.missingSize(upload.id, EVERY_PAGE);
      if ((await uploads.arrivedSize(upload.id)) + size > asked)
        throw new ConflictError(
          'the namespace has a quota, and no room was asked for these bytes; send the pages of the manifest before them',
        );
      await uploads.addArrived(upload.id, size);
    });
  }
}

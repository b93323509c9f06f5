import type { LoggerService } from '@backstage/backend-plugin-api';
import { isError } from '@backstage/errors';
import {
  CollectionCandidate,
  CollectionPlan,
  formatReference,
} from '@baseasset/backstage-plugin-asset-manager-common';
import { deletionTimes } from './deletionTimes';
import type { BlobKeeper } from './BlobKeeper';
import { HeldBlobs } from './HeldBlobs';
import { packOfKey, parseKey } from '../model/keys';
import type { PackKeeper } from './PackKeeper';
import type { Clock, Repository } from './ports';
import type { Stores } from './Stores';
import { UnknownVersions } from './UnknownVersions';

/** What one run deletes at most. */
const CAP = 10_000;
const BATCH = 100;
const LISTED = 1000;

/**
 * Deletes bytes that nothing refers to: first those that unfinished pushes left
 * are condemned, once no session of their asset is open, and after a grace what
 * is condemned is deleted. Readers that were sent to them are done by then.
 */
export class BlobCollector {
  readonly #repository: Repository;
  readonly #heldBlobs: HeldBlobs;
  readonly #stores: Stores;
  readonly #keeper: BlobKeeper;
  readonly #packs: PackKeeper;
  readonly #now: Clock;
  readonly #graceMs: number;
  readonly #deletionMs: number | undefined;
  readonly #logger: LoggerService;

  constructor(options: {
    repository: Repository;
    heldBlobs: HeldBlobs;
    stores: Stores;
    keeper: BlobKeeper;
    packs: PackKeeper;
    now: Clock;
    graceMs: number;
    /** How long the deletion of one object may take. */
    deletionMs?: number;
    logger: LoggerService;
  }) {
    this.#repository = options.repository;
    this.#heldBlobs = options.heldBlobs;
    this.#stores = options.stores;
    this.#keeper = options.keeper;
    this.#packs = options.packs;
    this.#now = options.now;
    this.#graceMs = options.graceMs;
    this.#deletionMs = options.deletionMs;
    this.#logger = options.logger;
  }

  /** @returns how many blobs were deleted */
  async run(signal?: AbortSignal): Promise<number> {
    const unknown = new UnknownVersions({
      repository: this.#repository,
      stores: this.#stores,
    });
    await this.#condemnUnfinished(unknown, signal);
    const { blobs } = this.#repository;
    const before = this.#graceAgo();
    let count = 0;
    let failed = 0;
    let kept = 0;
    while (count < CAP) {
      const { abandoned } = deletionTimes(this.#now(), this.#deletionMs);
      const batch = await blobs.condemned(before, {
        abandoned,
        limit: BATCH,
        offset: failed + kept,
        stores: this.#stores.names,
      });
      if (batch.length === 0) break;
      for (const copy of batch) {
        signal?.throwIfAborted();
        try {
          const uid = parseKey(copy.key)?.uid;
          // Looked up before the word is given: see BlobKeeper.
          const found = await this.#keeper.lookAt(copy);
          const isUnknown = uid !== undefined && (await unknown.has(uid));
          // The word holds from now on.
          const times = deletionTimes(this.#now(), this.#deletionMs);
          if (isUnknown) {
            kept++;
          } else if (await blobs.beginDelete(copy, times)) {
            if (await this.#keeper.delete(copy, found, times.now)) count++;
            else failed++;
          } else if (
            packOfKey(copy.key) === undefined ||
            !(await this.#packs.repack(copy))
          ) {
            await blobs.pardon(copy);
          }
        } catch (error) {
          failed++;
          this.#logger.warn(
            `a condemned blob could not be deleted from '${copy.store}'`,
            isError(error) ? error : undefined,
          );
        }
      }
    }
    if (kept > 0)
      this.#logger.warn(
        `${kept} condemned blobs are kept: their stores describe versions that the database does not know; asset store rebuild brings them back`,
      );
    return count;
  }

  /** What a run would do now, and what keeps the rest. */
  async plan(): Promise<CollectionPlan> {
    const { blobs, uploads, assets } = this.#repository;
    const before = this.#graceAgo();
    const condemned = await blobs.listCondemned(LISTED + 1);
    const unpublished = await blobs.listUnpublished(LISTED + 1);
    const items = condemned.map(
      ({ store, key, condemnedAt }): CollectionCandidate => ({
        store,
        key,
        reason: 'condemned',
        ...(condemnedAt >= before && {
          keptBy: `the grace, until ${this.#afterGrace(condemnedAt)}`,
        }),
      }),
    );
    for (const { assetId, createdAt, ...blob } of unpublished) {
      const openUntil = await uploads.openUntil(assetId, this.#now());
      const name = formatReference(await assets.byId(assetId));
      let keptBy: string | undefined;
      if (openUntil)
        keptBy = `an upload of ${name} that is open until ${openUntil}`;
      else if (createdAt >= before)
        keptBy = `the grace, until ${this.#afterGrace(createdAt)}`;
      items.push({
        store: blob.store,
        key: blob.key,
        size: blob.size,
        reason: 'unfinished',
        ...(keptBy && { keptBy }),
      });
    }
    return {
      items: items.slice(0, LISTED),
      truncated: items.length > LISTED,
    };
  }

  async #condemnUnfinished(
    unknown: UnknownVersions,
    signal?: AbortSignal,
  ): Promise<void> {
    for (const assetId of await this.#repository.blobs.assetsWithUnpublished(
      this.#graceAgo(),
      CAP,
    )) {
      signal?.throwIfAborted();
      try {
        const { uid } = await this.#repository.assets.byId(assetId);
        if (!(await unknown.has(uid))) await this.#condemnUnfinishedOf(assetId);
      } catch (error) {
        // A manifest that can't be read now: nothing of the asset is touched.
        this.#logger.warn(
          'what unfinished pushes of an asset left could not be looked through',
          isError(error) ? error : undefined,
        );
      }
    }
  }

  async #condemnUnfinishedOf(assetId: number): Promise<void> {
    const { blobs } = this.#repository;
    const found = (await blobs.unpublished(assetId, this.#graceAgo(), CAP)).map(
      ({ digest }) => digest,
    );
    const seen = await this.#heldBlobs.among(assetId, new Set(found));
    // A process that ended right after a commit did not say so.
    await blobs.publish(assetId, [...seen.held]);
    await this.#repository.transaction(async repository => {
      await repository.assets.lock(assetId);
      const now = this.#now();
      if (!(await HeldBlobs.isComplete(repository, assetId, seen, now))) return;
      await repository.blobs.forgetUnpublished(
        assetId,
        found.filter(digest => !seen.held.has(digest)),
        now,
      );
    });
  }

  #graceAgo(): string {
    return new Date(Date.parse(this.#now()) - this.#graceMs).toISOString();
  }

  #afterGrace(time: string): string {
    return new Date(Date.parse(time) + this.#graceMs).toISOString();
  }
}

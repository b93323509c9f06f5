import { isError } from '@backstage/errors';
import type { LoggerService } from '@backstage/backend-plugin-api';
import {
  concurrently,
  Digest,
  formatReference,
  READ_WHOLE,
  Verification,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { BlobKeeper } from './BlobKeeper';
import type { BlockDigests } from './BlockDigests';
import type { ChangeSignal } from './ChangeSignal';
import type { ManifestReader } from './ManifestReader';
import { PackKeeper, packsAmong } from './PackKeeper';
import type {
  AssetRecord,
  BlobRecord,
  Clock,
  Repository,
  VersionRecord,
} from './ports';

/** Blobs that are read at once; hashing has one thread. */
const HANDS = 4;
const VERSIONS_AT_ONCE = 20;

/**
 * Reads what went straight to a bucket and was seen by nobody yet, and says
 * whether it is what its digest promises. Damaged bytes are taken away, so that
 * they can be sent again under the same key.
 */
export class ContentVerifier {
  readonly #repository: Repository;
  readonly #manifests: ManifestReader;
  readonly #keeper: BlobKeeper;
  readonly #blocks: BlockDigests;
  readonly #packs: PackKeeper;
  readonly #now: Clock;
  readonly #changed: ChangeSignal;
  readonly #logger: LoggerService;

  constructor(options: {
    repository: Repository;
    manifests: ManifestReader;
    keeper: BlobKeeper;
    blocks: BlockDigests;
    packs: PackKeeper;
    now: Clock;
    changed: ChangeSignal;
    logger: LoggerService;
  }) {
    this.#repository = options.repository;
    this.#manifests = options.manifests;
    this.#keeper = options.keeper;
    this.#blocks = options.blocks;
    this.#packs = options.packs;
    this.#now = options.now;
    this.#changed = options.changed;
    this.#logger = options.logger;
  }

  /**
   * Verifies all versions that wait for it. A version whose store does not
   * answer stays `received`, and has its turn again.
   */
  async run(signal?: AbortSignal): Promise<void> {
    const tried = new Set<number>();
    for (;;) {
      const versions = (
        await this.#repository.versions.received(VERSIONS_AT_ONCE + tried.size)
      ).filter(({ id }) => !tried.has(id));
      if (versions.length === 0) return;
      for (const version of versions) {
        signal?.throwIfAborted();
        tried.add(version.id);
        const asset = await this.#repository.assets.byId(version.assetId);
        try {
          await this.#verify(asset, version, signal);
        } catch (error) {
          signal?.throwIfAborted();
          this.#logger.warn(
            `${nameOf(asset, version)} could not be verified yet`,
            isError(error) ? error : undefined,
          );
        }
      }
    }
  }

  async #verify(
    asset: AssetRecord,
    version: VersionRecord,
    signal?: AbortSignal,
  ): Promise<void> {
    const damaged: string[] = [];
    const pages = await this.#repository.versions.pages(version.id);
    for (const page of pages) {
      const entries = await this.#manifests.entries(asset.uid, page);
      const paths = new Map(entries.map(({ digest, path }) => [digest, path]));
      const copies = await this.#repository.blobs.find(asset.id, [
        ...paths.keys(),
      ]);
      const packed = new Map<BlobRecord, Verification>();
      for (const inPack of packsAmong(
        [...copies.values()].flat().filter(({ state }) => state === 'received'),
      ).values()) {
        signal?.throwIfAborted();
        const states = await this.#packs.verify(inPack[0]);
        for (const copy of inPack)
          packed.set(copy, states.get(copy.digest) ?? 'damaged');
      }
      await concurrently(paths, HANDS, async ([digest, path]) => {
        signal?.throwIfAborted();
        const states = await Promise.all(
          (copies.get(digest) ?? []).map(
            copy => packed.get(copy) ?? this.#stateOf(copy, signal),
          ),
        );
        if (states.includes('verified')) return;
        // A copy may have come, or moved, while these were read.
        const now = await this.#repository.blobs.find(asset.id, [digest]);
        if (!now.has(digest)) damaged.push(path);
      });
    }
    await this.#conclude(asset, version, damaged);
  }

  async #stateOf(
    copy: BlobRecord,
    signal?: AbortSignal,
  ): Promise<Verification> {
    if (copy.state !== 'received') return copy.state;
    const stood = await this.#keeper.lookAt(copy);
    let { found, blocks } = await this.#read(copy, signal);
    // What takes bytes away looks twice: memory and lines err as well as disks.
    if (found !== copy.digest)
      ({ found, blocks } = await this.#read(copy, signal));
    if (found === copy.digest) {
      if (blocks) {
        // They can be made again; that the bytes are right is known.
        await this.#blocks
          .save(copy, blocks)
          .catch(error =>
            this.#logger.warn(
              `the digests of the blocks of ${copy.digest} could not be kept`,
              isError(error) ? error : undefined,
            ),
          );
      }
      await this.#repository.blobs.setState(copy, 'verified');
      return 'verified';
    }
    if (!stood.stands) await this.#keeper.assertMissing(copy);
    this.#logger.error(
      `the bytes of ${copy.digest} in the store '${copy.store}' are ${
        found ?? 'gone'
      }; they are taken away`,
    );
    await this.#keeper.takeAway(copy, stood);
    return 'damaged';
  }

  async #read(
    copy: BlobRecord,
    signal?: AbortSignal,
  ): Promise<{ found?: Digest; blocks?: Buffer }> {
    try {
      if (copy.size <= READ_WHOLE)
        return { found: await this.#keeper.read(copy, signal) };
      const { digest: found, blocks } = await this.#keeper.readBlocks(
        copy,
        signal,
      );
      return { found, blocks };
    } catch (error) {
      if (!isError(error) || error.name !== 'NotFoundError') throw error;
      return {};
    }
  }

  async #conclude(
    asset: AssetRecord,
    version: VersionRecord,
    damaged: readonly string[],
  ): Promise<void> {
    const verification = damaged.length === 0 ? 'verified' : 'damaged';
    if (verification === 'damaged') {
      this.#logger.error(
        `${nameOf(asset, version)} is damaged: ${damaged
          .slice(0, 5)
          .map(path => JSON.stringify(path))
          .join(', ')}${damaged.length > 5 ? ', …' : ''}`,
      );
    }
    await this.#repository.transaction(async repository => {
      await repository.versions.setVerification(version.id, verification);
      await repository.changes.append({
        asset,
        kind: `version.${verification}`,
        subject: version.label,
        at: this.#now(),
        by: 'asset-manager',
        details: {
          digest: version.digest,
          old: { verification: version.verification },
          new: { verification },
        },
      });
    });
    this.#changed.raise();
  }
}

function nameOf(asset: AssetRecord, version: VersionRecord): string {
  return formatReference({ ...asset, selector: version.label });
}

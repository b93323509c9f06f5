import { Readable } from 'node:stream';
import type { LoggerService } from '@backstage/backend-plugin-api';
import { ConflictError, isError } from '@backstage/errors';
import {
  concurrently,
  Digest,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { AssetRecorder } from './AssetRecorder';
import type { BlobKeeper } from './BlobKeeper';
import { DamagedPageError, ManifestReader, readPage } from './ManifestReader';
import { packOfKey, pageKey } from '../model/keys';
import { PackKeeper, packsAmong } from './PackKeeper';
import type {
  AssetRecord,
  BlobRecord,
  Clock,
  CopyJobRecord,
  PageRecord,
  Repository,
} from './ports';
import type { Stores } from './Stores';

const HANDS = 4;
const BATCH = 200;

/**
 * Carries out the orders to copy or move an asset's bytes to another store. Each
 * blob is verified on its way, and noted once it stands: a job that was cut off
 * goes on where it stopped. Readers always find a copy: the former ones are
 * forgotten only when everything stands in the new place.
 */
export class BlobCopier {
  readonly #repository: Repository;
  readonly #stores: Stores;
  readonly #manifests: ManifestReader;
  readonly #recorder: AssetRecorder;
  readonly #keeper: BlobKeeper;
  readonly #packs: PackKeeper;
  readonly #now: Clock;
  readonly #logger: LoggerService;

  constructor(options: {
    repository: Repository;
    stores: Stores;
    manifests: ManifestReader;
    recorder: AssetRecorder;
    keeper: BlobKeeper;
    packs: PackKeeper;
    now: Clock;
    logger: LoggerService;
  }) {
    this.#repository = options.repository;
    this.#stores = options.stores;
    this.#manifests = options.manifests;
    this.#recorder = options.recorder;
    this.#keeper = options.keeper;
    this.#packs = options.packs;
    this.#now = options.now;
    this.#logger = options.logger;
  }

  async run(signal?: AbortSignal): Promise<void> {
    for (;;) {
      signal?.throwIfAborted();
      const job = await this.#repository.copyJobs.next();
      if (!job) return;
      try {
        await this.#carryOut(job, signal);
        await this.#save({ ...job, state: 'done', error: undefined });
      } catch (error) {
        // Shutting down is no failure: whoever comes next goes on.
        signal?.throwIfAborted();
        this.#logger.error(
          `copying to '${job.store}' failed`,
          isError(error) ? error : undefined,
        );
        await this.#save({
          ...job,
          state: 'failed',
          error: "a blob could not be copied; the server's log says why",
        });
      }
    }
  }

  async #carryOut(job: CopyJobRecord, signal?: AbortSignal): Promise<void> {
    const { assetId, store } = job;
    job.state = 'running';
    await this.#save(job);
    const asset = await this.#repository.assets.byId(assetId);
    // A version that is made meanwhile keeps its pages where it wrote them.
    const last = await this.#repository.versions.newest(assetId);
    await this.#copyPages(asset, store, signal);
    let after: Digest | undefined;
    for (;;) {
      const batch = await this.#repository.blobs.lackingIn(assetId, store, {
        after,
        limit: BATCH,
      });
      if (batch.length === 0) break;
      const packs = packsAmong(batch);
      await concurrently(
        batch.filter(({ offset }) => offset === undefined),
        HANDS,
        async copy => {
          signal?.throwIfAborted();
          await this.#copyBlob(assetId, copy, store);
          job.copiedBlobs++;
          job.copiedBytes += copy.size;
        },
      );
      await concurrently(packs.values(), HANDS, async ([pack]) => {
        signal?.throwIfAborted();
        const copied = await this.#copyPack(assetId, pack, store);
        job.copiedBlobs += copied.length;
        job.copiedBytes += copied.reduce((sum, { size }) => sum + size, 0);
      });
      after = batch.at(-1)?.digest;
      await this.#save(job);
    }
    if (job.mode === 'move') {
      await this.#leaveOthers(asset, store, last?.sequence ?? 0);
    }
  }

  /** From now on everything stands in one store; what stands elsewhere goes after a while. */
  async #leaveOthers(
    asset: AssetRecord,
    store: string,
    lastSequence: number,
  ): Promise<void> {
    const now = this.#now();
    await this.#repository.transaction(async repository => {
      const former = await repository.versions.movePages(
        asset.id,
        store,
        lastSequence,
      );
      await repository.objects.condemn(
        former.map(page => ({
          store: page.store,
          key: pageKey(asset.uid, page.digest),
        })),
        now,
      );
      await repository.blobs.keepOnlyIn(asset.id, store, now);
    });
    await this.#recorder.writeAsset(asset, store);
  }

  async #copyBlob(
    assetId: number,
    copy: BlobRecord,
    store: string,
  ): Promise<void> {
    // What was linked from another asset keeps its key: it is the same bytes.
    const { digest, size, key } = copy;
    await this.#keeper.write(store, { key, size, digest }, () =>
      this.#stores.get(copy.store).open(key),
    );
    await this.#repository.blobs.add(
      assetId,
      [{ digest, size, key, store, state: 'verified' }],
      this.#now(),
    );
    await this.#repository.blobs.publish(assetId, [digest]);
  }

  /**
   * Copies a pack as it is, with all blobs that the asset has in it.
   *
   * @throws ConflictError when one of them is damaged: none is given up silently
   */
  async #copyPack(
    assetId: number,
    pack: BlobRecord,
    store: string,
  ): Promise<BlobRecord[]> {
    const { key } = pack;
    const { blobs } = this.#repository;
    const known = await blobs.inPack(pack);
    if (known.some(({ state }) => state !== 'verified'))
      await this.#packs.verify(pack);
    // What came meanwhile was read by nobody yet.
    const held = (await blobs.inPack(pack, assetId)).filter(
      ({ state }) => state === 'verified',
    );
    if (!held.some(({ digest }) => digest === pack.digest))
      throw new ConflictError(`${pack.digest} is damaged in '${pack.store}'`);
    const size = (await this.#stores.get(pack.store).stat(key))?.size ?? 0;
    await this.#keeper.write(
      store,
      { key, size, digest: packOfKey(key)! },
      () => this.#stores.get(pack.store).open(key),
    );
    await blobs.add(
      assetId,
      held.map(blob => ({ ...blob, store, state: 'verified' })),
      this.#now(),
    );
    await blobs.publish(
      assetId,
      held.map(({ digest }) => digest),
    );
    return held;
  }

  /** The pages of all manifests: a store is to be readable by itself. */
  async #copyPages(
    asset: AssetRecord,
    store: string,
    signal?: AbortSignal,
  ): Promise<void> {
    let before: number | undefined;
    for (;;) {
      const versions = await this.#repository.versions.list({
        assetId: asset.id,
        before,
        limit: BATCH,
      });
      if (versions.length === 0) return;
      for (const version of versions) {
        await this.#recorder.writeVersion(asset, version, store);
        for (const page of await this.#repository.versions.pages(version.id)) {
          signal?.throwIfAborted();
          if (page.store !== store) await this.#copyPage(asset, page, store);
        }
      }
      before = versions.at(-1)?.sequence;
    }
  }

  /** The page is believed to stand in the store only when it was read there: its other copy may go. */
  async #copyPage(
    asset: AssetRecord,
    page: PageRecord,
    store: string,
  ): Promise<void> {
    const { digest } = page;
    const key = pageKey(asset.uid, digest);
    const target = this.#stores.get(store);
    await this.#repository.blobs.claim([{ store, key }]);
    if (await target.stat(key)) {
      const stands = await readPage(target, asset.uid, digest).then(
        () => true,
        error => {
          if (error instanceof DamagedPageError) return false;
          throw error;
        },
      );
      if (stands) return;
      await target.delete(key);
    }
    const bytes = Buffer.from(await this.#manifests.readText(asset.uid, page));
    await target.put({
      key,
      size: bytes.length,
      digest,
      body: Readable.from([bytes]),
    });
  }

  async #save(job: CopyJobRecord): Promise<void> {
    await this.#repository.copyJobs.update({
      ...job,
      updatedAt: this.#now(),
    });
  }
}

import type { LoggerService } from '@backstage/backend-plugin-api';
import { isError } from '@backstage/errors';
import {
  concurrently,
  Digest,
} from '@baseasset/backstage-plugin-asset-manager-common';
import { parseKey } from '../model/keys';
import type { ChangeSignal } from './ChangeSignal';
import type {
  FixityCheckRecord,
  FixityFindingRecord,
  StoredManifestPage,
  StoredObject,
} from './fixityPorts';
import type { ManifestReader } from './ManifestReader';
import type { ObjectChecker } from './ObjectChecker';
import type { ObjectHealer } from './ObjectHealer';
import type { PageHealer } from './PageHealer';
import type { AssetRecord, Clock, PageRecord, Repository } from './ports';
import type { RowChecker } from './RowChecker';
import type { Stores } from './Stores';
import { UnknownVersions } from './UnknownVersions';

const HANDS = 8;
const BATCH = 500;
const KEPT_CHECKS = 50;

const PHASES: readonly FixityCheckRecord['phase'][] = [
  'objects',
  'pages',
  'orphans',
  'rows',
];

/**
 * Carries out fixity checks: first it looks for everything that should stand in
 * a store, blobs and pages of manifests, and heals what is missing or damaged;
 * then for what stands there and nothing refers to; and then it compares the
 * versions with the rows. A check that was cut off goes on with the batch where it
 * stopped.
 */
export class FixityChecker {
  readonly #repository: Repository;
  readonly #stores: Stores;
  readonly #manifests: ManifestReader;
  readonly #rows: RowChecker;
  readonly #objects: ObjectChecker;
  readonly #healer: ObjectHealer;
  readonly #pages: PageHealer;
  readonly #now: Clock;
  readonly #changed: ChangeSignal;
  readonly #onReceived: () => void;
  readonly #logger: LoggerService;

  constructor(options: {
    repository: Repository;
    stores: Stores;
    manifests: ManifestReader;
    rows: RowChecker;
    objects: ObjectChecker;
    healer: ObjectHealer;
    pages: PageHealer;
    now: Clock;
    changed: ChangeSignal;
    /** Hears of versions that have to be verified anew. */
    onReceived: () => void;
    logger: LoggerService;
  }) {
    this.#repository = options.repository;
    this.#stores = options.stores;
    this.#manifests = options.manifests;
    this.#rows = options.rows;
    this.#objects = options.objects;
    this.#healer = options.healer;
    this.#pages = options.pages;
    this.#now = options.now;
    this.#changed = options.changed;
    this.#onReceived = options.onReceived;
    this.#logger = options.logger;
  }

  async run(signal?: AbortSignal): Promise<void> {
    const { fixity } = this.#repository;
    for (;;) {
      signal?.throwIfAborted();
      const check = await fixity.next();
      if (!check) return;
      try {
        await this.#carryOut(check, signal);
        await this.#save({ ...check, state: 'done' });
        await fixity.keepNewest(KEPT_CHECKS);
      } catch (error) {
        // Shutting down is no failure: whoever comes next goes on.
        signal?.throwIfAborted();
        this.#logger.error(
          'a check of the stores failed',
          isError(error) ? error : undefined,
        );
        await this.#save({
          ...check,
          state: 'failed',
          error:
            "a store or the database did not answer; the server's log says why",
        });
      }
    }
  }

  async #carryOut(
    check: FixityCheckRecord,
    signal?: AbortSignal,
  ): Promise<void> {
    check.state = 'running';
    await this.#save(check);
    const work = {
      objects: (store: string) => this.#checkObjects(check, store, signal),
      pages: (store: string) => this.#checkPages(check, store, signal),
      orphans: (store: string) => this.#findOrphans(check, store, signal),
    };
    for (const phase of PHASES.slice(PHASES.indexOf(check.phase))) {
      check.phase = phase;
      if (phase === 'rows') break;
      for (const store of this.#stores.names) {
        if (!check.stores.includes(store)) continue;
        // The stores before this one are done.
        const at = check.position?.store;
        const isThere = at !== undefined && this.#stores.names.includes(at);
        if (isThere && at !== store) continue;
        if (!isThere) check.position = undefined;
        check.position ??= { store };
        await work[phase](store);
        check.position = undefined;
      }
    }
    await this.#checkRows(check, signal);
    await this.#judgeVersions(check);
  }

  async #checkObjects(
    check: FixityCheckRecord,
    store: string,
    signal?: AbortSignal,
  ): Promise<void> {
    for (;;) {
      const batch = await this.#repository.objects.list(store, {
        after: check.position?.after,
        limit: BATCH,
      });
      if (batch.length === 0) return;
      const findings: FixityFindingRecord[] = [];
      await concurrently(batch, HANDS, async object => {
        signal?.throwIfAborted();
        findings.push(...(await this.#checkObject(check, object, signal)));
      });
      await this.#repository.fixity.addFindings(check.id, findings);
      check.checkedObjects += batch.length;
      check.position = { store, after: batch.at(-1)?.key };
      await this.#save(check);
    }
  }

  async #checkObject(
    check: FixityCheckRecord,
    object: StoredObject,
    signal?: AbortSignal,
  ): Promise<FixityFindingRecord[]> {
    const { problem, bad, readBytes } = await this.#objects.check(
      object,
      isSampled(check, object.key),
      signal,
    );
    check.readBytes += readBytes;
    if (bad.length === 0) return [];
    const { store, key, assetId } = object;
    const healed = await this.#healer.heal(object, bad);
    return bad.map(blob => {
      const outcome = healed.has(blob) ? 'healed' : 'lost';
      if (outcome === 'lost' && blob.state !== 'damaged')
        this.#logger.error(
          `${blob.digest} is ${problem} in the store '${store}', and there is no other copy`,
        );
      const { digest, size } = blob;
      return { store, key, digest, size, assetId, problem, outcome };
    });
  }

  async #checkPages(
    check: FixityCheckRecord,
    store: string,
    signal?: AbortSignal,
  ): Promise<void> {
    for (;;) {
      const batch = await this.#repository.objects.pages(store, {
        after: check.position?.after,
        limit: BATCH,
      });
      if (batch.length === 0) return;
      const findings: FixityFindingRecord[] = [];
      await concurrently(batch, HANDS, async page => {
        signal?.throwIfAborted();
        const found = await this.#checkPage(check, page);
        if (found) findings.push(found);
      });
      await this.#repository.fixity.addFindings(check.id, findings);
      check.position = { store, after: batch.at(-1)?.key };
      await this.#save(check);
    }
  }

  async #checkPage(
    check: FixityCheckRecord,
    page: StoredManifestPage,
  ): Promise<FixityFindingRecord | undefined> {
    const problem = await this.#pages.problemOf(
      page,
      isSampled(check, page.key),
    );
    if (!problem) return undefined;
    const { store, key, digest, assetId } = page;
    const healed = await this.#pages.heal(page);
    if (!healed)
      this.#logger.error(
        `the manifest page ${digest} is ${problem} in the store '${store}', and there is no other copy`,
      );
    const outcome = healed ? 'healed' : 'lost';
    return { store, key, digest, assetId, problem, outcome };
  }

  async #findOrphans(
    check: FixityCheckRecord,
    store: string,
    signal?: AbortSignal,
  ): Promise<void> {
    let batch: { key: string; size: number }[] = [];
    const look = async () => {
      await this.#tellOrphans(check, store, batch);
      batch = [];
    };
    for await (const object of this.#stores.get(store).list('')) {
      signal?.throwIfAborted();
      batch.push(object);
      if (batch.length === BATCH) await look();
    }
    await look();
  }

  async #tellOrphans(
    check: FixityCheckRecord,
    store: string,
    objects: readonly { key: string; size: number }[],
  ): Promise<void> {
    const repository = this.#repository;
    const known = await repository.objects.known(
      store,
      objects.map(({ key }) => key),
    );
    const orphans = objects.filter(({ key }) => !known.has(key));
    const uidOf = (key: string) => parseKey(key)?.uid ?? '';
    const assetIds = await repository.objects.assetIds([
      ...new Set(orphans.map(({ key }) => uidOf(key))),
    ]);
    const open = new Set<number>();
    for (const id of assetIds.values())
      if (await repository.uploads.openUntil(id, this.#now())) open.add(id);
    const unknown = new UnknownVersions({
      repository,
      stores: this.#stores,
    });
    const findings: FixityFindingRecord[] = [];
    for (const { key, size } of orphans) {
      const assetId = assetIds.get(uidOf(key));
      // What an open upload has sent is written down when it says that it has.
      if (assetId !== undefined && open.has(assetId)) continue;
      // What belongs to no asset that is known here may be another portal's, or
      // newer than the database when that came from a backup.
      const goes =
        check.condemnOrphans &&
        assetId !== undefined &&
        !(await unknown.has(uidOf(key)));
      findings.push({
        store,
        key,
        size,
        problem: 'orphan',
        outcome: goes ? 'condemned' : 'told',
        ...(assetId !== undefined && { assetId }),
      });
    }
    await repository.objects.condemn(
      findings.filter(({ outcome }) => outcome === 'condemned'),
      this.#now(),
    );
    await repository.fixity.addFindings(check.id, findings);
  }

  /** Compares the versions of all assets with their rows. */
  async #checkRows(
    check: FixityCheckRecord,
    signal?: AbortSignal,
  ): Promise<void> {
    const { fixity, objects } = this.#repository;
    let after = 0;
    for (;;) {
      const assets = await objects.keptAssets({ after, limit: BATCH });
      if (assets.length === 0) return;
      for (const assetId of assets) {
        signal?.throwIfAborted();
        try {
          for await (const finding of this.#rows.findMissing(assetId))
            await fixity.addFindings(check.id, [finding]);
          for await (const findings of this.#rows.findUnneeded(assetId))
            await fixity.addFindings(check.id, findings);
        } catch (error) {
          this.#logger.warn(
            'the manifests of an asset could not be looked through',
            isError(error) ? error : undefined,
          );
        }
      }
      after = assets.at(-1)!;
    }
  }

  /** Versions that lost something, or got it back, are verified anew. */
  async #judgeVersions(check: FixityCheckRecord): Promise<void> {
    const touched = await this.#repository.fixity.touched(check.id);
    const of = (outcome: string) =>
      new Set(
        touched.filter(each => each.outcome === outcome).map(t => t.digest),
      );
    const lost = of('lost');
    const healed = of('healed');
    const assets = new Set([
      ...(await this.#repository.objects.holders([...lost, ...healed])),
      ...touched.flatMap(({ assetId }) => assetId ?? []),
    ]);
    let changed = false;
    for (const assetId of assets) {
      for (const id of await this.#repository.versions.keptIds(assetId)) {
        if (await this.#judge(id, lost, healed)) changed = true;
      }
    }
    if (!changed) return;
    this.#changed.raise();
    this.#onReceived();
  }

  async #judge(
    versionId: number,
    lost: ReadonlySet<Digest>,
    healed: ReadonlySet<Digest>,
  ): Promise<boolean> {
    const { versions } = this.#repository;
    const version = await versions.byId(versionId);
    const asset = await this.#repository.assets.byId(version.assetId);
    const concerned = version.verification === 'damaged' ? healed : lost;
    if (concerned.size === 0) return false;
    for (const page of await versions.pages(versionId)) {
      if (concerned === lost && lost.has(page.digest)) {
        await this.#repository.transaction(async repository => {
          await repository.versions.setVerification(versionId, 'damaged');
          await repository.changes.append({
            asset,
            kind: 'version.damaged',
            subject: version.label,
            at: this.#now(),
            by: 'asset-manager',
          });
        });
        return true;
      }
      if (
        concerned.has(page.digest) ||
        (await this.#holds(asset, page, concerned))
      ) {
        await versions.setVerification(versionId, 'received');
        return true;
      }
    }
    return false;
  }

  async #holds(
    asset: AssetRecord,
    page: PageRecord,
    digests: ReadonlySet<Digest>,
  ): Promise<boolean> {
    try {
      const entries = await this.#manifests.entries(asset.uid, page);
      return entries.some(({ digest }) => digests.has(digest));
    } catch (error) {
      // The loss of the page is a finding of its own.
      this.#logger.warn(
        'the page of a manifest could not be read',
        isError(error) ? error : undefined,
      );
      return false;
    }
  }

  async #save(check: FixityCheckRecord): Promise<void> {
    check.updatedAt = this.#now();
    await this.#repository.fixity.update(check);
  }
}

/** Whether the bytes of an object belong to the part that a check reads: digests spread evenly. */
function isSampled(check: FixityCheckRecord, key: string): boolean {
  if (check.sample >= 100) return true;
  const digest = parseKey(key)?.digest;
  if (check.sample <= 0 || !digest) return false;
  const place =
    Number.parseInt(digest.slice('sha256:'.length).slice(0, 8), 16) / 2 ** 32;
  return (place - check.sampleFrom + 1) % 1 < check.sample / 100;
}

import { ConflictError } from '@backstage/errors';
import { Readable } from 'node:stream';
import {
  AliasMove,
  AssetName,
  BeginUploadResponse,
  ChangeCounts,
  CommitUploadRequest,
  CommitUploadResponse,
  Digest,
  digestOf,
  formatReference,
  MissingBlob,
  parsePage,
  Upload,
  Verification,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { JsonObject } from '@backstage/types';
import type { Caller } from '../model/caller';
import type { AccessDecider } from './AccessDecider';
import { FieldConflictError } from '../model/FieldError';
import { chooseLabel } from '../model/labels';
import { setAlias } from './AliasService';
import { AssetNotFoundError, AssetService } from './AssetService';
import type { AssetTypes } from './AssetTypes';
import type { BlobIntake } from './BlobIntake';
import type { NamespaceQuotas } from './NamespaceQuotas';
import type { BlobKeeper } from './BlobKeeper';
import type { ChangeSignal } from './ChangeSignal';
import { ContentChecker } from './ContentChecker';
import { pageKey } from '../model/keys';
import { CACHED_ENTRIES, ManifestReader } from './ManifestReader';
import type {
  AssetRecord,
  Clock,
  PageRecord,
  Repository,
  UploadRecord,
  VersionRecord,
} from './ports';
import { storeOfNewBytes } from './storeOfNewBytes';
import type { Stores } from './Stores';
import type { UploadSession, UploadSessions } from './UploadSessions';
import { presentVersions } from './VersionService';

/**
 * The way from files on a disk to a version: begin, send the manifest's pages
 * and hear what is missing, send that, commit. A session outlives clients and
 * backends; beginning again with the same content goes on where it stopped.
 */
export class UploadService {
  readonly #repository: Repository;
  readonly #assets: AssetService;
  readonly #access: AccessDecider;
  readonly #types: AssetTypes;
  readonly #manifests: ManifestReader;
  readonly #checker: ContentChecker;
  readonly #stores: Stores;
  readonly #sessions: UploadSessions;
  readonly #intake: BlobIntake;
  readonly #quotas: NamespaceQuotas;
  readonly #now: Clock;
  readonly #createId: () => string;
  readonly #changed: ChangeSignal;
  readonly #onReceived: () => void;

  constructor(options: {
    repository: Repository;
    assets: AssetService;
    access: AccessDecider;
    types: AssetTypes;
    manifests: ManifestReader;
    stores: Stores;
    sessions: UploadSessions;
    intake: BlobIntake;
    quotas: NamespaceQuotas;
    keeper: BlobKeeper;
    now: Clock;
    createId: () => string;
    changed: ChangeSignal;
    /** Hears of versions whose bytes nobody has read where they are stored. */
    onReceived: () => void;
  }) {
    this.#repository = options.repository;
    this.#assets = options.assets;
    this.#access = options.access;
    this.#types = options.types;
    this.#manifests = options.manifests;
    this.#checker = new ContentChecker(options);
    this.#stores = options.stores;
    this.#sessions = options.sessions;
    this.#intake = options.intake;
    this.#quotas = options.quotas;
    this.#now = options.now;
    this.#createId = options.createId;
    this.#changed = options.changed;
    this.#onReceived = options.onReceived;
  }

  /** Begins, goes on with, or finds that the asset holds the content already. */
  async begin(
    caller: Caller,
    name: AssetName,
    content: {
      digest: Digest;
      fileCount: number;
      size: number;
      /** What the commit will bring, so that it is refused before the first byte. */
      metadata?: JsonObject;
    },
  ): Promise<BeginUploadResponse> {
    const asset = await this.#assets.findFor(
      caller,
      'asset.version.create',
      name,
    );
    const [standing] = await this.#repository.versions.byDigestPrefix(
      asset.id,
      content.digest,
    );
    if (standing?.deletion && !standing.deletion.purgedAt) {
      const reference = formatReference({ ...asset, selector: standing.label });
      throw new ConflictError(
        `this content is ${reference}, which was deleted; to bring it back: asset undelete ${reference}`,
      );
    }
    // What was found damaged, or deleted for good, may be sent again.
    if (standing && standing.verification !== 'damaged' && !standing.deletion) {
      const [version] = await presentVersions(this.#repository, asset, [
        standing,
      ]);
      return { state: 'exists', version };
    }
    if (content.metadata)
      await this.#types.checkMetadata(asset.type, content.metadata);
    const key = {
      assetId: asset.id,
      digest: content.digest,
      createdBy: caller.subject,
    };
    const createdAt = this.#now();
    const store = await storeOfNewBytes(this.#repository, this.#stores, asset);
    await this.#repository.transaction(async repository => {
      // The collection of what unfinished pushes left takes the same lock: it sees
      // this session, or the session sees what it has taken away.
      await repository.assets.lock(asset.id);
      await repository.uploads.insert({
        id: this.#createId(),
        ...key,
        store,
        fileCount: content.fileCount,
        size: content.size,
        createdAt,
        heardAt: createdAt,
        expiresAt: this.#sessions.leaseFrom(createdAt),
      });
      const known = await repository.uploads.findByDigest(key);
      if (known)
        await repository.uploads.heard(
          known.id,
          createdAt,
          this.#sessions.leaseFrom(createdAt),
        );
    });
    const upload = await this.#repository.uploads.findByDigest(key);
    if (!upload)
      throw new ConflictError(
        'the upload was ended by somebody else; begin again',
      );
    return { state: 'open', upload: await this.#present(asset, upload) };
  }

  async get(caller: Caller, id: string): Promise<Upload> {
    const { asset, upload } = await this.#sessions.find(caller, id);
    return this.#present(asset, upload);
  }

  /** The caller's own that are not finished, newest first. */
  async list(caller: Caller): Promise<Upload[]> {
    const found = await this.#repository.uploads.openOf(
      caller.subject,
      this.#now(),
    );
    const uploads: Upload[] = [];
    for (const upload of found) {
      const asset = await this.#repository.assets.byId(upload.assetId);
      // Whoever lost the asset has lost the session with it.
      if (await this.#access.may(caller, 'asset.version.create', asset))
        uploads.push(await this.#present(asset, upload));
    }
    return uploads;
  }

  /** Takes a page of the manifest and says which of its blobs are missing. */
  async putPage(
    caller: Caller,
    id: string,
    position: number,
    text: string,
  ): Promise<{ missing: MissingBlob[] }> {
    const session = await this.#sessions.find(caller, id);
    const { asset, upload } = session;
    const entries = parsePage(text);
    const digest = digestOf(text);
    const bytes = Buffer.from(text);
    const before = await this.#digestsBefore(asset, upload, position);
    const once = <T extends { digest: Digest }>(list: readonly T[]) =>
      list.filter(each => !before.has(each.digest));
    await this.#quotas.assertRoom(asset, upload, {
      position,
      entries: once(entries),
    });
    const key = pageKey(asset.uid, digest);
    await this.#repository.blobs.claim([{ store: upload.store, key }]);
    await this.#stores.get(upload.store).put({
      key,
      size: bytes.length,
      digest,
      body: Readable.from([bytes]),
    });
    const missing = await this.#intake.missing(caller, session, entries);
    const wanted = once(missing);
    await this.#quotas.reserve(
      asset,
      upload,
      { position, entries: wanted },
      repository =>
        repository.uploads.setPage(
          id,
          {
            position,
            digest,
            store: upload.store,
            fileCount: entries.length,
            size: sizeOf(entries),
            firstPath: entries[0].path,
          },
          sizeOf(wanted),
        ),
    );
    await this.#sessions.keep(upload);
    return { missing };
  }

  /**
   * The files of the pages before, which count there, as far as somebody counts
   * and they are few enough to be gone through for each page.
   */
  async #digestsBefore(
    asset: AssetRecord,
    upload: UploadRecord,
    position: number,
  ): Promise<ReadonlySet<Digest>> {
    const digests = new Set<Digest>();
    if (
      this.#quotas.limitOf(asset.namespace) === undefined ||
      upload.fileCount > CACHED_ENTRIES
    )
      return digests;
    for (const page of await this.#repository.uploads.pages(upload.id)) {
      if (page.position >= position) continue;
      for (const { digest } of await this.#manifests.entries(asset.uid, page))
        digests.add(digest);
    }
    return digests;
  }

  /** Hears that a client is at work, though nothing of it arrives for now. */
  async heartbeat(caller: Caller, id: string): Promise<void> {
    const { upload } = await this.#sessions.find(caller, id);
    await this.#sessions.keep(upload);
  }

  /** Makes the version. */
  async commit(
    caller: Caller,
    id: string,
    request: CommitUploadRequest,
  ): Promise<CommitUploadResponse> {
    this.#sessions.forget(id);
    const { asset, upload } = await this.#sessions.find(caller, id);
    // Its blobs are looked through below, and nobody may take them away meanwhile.
    await this.#sessions.keep(upload, { always: true });
    const pages = await this.#repository.uploads.pages(id);
    const verification = await this.#checker.check(asset, upload, pages);
    // All blobs stand: whatever was begun in parts beside them is nobody's any more.
    await this.#intake.forget(asset, upload).catch(() => {});
    const previous = await this.#repository.versions.latest(asset.id);
    const changes =
      previous && (await this.#countChanges(asset, previous, pages));
    const at = this.#now();
    const result = await this.#repository.transaction(async repository => {
      await repository.assets.lock(asset.id);
      // Checking the content took its time; the asset may have changed hands meanwhile, or be gone.
      const now = await repository.assets.byId(asset.id);
      if (now.deletion) throw new AssetNotFoundError(asset);
      await this.#access.demand(
        caller,
        'asset.version.create',
        now,
        repository,
      );
      // Without the session a collection may have taken away what was looked at.
      const open = await repository.uploads.find(id);
      if (!open || open.expiresAt < this.#now())
        throw new ConflictError(
          'the upload was ended by somebody else; begin again',
        );
      const [standing] = await repository.versions.byDigestPrefix(
        asset.id,
        upload.digest,
      );
      if (standing) {
        if (request.label !== undefined && request.label !== standing.label) {
          throw new FieldConflictError(
            'label',
            `this content is version '${standing.label}' of ${formatReference(
              asset,
            )} already, and can't be '${request.label}', too`,
          );
        }
        if (standing.verification === 'damaged' || standing.deletion)
          await repository.versions.setVerification(standing.id, verification);
        if (standing.deletion) {
          await repository.versions.setDeletion(standing.id, undefined);
          await repository.changes.append({
            asset,
            kind: 'version.undeleted',
            subject: standing.label,
            at,
            by: caller.subject,
          });
        }
      }
      if (!standing)
        await this.#types.checkMetadata(
          now.type,
          request.metadata ?? {},
          repository,
        );
      const version =
        standing ??
        (await this.#insert({
          repository,
          asset,
          upload,
          pages,
          verification,
          previous,
          changes,
          request,
          caller,
          at,
        }));
      const moves: AliasMove[] = [];
      for (const alias of request.aliases ?? []) {
        await this.#access.demandAlias({
          caller,
          asset: now,
          repository,
          alias,
          isProtected: await this.#types.protects(now.type, alias, repository),
        });
        moves.push(
          await setAlias({
            repository,
            asset,
            version,
            alias,
            types: this.#types,
            at,
            by: caller.subject,
          }),
        );
      }
      await repository.uploads.remove(id);
      return { version, created: !standing, moves };
    });
    this.#sessions.forget(id);
    await this.#publishBlobs(asset, pages);
    this.#changed.raise();
    if (verification === 'received') this.#onReceived();
    const [version] = await presentVersions(this.#repository, asset, [
      result.version,
    ]);
    return { version, created: result.created, aliases: result.moves };
  }

  /** Gives up: nothing was published, and the parts are forgotten. */
  async abort(caller: Caller, id: string): Promise<void> {
    await this.#forget(await this.#sessions.find(caller, id));
  }

  /** Ends sessions whose lease has run out; for a scheduled task. */
  async removeExpired(
    onError: (id: string, error: unknown) => void,
  ): Promise<number> {
    const expired = await this.#repository.uploads.expired(this.#now(), 100);
    let removed = 0;
    for (const upload of expired) {
      try {
        const asset = await this.#repository.assets.byId(upload.assetId);
        // Somebody may have gone on with it since.
        const now = await this.#repository.uploads.find(upload.id);
        if (!now || now.expiresAt >= this.#now()) continue;
        await this.#forget({ asset, upload });
        removed++;
      } catch (error) {
        // Its store may be gone; the others must not wait for it.
        onError(upload.id, error);
      }
    }
    return removed;
  }

  async #forget({ asset, upload }: UploadSession): Promise<void> {
    this.#sessions.forget(upload.id);
    // The parts first: their names stand in what is removed after them.
    await this.#intake.forget(asset, upload);
    await this.#repository.transaction(async repository => {
      const pages = await repository.uploads.pages(upload.id);
      await repository.uploads.remove(upload.id);
      // Those that a version, or another upload, has are kept when it comes to that.
      await repository.objects.condemn(
        pages.map(({ store, digest }) => ({
          store,
          key: pageKey(asset.uid, digest),
        })),
        this.#now(),
      );
    });
  }

  async #insert(options: {
    repository: Repository;
    asset: AssetRecord;
    upload: UploadRecord;
    pages: readonly PageRecord[];
    verification: Verification;
    previous: VersionRecord | undefined;
    changes: ChangeCounts | undefined;
    request: CommitUploadRequest;
    caller: Caller;
    at: string;
  }): Promise<VersionRecord> {
    const {
      repository,
      asset,
      upload,
      pages,
      verification,
      previous,
      changes,
      request,
      caller,
      at,
    } = options;
    const latest = await repository.versions.latest(asset.id);
    const newest = await repository.versions.newest(asset.id);
    const sequence = (newest?.sequence ?? 0) + 1;
    const aliases = await repository.aliases.list(asset.id);
    const label = chooseLabel({
      asked: request.label,
      sequence,
      stages: await this.#types.stagesOf(asset.type, repository),
      taken: {
        labels: await repository.versions.labels(asset.id),
        aliases: new Set(aliases.map(alias => alias.name)),
      },
    });
    const version = await repository.versions.insert(
      {
        assetId: asset.id,
        sequence,
        label,
        digest: upload.digest,
        fileCount: upload.fileCount,
        size: upload.size,
        message: request.message,
        metadata: request.metadata ?? {},
        metadataRevision: 1,
        verification,
        // Two pushes that cross: the counts were made against another version.
        changes: latest?.id === previous?.id ? changes : undefined,
        createdAt: at,
        createdBy: caller.subject,
      },
      pages,
    );
    await repository.assets.touch(asset.id, at);
    await repository.changes.append({
      asset,
      kind: 'version.created',
      subject: label,
      at,
      by: caller.subject,
      details: {
        digest: version.digest,
        new: {
          fileCount: version.fileCount,
          size: version.size,
          metadata: version.metadata,
          message: version.message,
        },
      },
    });
    return version;
  }

  /** From now on other assets may link the blobs. Outside of the transaction: pages may have to be read. */
  async #publishBlobs(
    asset: AssetRecord,
    pages: readonly PageRecord[],
  ): Promise<void> {
    for (const page of pages) {
      const entries = await this.#manifests.entries(asset.uid, page);
      await this.#repository.blobs.publish(
        asset.id,
        entries.map(entry => entry.digest),
      );
    }
  }

  async #countChanges(
    asset: AssetRecord,
    previous: VersionRecord,
    pages: readonly PageRecord[],
  ): Promise<ChangeCounts> {
    const { counts } = await this.#manifests.compare(
      {
        uid: asset.uid,
        pages: await this.#repository.versions.pages(previous.id),
      },
      { uid: asset.uid, pages },
      { listed: 0 },
    );
    return {
      added: counts.added + counts.renamed,
      changed: counts.changed,
      removed: counts.removed + counts.renamed,
    };
  }

  async #present(asset: AssetRecord, upload: UploadRecord): Promise<Upload> {
    const pages = await this.#repository.uploads.pages(upload.id);
    return {
      id: upload.id,
      namespace: asset.namespace,
      name: asset.name,
      digest: upload.digest,
      fileCount: upload.fileCount,
      size: upload.size,
      ...this.#intake.transferOf(upload),
      createdAt: upload.createdAt,
      createdBy: upload.createdBy,
      heardAt: upload.heardAt,
      expiresAt: upload.expiresAt,
      receivedPages: pages.map(page => page.position),
    };
  }
}

function sizeOf(items: readonly { size: number }[]): number {
  return items.reduce((sum, { size }) => sum + size, 0);
}

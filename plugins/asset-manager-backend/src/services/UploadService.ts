import {
  ConflictError,
  InputError,
  isError,
  NotFoundError,
} from '@backstage/errors';
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
  endsPage,
  formatReference,
  manifestDigest,
  ManifestChecker,
  MAX_PAGE_ENTRIES,
  MissingBlob,
  parsePage,
  Upload,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { BlobStore } from '@baseasset/backstage-plugin-asset-manager-node';
import { assertMaintains, Caller, owns } from '../model/caller';
import { FieldConflictError, FieldError } from '../model/FieldError';
import { chooseLabel } from '../model/labels';
import { setAlias } from './AliasService';
import type { AssetService } from './AssetService';
import type { AssetTypes } from './AssetTypes';
import { BlobRecorder } from './BlobRecorder';
import type { ChangeSignal } from './ChangeSignal';
import { blobKey, ManifestReader, manifestOf, pageKey } from './ManifestReader';
import type {
  AssetRecord,
  Clock,
  PageRecord,
  Repository,
  UploadRecord,
  VersionRecord,
} from './ports';
import { presentVersions } from './VersionService';

const LEASE_MS = 7 * 24 * 60 * 60 * 1000;
/** A session's end is not moved for every request, only once it is this much nearer. */
const LEASE_SLACK_MS = 60 * 60 * 1000;
/** A session that was looked up is not looked up again for this long: a push sends thousands of blobs. */
const SESSION_FRESH_MS = 2000;

/**
 * The way from files on a disk to a version: begin, send the manifest's pages
 * and hear what is missing, send that, commit. A session outlives clients and
 * backends; beginning again with the same content goes on where it stopped.
 */
export class UploadService {
  readonly #repository: Repository;
  readonly #assets: AssetService;
  readonly #types: AssetTypes;
  readonly #manifests: ManifestReader;
  readonly #store: BlobStore;
  readonly #now: Clock;
  readonly #createId: () => string;
  readonly #changed: ChangeSignal;
  readonly #partSize: number;
  readonly #recorder: BlobRecorder;
  readonly #sessions = new Map<
    string,
    { at: number; asset: AssetRecord; upload: UploadRecord }
  >();

  constructor(options: {
    repository: Repository;
    assets: AssetService;
    types: AssetTypes;
    manifests: ManifestReader;
    store: BlobStore;
    now: Clock;
    createId: () => string;
    changed: ChangeSignal;
    /** Bytes. */
    partSize: number;
  }) {
    this.#repository = options.repository;
    this.#assets = options.assets;
    this.#types = options.types;
    this.#manifests = options.manifests;
    this.#store = options.store;
    this.#now = options.now;
    this.#createId = options.createId;
    this.#changed = options.changed;
    this.#partSize = options.partSize;
    this.#recorder = new BlobRecorder(options);
  }

  /** Begins, goes on with, or finds that the asset holds the content already. */
  async begin(
    caller: Caller,
    name: AssetName,
    content: { digest: Digest; fileCount: number; size: number },
  ): Promise<BeginUploadResponse> {
    const asset = await this.#assets.findMaintained(caller, name);
    const [standing] = await this.#repository.versions.byDigestPrefix(
      asset.id,
      content.digest,
    );
    if (standing) {
      const [version] = await presentVersions(this.#repository, asset, [
        standing,
      ]);
      return { state: 'exists', version };
    }
    const key = {
      assetId: asset.id,
      digest: content.digest,
      createdBy: caller.subject,
    };
    const createdAt = this.#now();
    await this.#repository.uploads.insert({
      id: this.#createId(),
      ...key,
      fileCount: content.fileCount,
      size: content.size,
      createdAt,
      expiresAt: later(createdAt, LEASE_MS),
    });
    const upload = await this.#repository.uploads.findByDigest(key);
    if (!upload)
      throw new ConflictError(
        'the upload was ended by somebody else; begin again',
      );
    await this.#keep(upload);
    return { state: 'open', upload: await this.#present(asset, upload) };
  }

  async get(caller: Caller, id: string): Promise<Upload> {
    const { asset, upload } = await this.#find(caller, id);
    return this.#present(asset, upload);
  }

  /** Takes a page of the manifest and says which of its blobs are missing. */
  async putPage(
    caller: Caller,
    id: string,
    position: number,
    text: string,
  ): Promise<{ missing: MissingBlob[] }> {
    const { asset, upload } = await this.#find(caller, id);
    const entries = parsePage(text);
    const digest = digestOf(text);
    const bytes = Buffer.from(text);
    await this.#store.put({
      key: pageKey(asset.uid, digest),
      size: bytes.length,
      digest,
      body: Readable.from([bytes]),
    });
    await this.#repository.uploads.setPage(id, {
      position,
      digest,
      fileCount: entries.length,
      size: entries.reduce((sum, entry) => sum + entry.size, 0),
      firstPath: entries[0].path,
    });
    await this.#keep(upload);
    return { missing: await this.#missing(caller, asset, upload, entries) };
  }

  /** Takes a blob that is no larger than a part. */
  async putBlob(
    caller: Caller,
    id: string,
    blob: { digest: Digest; size: number; body: Readable },
  ): Promise<void> {
    const { asset, upload } = await this.#find(caller, id);
    if (blob.size > this.#partSize) {
      throw new InputError(
        `a blob of ${blob.size} bytes has to be sent in parts of ${
          this.#partSize
        }`,
      );
    }
    const key = blobKey(asset.uid, blob.digest);
    await this.#store.put({ key, ...blob });
    await this.#recorder.record(asset.id, {
      digest: blob.digest,
      size: blob.size,
      key,
    });
    await this.#keep(upload);
  }

  /** Takes a part of a larger blob. */
  async putPart(
    caller: Caller,
    id: string,
    part: { digest: Digest; number: number; size: number; body: Readable },
  ): Promise<void> {
    const { upload } = await this.#find(caller, id);
    if (part.size > this.#partSize) {
      throw new InputError(
        `a part has ${this.#partSize} bytes at most, not ${part.size}`,
      );
    }
    await this.#store.putPart({
      session: partsSession(id, part.digest),
      number: part.number,
      offset: part.number * this.#partSize,
      size: part.size,
      body: part.body,
    });
    await this.#repository.uploads.addPart(id, part.digest, part.number);
    await this.#keep(upload);
  }

  /** Makes the blob of its parts, and verifies it. */
  async completeBlob(
    caller: Caller,
    id: string,
    blob: { digest: Digest; size: number },
  ): Promise<void> {
    const { asset, upload } = await this.#find(caller, id);
    const { digest, size } = blob;
    const standing = await this.#repository.blobs.find(asset.id, [digest]);
    if (standing.has(digest)) return;
    const key = blobKey(asset.uid, digest);
    if ((await this.#store.stat(key))?.size === size) {
      // The backend died between naming the blob and writing it down; only what is verified has its name.
      await this.#recorder.record(asset.id, { digest, size, key });
      await this.#repository.uploads.removeParts(id, digest);
      return;
    }
    const received =
      (await this.#repository.uploads.parts(id)).get(digest) ?? [];
    const wanted = Math.ceil(size / this.#partSize);
    if (received.length !== wanted) {
      throw new ConflictError(
        `${received.length} of ${wanted} parts of ${digest} have arrived`,
      );
    }
    try {
      await this.#store.completeParts({
        session: partsSession(id, digest),
        key,
        size,
        digest,
      });
    } catch (error) {
      if (isError(error) && error.name === 'InputError')
        await this.#repository.uploads.removeParts(id, digest);
      throw error;
    }
    await this.#recorder.record(asset.id, { digest, size, key });
    await this.#repository.uploads.removeParts(id, digest);
    await this.#keep(upload);
  }

  /** Makes the version. */
  async commit(
    caller: Caller,
    id: string,
    request: CommitUploadRequest,
  ): Promise<CommitUploadResponse> {
    this.#sessions.delete(id);
    const found = await this.#find(caller, id);
    const { asset, upload } = found;
    const pages = await this.#repository.uploads.pages(id);
    await this.#checkContent(asset, upload, pages);
    const previous = await this.#repository.versions.latest(asset.id);
    const changes =
      previous && (await this.#countChanges(asset, previous, pages));
    const at = this.#now();
    const result = await this.#repository.transaction(async repository => {
      await repository.assets.lock(asset.id);
      // Checking the content took its time; the asset may have changed hands meanwhile.
      assertMaintains(caller, await repository.assets.byId(asset.id));
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
      }
      const version =
        standing ??
        (await this.#insert({
          repository,
          asset,
          upload,
          pages,
          previous,
          changes,
          request,
          caller,
          at,
        }));
      const moves: AliasMove[] = [];
      for (const alias of request.aliases ?? []) {
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
    this.#sessions.delete(id);
    this.#changed.raise();
    const [version] = await presentVersions(this.#repository, asset, [
      result.version,
    ]);
    return { version, created: result.created, aliases: result.moves };
  }

  /** Gives up: nothing was published, and the parts are forgotten. */
  async abort(caller: Caller, id: string): Promise<void> {
    const { upload } = await this.#find(caller, id);
    await this.#forget(upload);
  }

  /** Ends sessions whose lease has run out; for a scheduled task. */
  async removeExpired(): Promise<number> {
    const expired = await this.#repository.uploads.expired(this.#now(), 100);
    for (const upload of expired) await this.#forget(upload);
    return expired.length;
  }

  async #forget(upload: UploadRecord): Promise<void> {
    this.#sessions.delete(upload.id);
    const parts = await this.#repository.uploads.parts(upload.id);
    await this.#repository.transaction(repository =>
      repository.uploads.remove(upload.id),
    );
    for (const digest of parts.keys()) {
      await this.#store.abortParts(partsSession(upload.id, digest));
    }
  }

  async #insert(options: {
    repository: Repository;
    asset: AssetRecord;
    upload: UploadRecord;
    pages: readonly PageRecord[];
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
      previous,
      changes,
      request,
      caller,
      at,
    } = options;
    const latest = await repository.versions.latest(asset.id);
    const sequence = (latest?.sequence ?? 0) + 1;
    const aliases = await repository.aliases.list(asset.id);
    const label = chooseLabel({
      asked: request.label,
      sequence,
      type: this.#types.known(asset.type),
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
        // Two pushes that cross: the counts were made against another version.
        changes: latest?.id === previous?.id ? changes : undefined,
        createdAt: at,
        createdBy: caller.subject,
      },
      pages,
    );
    for (const page of pages) {
      const entries = await this.#manifests.entries(asset.uid, page.digest);
      await repository.blobs.publish(
        asset.id,
        entries.map(entry => entry.digest),
      );
    }
    await repository.assets.touch(asset.id, at);
    await repository.changes.append({
      asset,
      kind: 'version.created',
      subject: label,
      at,
      by: caller.subject,
    });
    return version;
  }

  async #checkContent(
    asset: AssetRecord,
    upload: UploadRecord,
    pages: readonly PageRecord[],
  ): Promise<void> {
    const manifest = manifestOf(pages);
    if (
      pages.some((page, index) => page.position !== index) ||
      manifest.fileCount !== upload.fileCount
    ) {
      throw new ConflictError(
        `${manifest.fileCount} of the ${upload.fileCount} files of the manifest have arrived; send its other pages first`,
      );
    }
    if (manifest.size !== upload.size) {
      throw new FieldError(
        'size',
        `the files have ${manifest.size} bytes, but the upload was begun for ${upload.size}`,
      );
    }
    if (manifestDigest(manifest) !== upload.digest) {
      throw new FieldError(
        'digest',
        `the pages make the manifest ${manifestDigest(
          manifest,
        )}, but the upload was begun for ${upload.digest}`,
      );
    }
    const checker = new ManifestChecker();
    for (const [index, page] of pages.entries()) {
      const entries = await this.#manifests.entries(asset.uid, page.digest);
      entries.forEach((entry, at) => {
        checker.check(entry);
        const last = at === entries.length - 1;
        const cut = endsPage(entry.path) || at === MAX_PAGE_ENTRIES - 1;
        if (last ? !cut && index < pages.length - 1 : cut) {
          throw new InputError(
            `page ${index} of the manifest is not cut where the format says`,
          );
        }
      });
      const sizes = new Map(entries.map(entry => [entry.digest, entry.size]));
      const blobs = await this.#repository.blobs.find(asset.id, [
        ...sizes.keys(),
      ]);
      for (const entry of entries) {
        const blob = blobs.get(entry.digest);
        if (!blob) {
          throw new ConflictError(
            `the bytes of ${JSON.stringify(entry.path)} (${
              entry.digest
            }) have not arrived`,
          );
        }
        if (blob.size !== entry.size) {
          throw new InputError(
            `${JSON.stringify(entry.path)} has ${
              blob.size
            } bytes, but the manifest says ${entry.size}`,
          );
        }
      }
    }
  }

  async #missing(
    caller: Caller,
    asset: AssetRecord,
    upload: UploadRecord,
    entries: readonly { digest: Digest; size: number }[],
  ): Promise<MissingBlob[]> {
    const sizes = new Map(entries.map(entry => [entry.digest, entry.size]));
    const standing = await this.#repository.blobs.find(asset.id, [
      ...sizes.keys(),
    ]);
    let wanted = [...sizes.keys()].filter(digest => !standing.has(digest));
    const elsewhere = await this.#repository.blobs.findElsewhere(
      wanted,
      caller,
    );
    await this.#repository.blobs.add(
      asset.id,
      [...elsewhere.values()],
      this.#now(),
    );
    wanted = wanted.filter(digest => !elsewhere.has(digest));
    const parts = await this.#repository.uploads.parts(upload.id);
    return wanted.map(digest => ({
      digest,
      size: sizes.get(digest) ?? 0,
      receivedParts: parts.get(digest) ?? [],
    }));
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

  async #find(
    caller: Caller,
    id: string,
  ): Promise<{ asset: AssetRecord; upload: UploadRecord }> {
    const now = Date.parse(this.#now());
    const known = this.#sessions.get(id);
    if (
      known &&
      now - known.at < SESSION_FRESH_MS &&
      known.upload.createdBy === caller.subject
    ) {
      return known;
    }
    this.#sessions.delete(id);
    const upload = await this.#repository.uploads.find(id);
    if (
      !upload ||
      upload.createdBy !== caller.subject ||
      upload.expiresAt < this.#now()
    ) {
      throw new NotFoundError(
        `there is no upload ${id} of yours; begin again to go on`,
      );
    }
    const asset = await this.#repository.assets.byId(upload.assetId);
    // Whoever lost the asset since has lost the session with it.
    if (!owns(caller, asset)) {
      throw new NotFoundError(
        `there is no upload ${id} of yours; begin again to go on`,
      );
    }
    const session = { at: now, upload, asset };
    this.#sessions.set(id, session);
    return session;
  }

  async #keep(upload: UploadRecord): Promise<void> {
    const expiresAt = later(this.#now(), LEASE_MS);
    if (Date.parse(expiresAt) - Date.parse(upload.expiresAt) > LEASE_SLACK_MS) {
      await this.#repository.uploads.extend(upload.id, expiresAt);
    }
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
      partSize: this.#partSize,
      createdAt: upload.createdAt,
      createdBy: upload.createdBy,
      expiresAt: upload.expiresAt,
      receivedPages: pages.map(page => page.position),
    };
  }
}

function partsSession(id: string, digest: Digest): string {
  return `${id}.${digest.slice('sha256:'.length)}`;
}

function later(time: string, milliseconds: number): string {
  return new Date(Date.parse(time) + milliseconds).toISOString();
}

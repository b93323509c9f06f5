import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import type { LoggerService } from '@backstage/backend-plugin-api';
import {
  AssetChangeKind,
  buildManifest,
  Digest,
  digestOf,
  layOutPack,
  packHeader,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { Knex } from 'knex';
import { DatabaseRepository } from '../database/DatabaseRepository';
import { AssetRecorder } from '../services/AssetRecorder';
import { BlobKeeper } from '../services/BlobKeeper';
import { BlockDigests } from '../services/BlockDigests';
import { HeldBlobs } from '../services/HeldBlobs';
import { blobKey, packKey, pageKey } from '../model/keys';
import { ManifestReader } from '../services/ManifestReader';
import { PackKeeper } from '../services/PackKeeper';
import type { PageRecord, VersionRecord } from '../services/ports';
import { Stores } from '../services/Stores';
import { LocalBlobStore } from '../storage/LocalBlobStore';

const HOUR = 3_600_000;
const BEGIN = Date.parse('2026-11-25T12:00:00.000Z');
const MAYA = 'user:default/maya';

/**
 * A database and two stores on this disk with one asset, and a clock that stands
 * still: what services are tried on without HTTP.
 */
export class Installation {
  static async create(
    knex: Knex,
    logger: LoggerService,
  ): Promise<Installation> {
    const directory = await mkdtemp(path.join(os.tmpdir(), 'installation-'));
    const repository = await DatabaseRepository.create({
      database: { getClient: async () => knex },
    });
    const byName = new Map<string, LocalBlobStore>();
    for (const name of ['local', 'other']) {
      byName.set(
        name,
        await LocalBlobStore.create({ directory: path.join(directory, name) }),
      );
    }
    const installation = new Installation({
      directory,
      repository,
      byName,
      logger,
    });
    installation.assetId = await installation.makeAsset('asset');
    return installation;
  }

  readonly uid = '01jexampleasset';
  readonly repository: DatabaseRepository;
  readonly stores: Stores;
  readonly manifests: ManifestReader;
  readonly keeper: BlobKeeper;
  readonly blocks: BlockDigests;
  readonly packs: PackKeeper;
  readonly heldBlobs: HeldBlobs;
  readonly recorder: AssetRecorder;
  readonly logger: LoggerService;
  readonly now = () => new Date(this.#now).toISOString();
  assetId = 0;
  #now = BEGIN;
  readonly #directory: string;
  readonly #byName: ReadonlyMap<string, LocalBlobStore>;

  private constructor(options: {
    directory: string;
    repository: DatabaseRepository;
    byName: ReadonlyMap<string, LocalBlobStore>;
    logger: LoggerService;
  }) {
    this.logger = options.logger;
    this.#directory = options.directory;
    this.#byName = options.byName;
    this.repository = options.repository;
    this.stores = new Stores({
      byName: options.byName,
      defaultName: 'local',
      placement: [],
    });
    this.manifests = new ManifestReader(this);
    this.keeper = new BlobKeeper(this);
    this.blocks = new BlockDigests(this);
    this.packs = new PackKeeper(this);
    this.heldBlobs = new HeldBlobs(this);
    this.recorder = new AssetRecorder(this);
  }

  /** The same stores beside a database that knows nothing of them. */
  async withAnotherDatabase(knex: Knex): Promise<Installation> {
    return new Installation({
      directory: this.#directory,
      repository: await DatabaseRepository.create({
        database: { getClient: async () => knex },
      }),
      byName: this.#byName,
      logger: this.logger,
    });
  }

  async remove(): Promise<void> {
    await rm(this.#directory, { recursive: true });
  }

  /** Moves the clock to some hours after the begin. */
  at(hours: number): void {
    this.#now = BEGIN + hours * HOUR;
  }

  /** Some hours after now. */
  later(hours: number): string {
    return new Date(this.#now + hours * HOUR).toISOString();
  }

  /** Puts something into the change feed of the asset. */
  async change(kind: AssetChangeKind, subject?: string): Promise<void> {
    await this.repository.changes.append({
      asset: await this.repository.assets.byId(this.assetId),
      kind,
      subject,
      at: this.now(),
      by: MAYA,
    });
  }

  async makeAsset(
    name: string,
    uid = name === 'asset' ? this.uid : `${this.uid}-${name}`,
  ): Promise<number> {
    const at = this.now();
    const { id } = await this.repository.assets.insert({
      namespace: 'default',
      name,
      uid,
      type: 'generic',
      owner: 'group:default/team',
      visibility: 'internal',
      tags: [],
      relations: { derivedFrom: [], producedBy: [], consumedBy: [] },
      revision: 1,
      createdAt: at,
      createdBy: MAYA,
      updatedAt: at,
    });
    return id;
  }

  async put(key: string, text: string, store = 'local'): Promise<void> {
    await this.stores.get(store).put({
      key,
      size: text.length,
      digest: digestOf(text),
      body: Readable.from([Buffer.from(text)]),
    });
  }

  /** Puts other bytes where some stand already, as no store would by itself. */
  async overwrite(key: string, text: string, store = 'local'): Promise<void> {
    await this.stores.get(store).delete(key);
    await this.put(key, text, store);
  }

  /** A blob that arrived, and that no version holds yet. */
  async arrive(text: string, store = 'local'): Promise<Digest> {
    const digest = digestOf(text);
    const key = blobKey(this.uid, digest);
    await this.put(key, text, store);
    await this.repository.blobs.add(
      this.assetId,
      [{ digest, size: text.length, key, store, state: 'verified' }],
      this.now(),
    );
    return digest;
  }

  /** Blobs that arrived in one pack. @returns its key */
  async arrivePacked(
    texts: string[],
    state: 'received' | 'verified' = 'verified',
  ): Promise<string> {
    const { pack, blobs, key } = this.packOf(texts);
    await this.put(key, pack);
    await this.repository.blobs.add(
      this.assetId,
      blobs.map(blob => ({ ...blob, key, store: 'local', state })),
      this.now(),
    );
    return key;
  }

  packOf(texts: string[]) {
    const { blobs } = layOutPack(
      texts.map(text => ({ digest: digestOf(text), size: text.length })),
    );
    const pack = packHeader(blobs) + texts.join('');
    return { pack, blobs, key: packKey(this.uid, digestOf(Buffer.from(pack))) };
  }

  /** A version of files that are named after their bytes, or `empty`, which have arrived. */
  async makeVersion(
    sequence: number,
    texts: string[],
    more: Partial<VersionRecord> = {},
  ): Promise<VersionRecord> {
    const built = buildManifest(
      texts.map(text => ({
        path: text || 'empty',
        size: text.length,
        digest: digestOf(text),
      })),
    );
    const pages: PageRecord[] = [];
    for (const [position, page] of built.pages.entries()) {
      await this.put(pageKey(this.uid, digestOf(page)), page);
      pages.push({
        position,
        digest: digestOf(page),
        store: 'local',
        fileCount: texts.length,
        size: built.manifest.size,
        firstPath: [...texts].sort()[0],
      });
    }
    return this.repository.versions.insert(
      {
        assetId: this.assetId,
        metadataRevision: 1,
        sequence,
        label: `${sequence}`,
        digest: built.digest,
        fileCount: texts.length,
        size: built.manifest.size,
        metadata: {},
        verification: 'verified',
        createdAt: this.now(),
        createdBy: MAYA,
        ...more,
      },
      pages,
    );
  }

  /** The bytes of a blob as the first of its copies gives them, and where that stands. */
  async textOf(text: string): Promise<{ key: string; text: string }> {
    const digest = digestOf(text);
    const found = await this.repository.blobs.find(this.assetId, [digest]);
    const [copy] = found.get(digest) ?? [];
    if (!copy) throw new Error(`nobody knows a copy of ${text}`);
    const chunks: Buffer[] = [];
    for await (const chunk of await this.stores.open(copy)) chunks.push(chunk);
    return { key: copy.key, text: Buffer.concat(chunks).toString() };
  }

  async bytesAt(key: string, store = 'local'): Promise<string> {
    const chunks: Buffer[] = [];
    for await (const chunk of await this.stores.get(store).open(key))
      chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  }

  /** An upload of the asset that nobody has finished yet. */
  async openUpload(expiresAt: string): Promise<void> {
    await this.repository.uploads.insert({
      id: 'upload',
      assetId: this.assetId,
      store: 'local',
      digest: digestOf('manifest'),
      fileCount: 1,
      size: 4,
      createdAt: this.now(),
      createdBy: MAYA,
      heardAt: this.now(),
      expiresAt,
    });
  }

  /** What was the disk of a store is not mounted any more: something else stands in its place. */
  async away(store: string): Promise<void> {
    const folder = path.join(this.#directory, store);
    await rename(folder, `${folder}.away`);
    for (const name of ['blobs', 'tmp'])
      await mkdir(path.join(folder, name), { recursive: true });
  }

  /** It is mounted again. */
  async back(store: string): Promise<void> {
    const folder = path.join(this.#directory, store);
    await rm(folder, { recursive: true });
    await rename(`${folder}.away`, folder);
  }

  async stands(key: string, store = 'local'): Promise<boolean> {
    return (await this.stores.get(store).stat(key)) !== undefined;
  }
}

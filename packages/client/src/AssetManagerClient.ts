import {
  AliasMove,
  Asset,
  AssetAlias,
  AssetChange,
  AssetDeclaration,
  AssetFacets,
  AssetFile,
  AssetName,
  AssetQuery,
  AssetSummary,
  AssetVersion,
  BeginUploadResponse,
  CommitUploadRequest,
  CommitUploadResponse,
  CreateAssetRequest,
  DeletedAsset,
  CollectionPlan,
  CopyJob,
  CopyMode,
  Digest,
  digestOf,
  formatReference,
  LATEST,
  Manifest,
  ManifestEntry,
  MissingBlob,
  PackPlacement,
  Page,
  PieceToSend,
  SentPack,
  SignedPut,
  FixityCheck,
  FixityCheckRequest,
  FixityReport,
  RebuildReport,
  StorageReport,
  StoreCheck,
  StoreSummary,
  parsePage,
  UpdateAssetRequest,
  Upload,
  VersionComparison,
  Whoami,
} from '@baseasset/backstage-plugin-asset-manager-common';
import { AssetManagerError } from './AssetManagerError';
import { IntegrityError, refuseDamaged } from './IntegrityError';
import { paginate } from './paginate';
import { AccessClient } from './AccessClient';
import { AssetTypeClient } from './AssetTypeClient';
import { AuditClient } from './AuditClient';
import { LifecycleClient } from './LifecycleClient';
import { LineageClient } from './LineageClient';
import {
  assetPath,
  PageOptions,
  RequestOptions,
  SendOptions,
  VersionReference,
  versionPath,
} from './requests';
import type { PieceTarget } from './uploadVersion';
import { retry, RetryOptions } from './retry';

/** @public */
export interface AssetManagerClientOptions {
  /** The API's address, e.g. `http://localhost:7007/api/asset-manager`, or how to find it. */
  baseUrl: string | (() => Promise<string>);
  /** Sends the requests, with whatever tells who is asking. The global one when left out. */
  fetch?: typeof fetch;
  retry?: Omit<RetryOptions, 'signal'>;
}

/** How often a client comes back for digests that are being made: some ten minutes in all. */
const PATIENT_ROUNDS = 20;

/**
 * The HTTP API of the asset manager: one method for each of its operations.
 * Works in browsers and in Node 20 and later.
 *
 * @throws AssetManagerError from every method, for what the server refused and
 *   when it can't be reached
 * @public
 */
export class AssetManagerClient {
  /** Who may do what. */
  readonly access: AccessClient;
  /** The rules of asset types. */
  readonly types: AssetTypeClient;
  /** Where versions stand in their life. */
  readonly lifecycle: LifecycleClient;
  /** What was run, and what came of what. */
  readonly lineage: LineageClient;
  /** Who changed what. */
  readonly audit: AuditClient;
  readonly #baseUrl: () => Promise<string>;
  readonly #fetch: typeof fetch;
  readonly #retry: Omit<RetryOptions, 'signal'>;

  constructor(options: AssetManagerClientOptions) {
    const { baseUrl } = options;
    this.#baseUrl = typeof baseUrl === 'string' ? async () => baseUrl : baseUrl;
    this.#fetch = options.fetch ?? ((...request) => fetch(...request));
    this.#retry = options.retry ?? {};
    this.access = new AccessClient((path, send) => this.#text(path, send));
    this.lifecycle = new LifecycleClient((path, send) =>
      this.#text(path, send),
    );
    this.lineage = new LineageClient((path, send) => this.#text(path, send));
    this.audit = new AuditClient(
      (path, send) => this.#text(path, send),
      (path, send) => this.#open(path, send),
    );
    this.types = new AssetTypeClient(
      (path, send) => this.#text(path, send),
      (path, send) => this.#open(path, send),
    );
  }

  /** Who the caller is. */
  whoami(options?: RequestOptions): Promise<Whoami> {
    return this.#json('/whoami', options);
  }

  /** One part of the list of assets. */
  listAssets(
    query: AssetQuery = {},
    options: PageOptions = {},
  ): Promise<Page<AssetSummary>> {
    const { cursor, limit, signal } = options;
    return this.#json('/assets', {
      query: { ...query, cursor, limit },
      signal,
    });
  }

  /** All assets that the query finds, fetched as they are asked for. */
  assets(
    query: AssetQuery = {},
    options: PageOptions = {},
  ): AsyncGenerator<AssetSummary> {
    return paginate(cursor => this.listAssets(query, { ...options, cursor }));
  }

  listFacets(
    query: AssetQuery = {},
    options?: RequestOptions,
  ): Promise<AssetFacets> {
    const { sort: _sort, ...filters } = query;
    return this.#json('/facets', { query: { ...filters }, ...options });
  }

  createAsset(
    request: CreateAssetRequest,
    options?: RequestOptions,
  ): Promise<Asset> {
    return this.#json('/assets', { ...options, method: 'POST', body: request });
  }

  getAsset(name: AssetName, options?: RequestOptions): Promise<Asset> {
    return this.#json(assetPath(name), options);
  }

  /**
   * Changes the card.
   *
   * @param etag - of the asset as the caller saw it; then somebody else's
   *   change in between is a conflict (409)
   */
  updateAsset(
    name: AssetName,
    request: UpdateAssetRequest,
    options: RequestOptions & { etag?: string } = {},
  ): Promise<Asset> {
    return this.#json(assetPath(name), {
      signal: options.signal,
      method: 'PATCH',
      body: request,
      headers: options.etag ? { 'If-Match': options.etag } : undefined,
      again: false,
    });
  }

  listVersions(
    name: AssetName,
    options: PageOptions = {},
  ): Promise<Page<AssetVersion>> {
    const { cursor, limit, signal } = options;
    return this.#json(`${assetPath(name)}/versions`, {
      query: { cursor, limit },
      signal,
    });
  }

  /** All versions, newest first. */
  versions(
    name: AssetName,
    options: PageOptions = {},
  ): AsyncGenerator<AssetVersion> {
    return paginate(cursor => this.listVersions(name, { ...options, cursor }));
  }

  /** @param options.asOf - the time at which the selector is read: ISO 8601; now when left out */
  getVersion(
    version: VersionReference,
    options: RequestOptions & { asOf?: string } = {},
  ): Promise<AssetVersion> {
    const { asOf, signal } = options;
    return this.#json(versionPath(version), { query: { asOf }, signal });
  }

  /** Deletes a version; until `deletion.until` it can be brought back. */
  deleteVersion(
    version: VersionReference,
    reason?: string,
    options?: RequestOptions,
  ): Promise<AssetVersion> {
    return this.#json(`${versionPath(version)}/deletion`, {
      ...options,
      method: 'PUT',
      body: { reason },
    });
  }

  undeleteVersion(
    version: VersionReference,
    options?: RequestOptions,
  ): Promise<AssetVersion> {
    return this.#json(`${versionPath(version)}/deletion`, {
      ...options,
      method: 'DELETE',
      again: false,
    });
  }

  /** Deletes an asset with all versions; until `deletion.until` it can be brought back. */
  deleteAsset(
    name: AssetName,
    reason?: string,
    options?: RequestOptions,
  ): Promise<DeletedAsset> {
    return this.#json(`${assetPath(name)}/deletion`, {
      ...options,
      method: 'PUT',
      body: { reason },
    });
  }

  undeleteAsset(name: AssetName, options?: RequestOptions): Promise<Asset> {
    return this.#json(`${assetPath(name)}/deletion`, {
      ...options,
      method: 'DELETE',
      again: false,
    });
  }

  /** The caller's deleted assets that can be brought back, the last deleted first. */
  async listDeletedAssets(options?: RequestOptions): Promise<DeletedAsset[]> {
    return (
      await this.#json<{ items: DeletedAsset[] }>('/deleted-assets', options)
    ).items;
  }

  /** The manifest, checked against the version's digest where that is given. */
  async getManifest(
    version: VersionReference,
    options: RequestOptions & { digest?: Digest } = {},
  ): Promise<Manifest> {
    const text = await this.#text(`${versionPath(version)}/manifest`, {
      signal: options.signal,
    });
    if (options.digest) assertDigest('the manifest', text, options.digest);
    return JSON.parse(text);
  }

  /**
   * All files of a version, in the order of their paths, each page checked
   * against the manifest and the manifest against the digest.
   */
  async *entries(
    version: AssetName & { digest: Digest },
    options?: RequestOptions,
  ): AsyncGenerator<ManifestEntry> {
    for await (const page of this.manifestPages(version, options)) yield* page;
  }

  /** The same, page by page. */
  async *manifestPages(
    version: AssetName & { digest: Digest },
    options?: RequestOptions,
  ): AsyncGenerator<ManifestEntry[]> {
    const reference = { ...version, selector: version.digest };
    const manifest = await this.getManifest(reference, {
      ...options,
      digest: version.digest,
    });
    const read = (position: number) => {
      const text = this.#text(
        `${versionPath(reference)}/manifest/pages/${position}`,
        options,
      );
      // Whoever waits for it hears of an error; nobody may be left who does.
      text.catch(() => {});
      return text;
    };
    let next = read(0);
    for (const [position, page] of manifest.pages.entries()) {
      const text = await next;
      // While a page is looked at, the next one is on its way.
      if (position + 1 < manifest.pages.length) next = read(position + 1);
      assertDigest(`page ${position} of the manifest`, text, page.digest);
      yield parsePage(text);
    }
  }

  /** Where the small files of a page of the manifest can be read together. */
  getPackPlacement(
    version: VersionReference,
    position: number,
    options?: RequestOptions,
  ): Promise<PackPlacement> {
    return this.#json(
      `${versionPath(version)}/manifest/pages/${position}/packs`,
      options,
    );
  }

  /** The address of a pack, which is read by ranges. */
  async packUrl(name: AssetName, pack: Digest): Promise<string> {
    return `${await this.#baseUrl()}${assetPath(name)}/packs/${pack}`;
  }

  listFiles(
    version: VersionReference,
    options: PageOptions & { under?: string } = {},
  ): Promise<Page<AssetFile>> {
    const { cursor, limit, under, signal } = options;
    return this.#json(`${versionPath(version)}/files`, {
      query: { cursor, limit, under: under || undefined },
      signal,
    });
  }

  /** All files of a version with their media types. */
  files(
    version: VersionReference,
    options: PageOptions & { under?: string } = {},
  ): AsyncGenerator<AssetFile> {
    return paginate(cursor =>
      this.listFiles(version, { limit: 1000, ...options, cursor }),
    );
  }

  /** The address of a file; who follows it has to say who they are. */
  fileUrl(version: VersionReference, path: string): Promise<string> {
    return this.#fileAddress('files', version, path);
  }

  /**
   * The bytes of a file, or a range of them with both ends included.
   *
   * @throws AssetManagerError with status 416 when the range lies past the end
   */
  async readFile(
    version: VersionReference,
    path: string,
    options: RequestOptions & {
      start?: number;
      end?: number;
      /** Has the backend read what stands in a bucket, instead of sending us there. */
      via?: 'backend';
      /** A store whose copy is not wanted, as far as there is another one. */
      without?: string;
      /** Tries together; as many as the client makes when left out. */
      attempts?: number;
    } = {},
  ): Promise<Response> {
    const { start, end, via, without, attempts, signal } = options;
    const url = new URL(await this.fileUrl(version, path));
    if (via) url.searchParams.set('via', via);
    if (without) url.searchParams.set('without', without);
    const headers: Record<string, string> =
      start === undefined ? {} : { Range: `bytes=${start}-${end ?? ''}` };
    return retry(() => this.#send(url.href, { headers, signal }), {
      ...this.#retry,
      ...(attempts !== undefined && { attempts }),
      signal,
    }).catch(refuseDamaged);
  }

  /**
   * The SHA-256 of some blocks of a file of more than 1 MiB, 32 bytes each. A
   * block has 65,536 bytes. While the portal makes them, which takes as long as
   * reading the file, the answer is waited for.
   *
   * @param options.first - the number of the first block, from 0
   * @param options.count - 8192 at most
   * @param options.wait - false to be told of that by status 503 at once
   * @throws AssetManagerError with status 400 for small files
   */
  async readBlockDigests(
    version: VersionReference,
    path: string,
    options: RequestOptions & { first: number; count: number; wait?: boolean },
  ): Promise<Uint8Array> {
    const { first, count, wait = true, signal } = options;
    const address = await this.#fileAddress('blocks', version, path);
    const url = `${address}?first=${first}&count=${count}&wait=${wait}`;
    for (let round = 1; ; round++) {
      try {
        const read = async () => {
          const response = await this.#send(url, { signal });
          return wholeOf(url, signal, () => response.arrayBuffer());
        };
        const digests = await retry(read, {
          ...this.#retry,
          ...(!wait && { attempts: 2 }),
          signal,
        });
        return new Uint8Array(digests);
      } catch (error) {
        const { status } = error as Partial<AssetManagerError>;
        if (status !== 503 || !wait || round === PATIENT_ROUNDS)
          refuseDamaged(error);
      }
    }
  }

  compareVersions(
    from: VersionReference,
    to: VersionReference,
    options?: RequestOptions,
  ): Promise<VersionComparison> {
    const text = ({ namespace, name, selector = LATEST }: VersionReference) =>
      formatReference({ namespace, name, selector });
    return this.#json('/comparison', {
      query: { from: text(from), to: text(to) },
      ...options,
    });
  }

  async listAliases(
    name: AssetName,
    options?: RequestOptions,
  ): Promise<AssetAlias[]> {
    return (
      await this.#json<{ items: AssetAlias[] }>(
        `${assetPath(name)}/aliases`,
        options,
      )
    ).items;
  }

  /** Where the aliases pointed, newest first. */
  async listAliasMoves(
    name: AssetName,
    options: RequestOptions & { alias?: string } = {},
  ): Promise<AliasMove[]> {
    const { alias, signal } = options;
    const { items } = await this.#json<{ items: AliasMove[] }>(
      `${assetPath(name)}/alias-moves`,
      {
        query: { alias },
        signal,
      },
    );
    return items;
  }

  /**
   * Points an alias to a version.
   *
   * @param expected - the label that the caller saw it point to, null for none
   */
  setAlias(
    name: AssetName,
    alias: string,
    request: { version: string; expected?: string | null },
    options?: RequestOptions,
  ): Promise<AliasMove> {
    return this.#json(
      `${assetPath(name)}/aliases/${encodeURIComponent(alias)}`,
      {
        ...options,
        method: 'PUT',
        body: request,
        again: request.expected === undefined,
      },
    );
  }

  removeAlias(
    name: AssetName,
    alias: string,
    options?: RequestOptions,
  ): Promise<AliasMove> {
    return this.#json(
      `${assetPath(name)}/aliases/${encodeURIComponent(alias)}`,
      {
        ...options,
        method: 'DELETE',
        again: false,
      },
    );
  }

  beginUpload(
    name: AssetName,
    content: {
      digest: Digest;
      fileCount: number;
      size: number;
      /** What the commit will bring, so that it is refused before the first byte. */
      metadata?: CommitUploadRequest['metadata'];
    },
    options?: RequestOptions,
  ): Promise<BeginUploadResponse> {
    return this.#json(`${assetPath(name)}/uploads`, {
      ...options,
      method: 'POST',
      body: content,
    });
  }

  getUpload(id: string, options?: RequestOptions): Promise<Upload> {
    return this.#json(`/uploads/${id}`, options);
  }

  /** Says that this client is at work on an upload. */
  async keepUpload(id: string, options?: RequestOptions): Promise<void> {
    await this.#text(`/uploads/${id}/heartbeat`, {
      ...options,
      method: 'POST',
    });
  }

  async abortUpload(id: string, options?: RequestOptions): Promise<void> {
    await this.#text(`/uploads/${id}`, {
      ...options,
      method: 'DELETE',
      again: false,
    });
  }

  /** Sends a canonical page of the manifest, and hears which blobs are missing. */
  async putPage(
    id: string,
    position: number,
    page: string,
    options?: RequestOptions,
  ): Promise<MissingBlob[]> {
    const { missing } = await this.#json<{ missing: MissingBlob[] }>(
      `/uploads/${id}/pages/${position}`,
      {
        ...options,
        method: 'PUT',
        rawBody: page,
        headers: { 'Content-Type': 'application/json' },
      },
    );
    return missing;
  }

  /** Where a blob, or a part of one, is sent by PUT. */
  async blobUrl(id: string, digest: Digest, part?: number): Promise<string> {
    const path = `/uploads/${id}/blobs/${digest}${
      part === undefined ? '' : `/parts/${part}`
    }`;
    return `${await this.#baseUrl()}${path}`;
  }

  /** Where a pack is sent by PUT. */
  async packTarget(id: string, pack: Digest): Promise<string> {
    return `${await this.#baseUrl()}/uploads/${id}/packs/${pack}`;
  }

  /** Says that a pack has been sent straight to the bucket. */
  async completePack(
    id: string,
    pack: SentPack,
    options?: RequestOptions,
  ): Promise<void> {
    await this.#text(`/uploads/${id}/complete-pack`, {
      ...options,
      method: 'POST',
      body: pack,
    });
  }

  /**
   * Makes one try to send a piece that the caller has in hand.
   *
   * @throws AssetManagerError with the status that was answered
   */
  async putPiece(
    target: PieceTarget,
    body: Blob,
    options: RequestOptions = {},
  ): Promise<void> {
    const { url, headers, signed } = target;
    const response = await this.#send(
      url,
      { method: 'PUT', headers, rawBody: body, ...options },
      // A signed address carries its own permission, and must get no other.
      signed ? globalThis.fetch : this.#fetch,
    );
    // An answer that nobody reads keeps its connection, or breaks it.
    await response.arrayBuffer();
  }

  /** Signed requests that send pieces straight to the bucket, in the order of the pieces. */
  async signPieces(
    id: string,
    pieces: readonly PieceToSend[],
    options?: RequestOptions,
  ): Promise<SignedPut[]> {
    const { items } = await this.#json<{ items: SignedPut[] }>(
      `/uploads/${id}/sign`,
      { ...options, method: 'POST', body: { pieces } },
    );
    return items;
  }

  /** Says that all of some blobs (200 at most) has been sent. */
  async completeBlobs(
    id: string,
    blobs: readonly { digest: Digest; size: number }[],
    options?: RequestOptions,
  ): Promise<void> {
    await this.#text(`/uploads/${id}/complete`, {
      ...options,
      method: 'POST',
      body: { blobs },
    });
  }

  commitUpload(
    id: string,
    request: CommitUploadRequest,
    options?: RequestOptions,
  ): Promise<CommitUploadResponse> {
    return this.#json(`/uploads/${id}/commit`, {
      ...options,
      method: 'POST',
      body: request,
    });
  }

  /** The places where bytes are kept. */
  async listStores(options?: RequestOptions): Promise<StoreSummary[]> {
    return (await this.#json<{ items: StoreSummary[] }>('/stores', options))
      .items;
  }

  /** Tries out every store; for operators. */
  async examineStores(options?: RequestOptions): Promise<StoreCheck[]> {
    return (
      await this.#json<{ items: StoreCheck[] }>('/stores/examine', {
        ...options,
        method: 'POST',
      })
    ).items;
  }

  /** What the bytes take; for operators. */
  getStorage(options?: RequestOptions): Promise<StorageReport> {
    return this.#json('/storage', options);
  }

  /** What a collection would delete; for operators. */
  planCollection(options?: RequestOptions): Promise<CollectionPlan> {
    return this.#json('/storage/collection', options);
  }

  /** Deletes what nothing refers to; for operators. */
  collect(options?: RequestOptions): Promise<{ deleted: number }> {
    return this.#json('/storage/collection', { ...options, method: 'POST' });
  }

  /**
   * Brings back what the portal's database has lost, from what stands in the
   * stores; for operators.
   */
  rebuild(
    request: { dryRun?: boolean },
    options?: RequestOptions,
  ): Promise<RebuildReport> {
    return this.#json('/storage/rebuild', {
      ...options,
      method: 'POST',
      body: request,
    });
  }

  /** The last checks of what stands in the stores, newest first; for operators. */
  async listFixityChecks(options?: RequestOptions): Promise<FixityCheck[]> {
    return (
      await this.#json<{ items: FixityCheck[] }>('/storage/checks', options)
    ).items;
  }

  /** Orders a check of what stands in the stores; for operators. */
  createFixityCheck(
    request: FixityCheckRequest,
    options?: RequestOptions,
  ): Promise<FixityCheck> {
    return this.#json('/storage/checks', {
      ...options,
      method: 'POST',
      body: request,
    });
  }

  /** A check and what it found; for operators. */
  getFixityReport(id: string, options?: RequestOptions): Promise<FixityReport> {
    return this.#json(`/storage/checks/${encodeURIComponent(id)}`, options);
  }

  /** The caller's uploads that are not finished, newest first. */
  async listUploads(options?: RequestOptions): Promise<Upload[]> {
    return (await this.#json<{ items: Upload[] }>('/uploads', options)).items;
  }

  /** Copies the bytes of an asset to another store, or moves them there, in the background. */
  createCopyJob(
    name: AssetName,
    request: { store: string; mode: CopyMode },
    options?: RequestOptions,
  ): Promise<CopyJob> {
    return this.#json(`${assetPath(name)}/copies`, {
      ...options,
      method: 'POST',
      body: request,
    });
  }

  /** The last jobs, newest first. */
  async listCopyJobs(
    name: AssetName,
    options?: RequestOptions,
  ): Promise<CopyJob[]> {
    return (
      await this.#json<{ items: CopyJob[] }>(
        `${assetPath(name)}/copies`,
        options,
      )
    ).items;
  }

  /** What happened after a point, in order. */
  listChanges(
    options: RequestOptions & { after?: number; limit?: number } = {},
  ): Promise<{ items: AssetChange[]; after: number }> {
    const { after, limit, signal } = options;
    return this.#json('/changes', { query: { after, limit }, signal });
  }

  async listDeclarations(
    name: AssetName,
    options?: RequestOptions,
  ): Promise<AssetDeclaration[]> {
    const { items } = await this.#json<{ items: AssetDeclaration[] }>(
      `${assetPath(name)}/declarations`,
      options,
    );
    return items;
  }

  /** Tells that a repository declares the asset; for the catalog alone. */
  declareAsset(
    name: AssetName,
    declaration: { location: string; card: object },
    options?: RequestOptions,
  ): Promise<{ state: AssetDeclaration['state'] }> {
    return this.#json(`${assetPath(name)}/declarations`, {
      ...options,
      method: 'PUT',
      body: declaration,
    });
  }

  /** Lets a declaration write the card; for maintainers. */
  async acceptDeclaration(
    name: AssetName,
    location: string,
    options?: RequestOptions,
  ): Promise<void> {
    await this.#text(`${assetPath(name)}/declarations/accept`, {
      ...options,
      method: 'POST',
      body: { location },
    });
  }

  /** Tells that a repository declares the asset no more; for the catalog alone. */
  async withdrawDeclaration(
    name: AssetName,
    location: string,
    options?: RequestOptions,
  ): Promise<void> {
    await this.#text(`${assetPath(name)}/declarations/withdraw`, {
      ...options,
      method: 'POST',
      body: { location },
    });
  }

  /** An answer that is read while it comes. */
  async #open(path: string, options: SendOptions): Promise<Response> {
    return this.#send(`${await this.#baseUrl()}${path}`, {
      ...options,
      headers:
        options.body === undefined
          ? {}
          : { 'Content-Type': 'application/json' },
    });
  }

  async #fileAddress(
    noun: 'files' | 'blocks',
    version: VersionReference,
    path: string,
  ): Promise<string> {
    const encoded = path.split('/').map(encodeURIComponent).join('/');
    return `${await this.#baseUrl()}${versionPath(version)}/${noun}/${encoded}`;
  }

  async #json<T>(path: string, options?: SendOptions): Promise<T> {
    const text = await this.#text(path, options);
    try {
      return JSON.parse(text);
    } catch (cause) {
      throw new AssetManagerError({
        status: 0,
        message: `${
          new URL(await this.#baseUrl()).origin
        } answers, but not as an asset manager does`,
        cause,
      });
    }
  }

  async #text(path: string | URL, options: SendOptions = {}): Promise<string> {
    const url =
      path instanceof URL ? path : new URL(`${await this.#baseUrl()}${path}`);
    for (const [key, value] of Object.entries(options.query ?? {})) {
      for (const each of Array.isArray(value) ? value : [value]) {
        if (each !== undefined) url.searchParams.append(key, String(each));
      }
    }
    const headers: Record<string, string> = {
      Accept: 'application/json',
      ...options.headers,
    };
    if (options.body !== undefined)
      headers['Content-Type'] = 'application/json';
    // One key for all tries: the server answers them as one request.
    if (options.method === 'POST') headers['Idempotency-Key'] = newKey();
    const send = async () => {
      const response = await this.#send(url.href, { ...options, headers });
      return wholeOf(url.href, options.signal, () => response.text());
    };
    return options.again === false
      ? send()
      : retry(send, { ...this.#retry, signal: options.signal });
  }

  async #send(
    url: string,
    options: Pick<
      SendOptions,
      'method' | 'headers' | 'body' | 'rawBody' | 'signal'
    >,
    fetch = this.#fetch,
  ): Promise<Response> {
    const { method = 'GET', headers, body, rawBody, signal } = options;
    let response: Response;
    try {
      response = await fetch(url, {
        method,
        headers,
        body:
          rawBody ?? (body === undefined ? undefined : JSON.stringify(body)),
        signal,
      });
    } catch (cause) {
      signal?.throwIfAborted();
      // Only a line that broke is ours to explain; whoever adds the token explains their own failures.
      if (!(cause instanceof TypeError)) throw cause;
      throw new AssetManagerError({
        status: 0,
        message: `the asset manager at ${new URL(url).origin} can't be reached`,
        cause,
      });
    }
    if (!response.ok) {
      throw AssetManagerError.fromBody(
        response.status,
        await response.text().catch(() => ''),
      );
    }
    return response;
  }
}

/** @throws AssetManagerError with status 0 when the answer breaks off */
async function wholeOf<T>(
  url: string,
  signal: AbortSignal | undefined,
  read: () => Promise<T>,
): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    signal?.throwIfAborted();
    throw new AssetManagerError({
      status: 0,
      message: `an answer of the asset manager at ${
        new URL(url).origin
      } broke off`,
      cause,
    });
  }
}

function newKey(): string {
  const bytes = globalThis.crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('');
}

function assertDigest(what: string, text: string, digest: Digest): void {
  const found = digestOf(text);
  if (found !== digest) {
    throw new IntegrityError(
      `${what} has the digest ${found}, but ${digest} was asked for`,
    );
  }
}

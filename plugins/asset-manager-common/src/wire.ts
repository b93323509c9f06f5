import type { JsonObject } from '@backstage/types';
import type { Digest } from './digest';
import type { ManifestEntry } from './ManifestChecker';
import type { PackedBlob } from './pack';
import type { AssetName } from './reference';
import type { Verb } from './access';
import type { Visibility } from './visibility';

/**
 * A part of a list, and the way to the next part.
 *
 * @public
 */
export interface Page<T> {
  items: T[];
  /** Give it back as `cursor` for the next part; absent at the end. */
  nextCursor?: string;
}

/**
 * How one version differs from the one before.
 *
 * @public
 */
export interface ChangeCounts {
  added: number;
  changed: number;
  removed: number;
}

/**
 * That a version or an asset was deleted.
 *
 * @public
 */
export interface Deletion {
  /** ISO 8601, UTC. */
  at: string;
  by: string;
  reason?: string;
  /** Until then it can be brought back; absent when it can't any more. */
  until?: string;
  /** Whether the bytes are gone. */
  final: boolean;
}

/**
 * A deleted asset as those see it who can bring it back.
 *
 * @public
 */
export interface DeletedAsset extends AssetName {
  type: string;
  owner: string;
  title?: string;
  versionCount: number;
  deletion: Deletion;
}

/**
 * An immutable version of an asset.
 *
 * @public
 */
export interface AssetVersion {
  /** Unique in the asset: `1`, `2`, … or the publisher's own. */
  label: string;
  /** The digest of its manifest. */
  digest: Digest;
  /** 1 for the asset's first version, and so on. */
  sequence: number;
  fileCount: number;
  /** Bytes of all files together. */
  size: number;
  message?: string;
  metadata: JsonObject;
  /** ISO 8601, UTC. */
  createdAt: string;
  /** Entity reference of the person, or the name of the service. */
  createdBy: string;
  /** The aliases that point to it now. */
  aliases: string[];
  /** Where it stands in its life; absent when its type is not there any more. */
  stage?: string;
  /** Whether it is what `latest` means now. */
  latest: boolean;
  verification: Verification;
  /** Present when it was deleted: its files can't be read then. */
  deletion?: Deletion;
  /** Present when somebody took it back: it is there, and nobody ought to use it. */
  retraction?: Retraction;
  /** What its type says of the stage that it stands in, to whoever uses it. */
  banner?: string;
  /** Against the version before it; absent for the first. */
  changes?: ChangeCounts;
}

/**
 * That a version is not to be used any more.
 *
 * @public
 */
export interface Retraction {
  /** ISO 8601, UTC. */
  at: string;
  by: string;
  reason: string;
}

/**
 * That an asset, or one of its versions, has to be kept.
 *
 * @public
 */
export interface Hold {
  id: string;
  /** Of the version; absent when it is for all of the asset. */
  label?: string;
  reason: string;
  /** ISO 8601, UTC. */
  placedAt: string;
  placedBy: string;
}

/** @public */
export interface UpdateVersionRequest {
  /** Fields to set; those that are null are taken out. */
  metadata?: JsonObject;
}

/**
 * A declaration of the asset in a repository.
 *
 * @public
 */
export interface AssetDeclaration {
  /** Where the catalog read it, e.g. `url:https://…/catalog-info.yaml`. */
  location: string;
  /** `accepted` declarations write the card; `proposed` ones wait for an owner. */
  state: 'proposed' | 'accepted';
  /** ISO 8601, UTC. */
  seenAt: string;
}

/**
 * An asset as a list shows it.
 *
 * @public
 */
export interface AssetSummary extends AssetName {
  type: string;
  /** Entity reference of a group or user. */
  owner: string;
  system?: string;
  visibility: Visibility;
  title?: string;
  description?: string;
  tags: string[];
  /** ISO 8601, UTC. */
  createdAt: string;
  createdBy: string;
  /** ISO 8601, UTC: the last change of the card, its versions or aliases. */
  updatedAt: string;
  versionCount: number;
  /** What `latest` means now; absent before the first push. */
  latest?: Pick<
    AssetVersion,
    'label' | 'digest' | 'size' | 'fileCount' | 'createdAt'
  >;
  aliases: { name: string; label: string }[];
  /** The repository that writes the card; a proposed one where none does yet. */
  declaration?: AssetDeclaration;
  /** Entity references, as in the catalog's relations. */
  derivedFrom: string[];
  producedBy: string[];
  consumedBy: string[];
}

/**
 * One asset with what only its own page asks for.
 *
 * @public
 */
export interface Asset extends AssetSummary {
  /** Never reused, also not when a name is. */
  uid: string;
  /** For `If-Match` of an edit. */
  etag: string;
  /** Bytes of all versions, counted for each. */
  logicalSize: number;
  /** Bytes that are stored for them. */
  storedSize: number;
  /** Whether the caller maintains it: may edit it, and all that takes no admin. */
  maintained: boolean;
  /** What the caller may do with it. */
  may: Verb[];
}

/**
 * What can be said of an asset when it is created.
 *
 * @public
 */
export interface CreateAssetRequest extends AssetName {
  type: string;
  /** Left out: the caller's only group. */
  owner?: string;
  system?: string;
  visibility?: Visibility;
  title?: string;
  description?: string;
  tags?: string[];
}

/**
 * What can be changed of an asset. A field left out stays; `null` takes an
 * optional one away.
 *
 * @public
 */
export interface UpdateAssetRequest {
  type?: string;
  owner?: string;
  system?: string | null;
  visibility?: Visibility;
  title?: string | null;
  description?: string | null;
  tags?: string[];
}

/** @public */
export type AssetSort =
  | 'updated'
  | '-updated'
  | 'name'
  | '-name'
  | 'size'
  | '-size';

/**
 * How a list of assets is narrowed.
 *
 * @public
 */
export interface AssetQuery {
  /** Words that stand in the name, title, description or a tag. */
  text?: string;
  namespace?: string[];
  type?: string[];
  owner?: string[];
  tag?: string[];
  visibility?: Visibility[];
  sort?: AssetSort;
  /** Only those that were there at this time, with the versions and aliases that they had. ISO 8601. */
  asOf?: string;
}

/**
 * How many of the assets that the query finds have which value.
 *
 * @public
 */
export type AssetFacets = Record<
  'type' | 'owner' | 'namespace' | 'tag' | 'visibility',
  { value: string; count: number }[]
>;

/**
 * A file with what the version's identity does not depend on.
 *
 * @public
 */
export interface AssetFile extends ManifestEntry {
  /** RFC 6838, told from the path. */
  mediaType: string;
}

/** @public */
export type FileChangeKind = 'added' | 'removed' | 'changed' | 'renamed';

/**
 * One file that differs between two versions.
 *
 * @public
 */
export interface FileChange {
  kind: FileChangeKind;
  path: string;
  /** The former path of a renamed file. */
  fromPath?: string;
  from?: { size: number; digest: Digest };
  to?: { size: number; digest: Digest };
}

/**
 * What differs between two versions.
 *
 * @public
 */
export interface VersionComparison {
  from: AssetName &
    Pick<AssetVersion, 'label' | 'digest' | 'metadata' | 'size' | 'fileCount'>;
  to: AssetName &
    Pick<AssetVersion, 'label' | 'digest' | 'metadata' | 'size' | 'fileCount'>;
  counts: Record<FileChangeKind | 'unchanged', number>;
  changes: FileChange[];
  /** True when there are more changes than are listed. */
  truncated: boolean;
}

/** @public */
export interface AssetAlias {
  name: string;
  label: string;
  digest: Digest;
  /** ISO 8601, UTC. */
  updatedAt: string;
  updatedBy: string;
}

/** @public */
export interface AliasMove {
  name: string;
  /** Absent when the alias was new. */
  from?: string;
  /** Absent when the alias was taken away. */
  to?: string;
  /** ISO 8601, UTC. */
  at: string;
  by: string;
}

/**
 * Whether a version's bytes were read and hashed where they are stored:
 * `received` until a task has done it for what went straight to a bucket,
 * `damaged` when it found other bytes.
 *
 * @public
 */
export type Verification = 'received' | 'verified' | 'damaged';

/**
 * A place where bytes are kept.
 *
 * @public
 */
export interface StoreSummary {
  name: string;
  /** Whether new bytes go there where no rule says another. */
  default: boolean;
  /** Whether clients send to it and read from it without the backend. */
  direct: boolean;
  /**
   * Where clients reach it without the backend, e.g. `https://storage.googleapis.com`:
   * good for measuring how far it is, and for nothing without a signature.
   */
  address?: string;
}

/**
 * What looking after a store showed.
 *
 * @public
 */
export interface StoreCheck {
  store: string;
  /** What was tried, in a few words. */
  check: string;
  /**
   * `warned` when the store works and something should be changed; `skipped` when an
   * earlier check failed on which this one stands, or nobody could tell.
   */
  state: 'ok' | 'warned' | 'failed' | 'skipped';
  /** What was found, and what to change. */
  advice?: string;
}

/**
 * What the bytes of a part of the installation take.
 *
 * @public
 */
export interface StorageUsage {
  /** A store, an asset type, or an owner; see which list it stands in. */
  value: string;
  assets: number;
  blobs: number;
  /** Bytes as they are stored; what several assets link counts once. */
  storedBytes: number;
}

/**
 * What the assets of a namespace hold.
 *
 * @public
 */
export interface NamespaceUsage {
  namespace: string;
  assets: number;
  /** Bytes, each file's once per asset. */
  heldBytes: number;
  /** Bytes that it may hold; absent when there is no limit. */
  quota?: number;
}

/**
 * What was stored on a day.
 *
 * @public
 */
export interface StorageSample {
  /** E.g. `2026-11-25`, in UTC. */
  day: string;
  store: string;
  storedBytes: number;
}

/** @public */
export interface StorageReport {
  byStore: StorageUsage[];
  byType: StorageUsage[];
  byOwner: StorageUsage[];
  /** Those that hold most first. */
  byNamespace: NamespaceUsage[];
  /** The last hundred days on which it was looked at, the oldest first. */
  trend: StorageSample[];
  /** Bytes of all files of all versions, as if each were stored by itself. */
  logicalBytes: number;
  storedBytes: number;
  /** Bytes that nothing refers to, and that are deleted after the grace. */
  condemned: { blobs: number };
  uploads: { open: number };
}

/**
 * Bytes that a collection would delete, or would if nothing kept them.
 *
 * @public
 */
export interface CollectionCandidate {
  store: string;
  key: string;
  /** Bytes; unknown for what nothing refers to any more. */
  size?: number;
  /** `condemned` when nothing refers to them, `unfinished` when a push did not come to its end. */
  reason: 'condemned' | 'unfinished';
  /** What keeps them for now; absent when the next collection deletes them. */
  keptBy?: string;
}

/** @public */
export interface CollectionPlan {
  items: CollectionCandidate[];
  /** Whether there are more than these. */
  truncated: boolean;
}

/** @public */
export type CopyMode = 'move' | 'replicate';

/**
 * The bytes of an asset on their way to another store.
 *
 * @public
 */
export interface CopyJob {
  id: string;
  mode: CopyMode;
  /** The store that they go to. */
  store: string;
  state: 'queued' | 'running' | 'done' | 'failed';
  copiedBlobs: number;
  copiedBytes: number;
  /** Bytes that were not there when the job began. */
  totalBytes: number;
  error?: string;
  /** ISO 8601, UTC. */
  createdAt: string;
  createdBy: string;
  /** ISO 8601, UTC. */
  updatedAt: string;
}

/**
 * A blob that the server still wants, and how.
 *
 * @public
 */
export interface MissingBlob {
  digest: Digest;
  size: number;
  /**
   * The numbers (from 0) of the parts that the server holds already. Only
   * blobs larger than the session's `partSize` have parts.
   */
  receivedParts: number[];
}

/**
 * The checksum that a PUT to a bucket carries, in base64 as the store wants it:
 * SHA-256 in S3, CRC32C (RFC 3720, big-endian) in Google Cloud Storage.
 *
 * @public
 */
export type PartChecksum = 'sha256' | 'crc32c';

/**
 * A whole small blob, or a part of a larger one, that is to be sent straight to
 * the bucket.
 *
 * @public
 */
export interface PieceToSend {
  /** Of the whole blob. */
  digest: Digest;
  /** From 0; absent when the blob goes in one piece. */
  part?: number;
  /** Whether the digest is that of a pack. */
  pack?: boolean;
  /** Bytes of the piece. */
  size: number;
  /** Base64, of the kind that the session asks for. */
  checksum: string;
}

/**
 * How a piece is sent: whoever holds this may do so until it expires, and it
 * must not be shown to anybody else.
 *
 * @public
 */
export interface SignedPut {
  method: 'PUT';
  url: string;
  /** To be sent as they stand. */
  headers: Record<string, string>;
  /** ISO 8601, UTC. */
  expiresAt: string;
}

/**
 * Which blobs may be sent together, as a pack.
 *
 * @public
 */
export interface Packing {
  /** A blob with more bytes goes by itself. */
  blobSize: number;
  /** Bytes of a pack, with its header, at most. */
  packSize: number;
}

/**
 * A pack that has been sent straight to a bucket.
 *
 * @public
 */
export interface SentPack {
  /** SHA-256 of all of it. */
  digest: Digest;
  /** In the order in which they stand in it. */
  blobs: PackedBlob[];
}

/**
 * Where the small files of a page of a manifest can be read together.
 *
 * @public
 */
export interface PackPlacement {
  packs: Digest[];
  /**
   * For each entry of the page the index of its pack and its offset there in
   * bytes; null for what stands by itself.
   */
  entries: ([pack: number, offset: number] | null)[];
}

/**
 * An upload session: the way from files on a disk to a version.
 *
 * @public
 */
export interface Upload extends AssetName {
  id: string;
  /** The digest of the manifest that it is for. */
  digest: Digest;
  fileCount: number;
  size: number;
  /**
   * Bytes of a part; a blob that is no larger goes in one piece. A very large
   * blob has larger parts: see `partSizeOf`.
   */
  partSize: number;
  /** The name of the store that the bytes go to. */
  store: string;
  /** How the bytes go straight to a bucket; absent where the backend takes them. */
  direct?: { checksum: PartChecksum };
  packing: Packing;
  createdAt: string;
  createdBy: string;
  /** The last sign of life of whoever pushes. */
  heardAt: string;
  /** Moved on by every sign of life. */
  expiresAt: string;
  /** The positions of the pages that the server holds already. */
  receivedPages: number[];
}

/**
 * The answer to the start of an upload: either the way to go on, or the
 * version that has this content already.
 *
 * @public
 */
export type BeginUploadResponse =
  | { state: 'open'; upload: Upload }
  | { state: 'exists'; version: AssetVersion };

/** @public */
export interface CommitUploadRequest {
  label?: string;
  message?: string;
  metadata?: JsonObject;
  /** Set to the new version in the same transaction. */
  aliases?: string[];
}

/** @public */
export interface CommitUploadResponse {
  version: AssetVersion;
  /** False when the asset had a version with this content already. */
  created: boolean;
  /** For each alias that was asked for: where it pointed before. */
  aliases: AliasMove[];
}

/** @public */
export type AssetChangeKind =
  | 'asset.created'
  | 'asset.updated'
  | 'asset.hidden'
  | 'asset.deleted'
  | 'asset.undeleted'
  | 'version.created'
  | 'version.verified'
  | 'version.damaged'
  | 'version.deleted'
  | 'version.undeleted'
  | 'version.moved'
  | 'version.updated'
  | 'version.retracted'
  | 'version.reinstated'
  | 'hold.placed'
  | 'hold.ended'
  | 'version.checked'
  | 'run.recorded'
  | 'transition.requested'
  | 'transition.decided'
  | 'transition.ended'
  | 'alias.moved'
  | 'declaration.changed';

/**
 * One entry of the change feed.
 *
 * @public
 */
export interface AssetChange extends AssetName {
  /** Grows; give the last one back as `after`. */
  sequence: number;
  kind: AssetChangeKind;
  uid: string;
  /** The version or alias that it is about. */
  subject?: string;
  /** ISO 8601, UTC. */
  at: string;
  by: string;
}

/** @public */
export interface Whoami {
  /** Entity reference of a person, or the name of a service. */
  subject: string;
  kind: 'user' | 'service';
  /** What the caller owns things as. */
  ownershipEntityRefs: string[];
  /** Whether the caller looks after the installation. */
  operator: boolean;
  /** Whether the configuration names the caller as an administrator. */
  administrator: boolean;
  /** Whether the caller may see the audit trail of everything. */
  auditor: boolean;
  /** The administrator who looks with the eyes of this one. */
  viewedBy?: string;
}

/**
 * Names a person, group or service account with whose eyes an administrator looks;
 * as an entity reference. Nothing can be changed so.
 *
 * @public
 */
export const VIEW_AS_HEADER = 'Asset-Manager-View-As';

/**
 * An error answer: problem details (RFC 9457) in a body that Backstage's own
 * error parsing understands, too.
 *
 * @public
 */
export interface ProblemDetails {
  type: string;
  title: string;
  status: number;
  detail: string;
  /** What is wrong with which field of the request. */
  errors?: { field: string; detail: string }[];
}

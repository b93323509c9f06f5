import type {
  AliasMove,
  AssetChange,
  AssetChangeKind,
  AssetDeclaration,
  AssetFacets,
  AssetName,
  AssetQuery,
  ChangeCounts,
  CopyJob,
  Digest,
  Hold,
  PlacedBlob,
  Retraction,
  StorageReport,
  Verification,
  Visibility,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { JsonObject } from '@backstage/types';
import type { Caller } from '../model/caller';
import type {
  AccessRequestStore,
  FederationStore,
  GrantStore,
  ServiceAccountStore,
  SigningKeyStore,
} from './accessPorts';
import type { AssetTypeDraftStore, AssetTypeStore } from './assetTypePorts';
import type { AuditStore, NewAuditEvent } from './auditPorts';
import type { DeletionTimes } from './deletionTimes';
import type {
  CheckStore,
  TransitionRequestStore,
  TransitionStore,
} from './lifecyclePorts';
import type { FixityStore, ObjectIndex } from './fixityPorts';
import type { LineageStore } from './lineagePorts';
import type { WebhookStore } from './webhookPorts';

/** Where the time comes from: ISO 8601 in UTC. */
export type Clock = () => string;

/** Whose eyes a query looks with; `everything` is for the plugin's own tasks. */
export type Viewer = Caller | 'everything';

/** Entity references of other things in the catalog. */
export interface AssetRelations {
  derivedFrom: string[];
  producedBy: string[];
  consumedBy: string[];
}

export interface AssetCard {
  type: string;
  owner: string;
  system?: string;
  visibility: Visibility;
  title?: string;
  description?: string;
  tags: string[];
  relations: AssetRelations;
}

/** That something was deleted. */
export interface DeletionRecord {
  at: string;
  by: string;
  reason?: string;
  /** It can be brought back until then. */
  until: string;
  /** When its bytes were given up. */
  purgedAt?: string;
}

export interface AssetRecord extends AssetName, AssetCard {
  id: number;
  uid: string;
  revision: number;
  createdAt: string;
  createdBy: string;
  updatedAt: string;
  deletion?: DeletionRecord;
}

/** An asset with what a list says of its versions. */
export interface AssetListRecord extends AssetRecord {
  versionCount: number;
  latest?: {
    label: string;
    digest: Digest;
    size: number;
    fileCount: number;
    createdAt: string;
  };
  aliases: { name: string; label: string }[];
  declaration?: AssetDeclaration;
}

export interface AssetStore {
  /** One that is not deleted; `everything` sees deleted ones as well, as long as they keep their names. */
  find(name: AssetName, viewer: Viewer): Promise<AssetRecord | undefined>;
  byId(id: number): Promise<AssetRecord>;
  /** Keyset page; `cursor` is what the page before gave. */
  list(options: {
    query: AssetQuery;
    viewer: Viewer;
    limit: number;
    cursor?: string;
  }): Promise<{ items: AssetListRecord[]; nextCursor?: string }>;
  facets(query: AssetQuery, viewer: Viewer): Promise<AssetFacets>;
  /** Names that are close to one that does not exist. */
  similar(name: AssetName, viewer: Viewer): Promise<AssetName[]>;
  insert(asset: Omit<AssetRecord, 'id'>): Promise<AssetRecord>;
  /** Compare-and-set on the revision. @throws ConflictError when somebody was faster */
  update(asset: AssetRecord): Promise<AssetRecord>;
  touch(id: number, at: string): Promise<void>;
  /** Writes down that an asset is deleted, or is no more. */
  setDeletion(id: number, deletion: DeletionRecord | undefined): Promise<void>;
  /** Deleted ones that a caller owns or has a grant for, and whose bytes are still there; the last deleted first. */
  deleted(caller: Caller, limit: number): Promise<AssetRecord[]>;
  /** Those that can't be brought back any more, and whose bytes are still there. */
  purgeable(now: string, limit: number): Promise<AssetRecord[]>;
  /** Frees the name of a deleted asset, whose bytes are gone. */
  freeName(id: number): Promise<void>;
  /** Keeps others from giving away names of the asset until the transaction ends. */
  lock(id: number): Promise<void>;
}

export interface VersionRecord {
  id: number;
  assetId: number;
  sequence: number;
  label: string;
  digest: Digest;
  fileCount: number;
  size: number;
  message?: string;
  metadata: JsonObject;
  verification: Verification;
  changes?: ChangeCounts;
  createdAt: string;
  createdBy: string;
  deletion?: DeletionRecord;
  retraction?: Retraction;
  /** Of the metadata, from 1. */
  metadataRevision: number;
}

/** What keeps an asset, or a version, from being deleted. */
export interface HoldRecord extends Omit<Hold, 'label'> {
  assetId: number;
  /** Absent when it is for all of the asset. */
  versionId?: number;
}

/** What has been ended is not there. */
export interface HoldStore {
  /** Of an asset and all of its versions, oldest first. */
  list(assetId: number): Promise<HoldRecord[]>;
  insert(hold: HoldRecord): Promise<void>;
  end(
    id: string,
    end: { at: string; by: string; reason: string },
  ): Promise<void>;
}

export interface PageRecord {
  position: number;
  digest: Digest;
  /** The store that its text stands in. */
  store: string;
  fileCount: number;
  size: number;
  firstPath: string;
}

export interface VersionStore {
  /**
   * The newest that is neither deleted nor retracted.
   *
   * @param until - as it was at that time
   */
  latest(assetId: number, until?: string): Promise<VersionRecord | undefined>;
  /** The newest, deleted or not. */
  newest(assetId: number): Promise<VersionRecord | undefined>;
  byLabel(assetId: number, label: string): Promise<VersionRecord | undefined>;
  /** Up to two versions whose digest begins so. */
  byDigestPrefix(assetId: number, prefix: string): Promise<VersionRecord[]>;
  byId(id: number): Promise<VersionRecord>;
  labels(assetId: number): Promise<Set<string>>;
  /** Newest first. */
  list(options: {
    assetId: number;
    before?: number;
    limit: number;
  }): Promise<VersionRecord[]>;
  insert(
    version: Omit<VersionRecord, 'id'>,
    pages: readonly PageRecord[],
  ): Promise<VersionRecord>;
  pages(versionId: number): Promise<PageRecord[]>;
  /** Versions whose bytes nobody has read yet where they are stored, oldest first. */
  received(limit: number): Promise<VersionRecord[]>;
  setVerification(id: number, verification: Verification): Promise<void>;
  /** Writes down that a version is deleted, or is no more. */
  setDeletion(id: number, deletion: DeletionRecord | undefined): Promise<void>;
  setRetraction(id: number, retraction: Retraction): Promise<void>;
  /** Those of some versions that held at a time. */
  retractionsAt(
    ids: readonly number[],
    time: string,
  ): Promise<Map<number, Retraction>>;
  /** It stays known that it was retracted until then. */
  endRetraction(id: number, at: string): Promise<void>;
  /** Those that were there at a time. */
  countUntil(assetId: number, until: string): Promise<number>;
  /** With another revision. */
  setMetadata(id: number, metadata: JsonObject): Promise<void>;
  /** Those whose metadata is not what they were pushed with, and those that are retracted. */
  annotated(assetId: number): Promise<VersionRecord[]>;
  /** Those of assets of a type that stand, by id. */
  ofType(
    type: string,
    options: { after: number; limit: number },
  ): Promise<VersionRecord[]>;
  countOfType(type: string): Promise<number>;
  /** Those that can't be brought back any more, and whose bytes are still there; not those of deleted assets. */
  purgeable(now: string, limit: number): Promise<VersionRecord[]>;
  /** Those whose bytes are kept: that stand, or can be brought back. */
  keptIds(assetId: number): Promise<number[]>;
  /** Those of an asset that are deleted, whether their bytes are there or not. */
  deleted(assetId: number): Promise<VersionRecord[]>;
  /** Aliases that point to it. */
  aliasesOf(id: number): Promise<string[]>;
  /**
   * Says that the pages of an asset's manifests, up to a version, stand in a store.
   *
   * @returns those that were said to stand elsewhere
   */
  movePages(
    assetId: number,
    store: string,
    lastSequence: number,
  ): Promise<Pick<PageRecord, 'digest' | 'store'>[]>;
  /** What those take whose bytes are there; deleted ones count as bytes, and not as versions. */
  sizes(
    assetId: number,
  ): Promise<{ versionCount: number; logicalSize: number; storedSize: number }>;
}

export interface AliasRecord {
  name: string;
  versionId: number;
  updatedAt: string;
  updatedBy: string;
}

export interface AliasStore {
  list(assetId: number): Promise<AliasRecord[]>;
  /** Labels by the names of the aliases that pointed to them at a time. */
  asOf(assetId: number, time: string): Promise<Map<string, string>>;
  find(assetId: number, name: string): Promise<AliasRecord | undefined>;
  set(assetId: number, alias: AliasRecord): Promise<void>;
  remove(assetId: number, name: string): Promise<void>;
  recordMove(assetId: number, move: AliasMove): Promise<void>;
  /** Newest first. */
  moves(
    assetId: number,
    name: string | undefined,
    limit: number,
  ): Promise<AliasMove[]>;
}

/** A copy of a blob. */
export interface BlobRecord {
  digest: Digest;
  /** The store that it stands in. */
  store: string;
  size: number;
  key: string;
  /** Bytes from the begin of the pack that it stands in; undefined when it stands by itself. */
  offset?: number;
  state: Verification;
}

/** Where bytes stand, whoever refers to them: one blob, or a pack. */
export type StoredBlob = Pick<BlobRecord, 'store' | 'key'>;

/** Which asset holds which bytes, and where. */
export interface BlobIndex {
  /** All copies that are not damaged. */
  find(
    assetId: number,
    digests: readonly Digest[],
  ): Promise<Map<Digest, BlobRecord[]>>;
  /** Verified copies in versions of other assets that the caller may read. */
  findElsewhere(
    digests: readonly Digest[],
    viewer: Viewer,
  ): Promise<Map<Digest, BlobRecord[]>>;
  /** A copy that stands is left as it is, unless it was damaged, or is verified now. */
  add(assetId: number, blobs: readonly BlobRecord[], at: string): Promise<void>;
  /** Says that a version holds the blobs; only then may other assets link them. */
  publish(assetId: number, digests: readonly Digest[]): Promise<void>;
  /** Says of a copy, for all assets that hold it, what reading it showed. */
  setState(
    copy: Pick<BlobRecord, 'digest' | 'store' | 'key'>,
    state: Verification,
  ): Promise<void>;
  /** The blobs of a pack that are not damaged, by their offsets: those that versions of an asset hold, or all. */
  inPack(pack: StoredBlob, assetId?: number): Promise<BlobRecord[]>;
  /** Says that the blobs of a pack stand in another one now, and condemns the former. */
  repacked(
    from: StoredBlob,
    to: { key: string; blobs: readonly PlacedBlob[] },
    at: string,
  ): Promise<void>;
  /** How many copies an asset has that do not stand in a store, and their bytes. */
  outside(
    assetId: number,
    store: string,
  ): Promise<{ count: number; bytes: number }>;
  /** Copies whose blobs do not stand in a store yet, by their digests from one on. */
  lackingIn(
    assetId: number,
    store: string,
    options: { after?: Digest; limit: number },
  ): Promise<BlobRecord[]>;
  /**
   * Forgets the copies of an asset in all stores but one, as far as they stand
   * there; what nothing refers to any more is deleted after a while.
   */
  keepOnlyIn(assetId: number, store: string, at: string): Promise<void>;
  /**
   * Keeps condemned bytes that are about to be referred to again.
   *
   * @throws ServiceUnavailableError when they are being deleted at this moment
   */
  claim(copies: readonly StoredBlob[]): Promise<void>;
  /** Whether any asset holds the bytes as they stand there. */
  isReferenced(copy: StoredBlob): Promise<boolean>;
  /**
   * Says that bytes are damaged: all that stand there, or those of one blob of a pack.
   *
   * @returns whether nothing else stands there, so that they may be deleted;
   *   `deleted` has to be called then
   */
  condemnDamaged(
    copy: StoredBlob,
    times: DeletionTimes,
    packed?: Digest,
  ): Promise<boolean>;
  /**
   * Bytes of some stores that were condemned before a time, and those whose
   * deletion was begun before another one and never ended.
   */
  condemned(
    before: string,
    options: {
      abandoned: string;
      limit: number;
      offset: number;
      stores: readonly string[];
    },
  ): Promise<StoredBlob[]>;
  /**
   * Begins to delete condemned bytes, unless something refers to them, or to a
   * part of them.
   *
   * @returns whether they may be deleted; `deleted` has to be called then
   */
  beginDelete(copy: StoredBlob, times: DeletionTimes): Promise<boolean>;
  /** Whether the deletion that began at a time goes on: nobody else has taken it over. */
  isDeleting(copy: StoredBlob, begun: string): Promise<boolean>;
  /** Ends the deletion that began at a time. */
  deleted(copy: StoredBlob, begun: string): Promise<void>;
  /** Takes a sentence back that was not carried out. */
  pardon(copy: StoredBlob): Promise<void>;
  /** Everything that is condemned, the oldest first. */
  listCondemned(
    limit: number,
  ): Promise<(StoredBlob & { condemnedAt: string })[]>;
  /** Copies that no version holds, the oldest first. */
  listUnpublished(
    limit: number,
  ): Promise<(BlobRecord & { assetId: number; createdAt: string })[]>;
  /** Assets with copies that were made before a time, and that no version holds. */
  assetsWithUnpublished(before: string, limit: number): Promise<number[]>;
  /** These copies of an asset. */
  unpublished(
    assetId: number,
    before: string,
    limit: number,
  ): Promise<BlobRecord[]>;
  /**
   * Forgets copies whether versions held them or not, all of an asset's when no
   * digests are given, and condemns their bytes. Belongs into a transaction that
   * has locked the asset.
   */
  forget(
    assetId: number,
    digests: readonly Digest[] | undefined,
    at: string,
  ): Promise<void>;
  /** Forgets copies that no version holds, and condemns their bytes. Belongs into a transaction that has locked the asset. */
  forgetUnpublished(
    assetId: number,
    digests: readonly Digest[],
    at: string,
  ): Promise<void>;
}

export interface UploadRecord {
  id: string;
  assetId: number;
  /** The store that its bytes go to. */
  store: string;
  digest: Digest;
  fileCount: number;
  size: number;
  createdAt: string;
  createdBy: string;
  /** The last sign of life of a client. */
  heardAt: string;
  expiresAt: string;
}

export interface UploadStore {
  find(id: string): Promise<UploadRecord | undefined>;
  findByDigest(options: {
    assetId: number;
    digest: Digest;
    createdBy: string;
  }): Promise<UploadRecord | undefined>;
  insert(upload: UploadRecord): Promise<void>;
  /** Takes down a sign of life, and when the session ends without another one. */
  heard(id: string, at: string, expiresAt: string): Promise<void>;
  remove(id: string): Promise<void>;
  expired(now: string, limit: number): Promise<UploadRecord[]>;
  /** When the last session of an asset ends that has not ended yet. */
  openUntil(assetId: number, now: string): Promise<string | undefined>;
  /** Those of a caller, newest first. */
  openOf(createdBy: string, now: string): Promise<UploadRecord[]>;
  pages(id: string): Promise<PageRecord[]>;
  /** @param missingSize - bytes of its files that have to be sent */
  setPage(id: string, page: PageRecord, missingSize: number): Promise<void>;
  /** What had to be sent for the pages before one, when they were put last. Bytes. */
  missingSize(id: string, before: number): Promise<number>;
  /** Begins to count anew what an upload still has to send. */
  forgetMissing(id: string): Promise<void>;
  /** Bytes that have arrived since the first page was put last. */
  arrivedSize(id: string): Promise<number>;
  /** Takes down bytes that have arrived of those that had to be sent. */
  addArrived(id: string, size: number): Promise<void>;
  /** What other uploads to a namespace, heard of since a time, still have to send. Bytes. */
  awaitedSize(options: {
    namespace: string;
    except: string;
    heardAfter: string;
  }): Promise<number>;
  /** Lets nobody else give out room in a namespace until the transaction ends. */
  lockNamespace(namespace: string): Promise<void>;
  parts(id: string): Promise<Map<Digest, number[]>>;
  addPart(id: string, digest: Digest, number: number): Promise<void>;
  removeParts(id: string, digest: Digest): Promise<void>;
  /** What the store called the unfinished blobs that go to it in parts. */
  tokens(id: string): Promise<Map<Digest, string>>;
  /** Keeps the first token of a blob. @returns the one that is kept */
  addToken(id: string, digest: Digest, token: string): Promise<string>;
  removeToken(id: string, digest: Digest): Promise<void>;
}

export interface NewChange {
  asset: Pick<AssetRecord, 'id' | 'namespace' | 'name'>;
  kind: AssetChangeKind;
  subject?: string;
  at: string;
  by: string;
  /** What the audit trail says of it besides. */
  details?: Pick<NewAuditEvent, 'digest' | 'old' | 'new' | 'reason' | 'rules'>;
}

export interface ChangeStore {
  /** With the event of the audit trail. */
  append(change: NewChange): Promise<void>;
  list(options: {
    after: number;
    limit: number;
    viewer: Viewer;
  }): Promise<AssetChange[]>;
  /** How far a reader of the plugin's own has come. */
  position(reader: string): Promise<number>;
  setPosition(reader: string, sequence: number): Promise<void>;
}

export interface DeclarationRecord {
  location: string;
  card: AssetCard;
  state: 'proposed' | 'accepted';
  seenAt: string;
}

export interface DeclarationStore {
  list(assetId: number): Promise<DeclarationRecord[]>;
  put(
    assetId: number,
    declaration: DeclarationRecord,
    by: string,
  ): Promise<void>;
  remove(assetId: number, location: string): Promise<void>;
}

export interface CopyJobRecord extends CopyJob {
  assetId: number;
}

export interface CopyJobStore {
  insert(job: CopyJobRecord): Promise<void>;
  update(job: CopyJobRecord): Promise<void>;
  /** Newest first. */
  list(assetId: number, limit: number): Promise<CopyJobRecord[]>;
  /** The store that the asset was moved to last. */
  movedTo(assetId: number): Promise<string | undefined>;
  /** The oldest that is queued, or that was running when its process ended. */
  next(): Promise<CopyJobRecord | undefined>;
}

/** Who may do what only one process may do at a time. */
export interface LeaseStore {
  /** Takes a lease that is free, over, or the holder's own. @returns whether it is the holder's now */
  take(options: {
    name: string;
    holder: string;
    now: string;
    until: string;
  }): Promise<boolean>;
  drop(name: string, holder: string): Promise<void>;
}

/** A namespace with what it holds; see `NamespaceQuotas`. */
export type NamespaceUsage = Omit<
  StorageReport['byNamespace'][number],
  'quota'
>;

export interface StorageStatistics {
  /** Without quotas, which are no matter of statistics. */
  report(): Promise<
    Omit<StorageReport, 'byNamespace'> & { byNamespace: NamespaceUsage[] }
  >;
  /** Bytes that the assets of a namespace hold, each file's once per asset. */
  heldBytes(namespace: string): Promise<number>;
  /** Writes down what is stored on a day. @param day - e.g. `2026-11-25` */
  sample(day: string): Promise<void>;
}

/** Everything that is remembered, and the way to change several things at once. */
export interface Repository {
  readonly assets: AssetStore;
  readonly versions: VersionStore;
  readonly aliases: AliasStore;
  readonly blobs: BlobIndex;
  readonly objects: ObjectIndex;
  readonly fixity: FixityStore;
  readonly uploads: UploadStore;
  readonly changes: ChangeStore;
  readonly declarations: DeclarationStore;
  readonly copyJobs: CopyJobStore;
  readonly storage: StorageStatistics;
  readonly leases: LeaseStore;
  readonly grants: GrantStore;
  readonly accessRequests: AccessRequestStore;
  readonly serviceAccounts: ServiceAccountStore;
  readonly federations: FederationStore;
  readonly assetTypes: AssetTypeStore;
  readonly assetTypeDrafts: AssetTypeDraftStore;
  readonly transitions: TransitionStore;
  readonly transitionRequests: TransitionRequestStore;
  readonly checks: CheckStore;
  readonly lineage: LineageStore;
  readonly audit: AuditStore;
  readonly holds: HoldStore;
  readonly webhooks: WebhookStore;
  readonly signingKeys: SigningKeyStore;
  /** All or nothing. Nothing slow belongs into it. */
  transaction<T>(work: (repository: Repository) => Promise<T>): Promise<T>;
}

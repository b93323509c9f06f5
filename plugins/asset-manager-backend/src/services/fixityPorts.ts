import type {
  Digest,
  FixityCheck,
  FixityFinding,
  FixityOutcome,
  PlacedBlob,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { BlobRecord, StoredBlob } from './ports';

/** An object of a store as the database knows it: one blob, or those of a pack. */
export interface StoredObject extends StoredBlob {
  /** In no order; damaged ones too. */
  blobs: BlobRecord[];
  /** One that holds a blob of it. */
  assetId: number;
}

/** The page of a manifest where a version has it. */
export interface StoredManifestPage extends StoredBlob {
  assetId: number;
  digest: Digest;
}

/** What the database says of objects in stores, whichever asset they belong to. */
export interface ObjectIndex {
  /** How many objects should stand in some stores. */
  count(stores: readonly string[]): Promise<number>;
  /** The objects that should stand in a store, by their keys from one on. */
  list(
    store: string,
    options: { after?: string; limit: number },
  ): Promise<StoredObject[]>;
  /** Pages of manifests that should stand in a store, by their keys from one on. */
  pages(
    store: string,
    options: { after?: string; limit: number },
  ): Promise<StoredManifestPage[]>;
  /** Those of the keys of a store that something refers to, or that are condemned. */
  known(store: string, keys: readonly string[]): Promise<Set<string>>;
  /** Undamaged copies of a blob in other places, whoever holds them. */
  copiesElsewhere(copy: BlobRecord): Promise<BlobRecord[]>;
  /** An undamaged copy of each blob that has one, whoever holds it. */
  copiesOf(digests: readonly Digest[]): Promise<Map<Digest, BlobRecord>>;
  /** Says that a copy which was damaged stands whole under a key now, by itself. */
  healed(
    copy: Pick<BlobRecord, 'digest' | 'store' | 'key'>,
    key: string,
  ): Promise<void>;
  /** Says of the blobs of a pack that stand there as it says that they are whole, and of others that they are damaged. */
  packVerified(pack: StoredBlob, blobs: readonly PlacedBlob[]): Promise<void>;
  /** Bytes that nothing refers to: they are deleted after a while. */
  condemn(places: readonly StoredBlob[], at: string): Promise<void>;
  /** Assets by their uids. */
  assetIds(uids: readonly string[]): Promise<Map<string, number>>;
  /** Assets that hold one of the blobs. */
  holders(digests: readonly Digest[]): Promise<number[]>;
  /** Assets whose bytes were not given up, from one on. */
  keptAssets(options: { after: number; limit: number }): Promise<number[]>;
  /** Those of the digests that an asset has a row of, damaged or not. */
  knownDigests(
    assetId: number,
    digests: readonly Digest[],
  ): Promise<Set<Digest>>;
  /** What versions of an asset are said to hold, by digests from one on. */
  published(
    assetId: number,
    options: { after?: Digest; limit: number },
  ): Promise<BlobRecord[]>;
  /** Says that no version holds the blobs: a collection looks through them again. */
  unpublish(assetId: number, digests: readonly Digest[]): Promise<void>;
}

export interface FixityCheckRecord extends Omit<FixityCheck, 'found'> {
  /** Where the part that is read begins, as a part of all digests, from 0 to 1. */
  sampleFrom: number;
  /** How far the phase has come; undefined at its begin. */
  position?: { store: string; after?: string };
}

export interface FixityFindingRecord extends Omit<FixityFinding, 'asset'> {
  assetId?: number;
}

export interface FixityStore {
  insert(check: FixityCheckRecord): Promise<void>;
  update(check: FixityCheckRecord): Promise<void>;
  find(id: string): Promise<FixityCheckRecord | undefined>;
  /** Newest first. */
  list(limit: number): Promise<FixityCheckRecord[]>;
  /** The oldest that is queued, or that was running when its process ended. */
  next(): Promise<FixityCheckRecord | undefined>;
  /** Writes findings down; what was found in a place before is replaced. */
  addFindings(
    checkId: string,
    findings: readonly FixityFindingRecord[],
  ): Promise<void>;
  /** What did not end well first. */
  findings(checkId: string, limit: number): Promise<FixityFindingRecord[]>;
  /** Blobs and pages that were lost or healed. */
  touched(
    checkId: string,
  ): Promise<{ digest: Digest; outcome: FixityOutcome; assetId?: number }[]>;
  counts(
    checkIds: readonly string[],
  ): Promise<Map<string, FixityCheck['found']>>;
  /** Forgets all but the newest. */
  keepNewest(count: number): Promise<void>;
}

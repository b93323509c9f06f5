import type {
  AssetTypeDocument,
  AssetTypeDraft,
  AssetTypeRevision,
} from '@baseasset/backstage-plugin-asset-manager-common';

/** What a type said in one of its revisions. */
export interface AssetTypeRecord extends AssetTypeRevision {
  name: string;
  document: AssetTypeDocument;
  /** As somebody wrote it, with the comments. */
  text: string;
}

/** Other rules for a type, which hold when they are published. */
export type AssetTypeDraftRecord = Omit<AssetTypeDraft, 'refusal' | 'replaced'>;

/** One draft of a type at a time. */
export interface AssetTypeDraftStore {
  find(name: string): Promise<AssetTypeDraftRecord | undefined>;
  /** In the place of the one that there was. */
  put(draft: AssetTypeDraftRecord): Promise<void>;
  /** @returns false when it is not there any more, or another one is */
  remove(
    draft: Pick<AssetTypeDraftRecord, 'name' | 'digest'>,
  ): Promise<boolean>;
}

/** The documents of asset types, which are never changed, only followed by others. */
export interface AssetTypeStore {
  newest(name: string): Promise<AssetTypeRecord | undefined>;
  /** By name. */
  allNewest(): Promise<AssetTypeRecord[]>;
  find(name: string, revision: number): Promise<AssetTypeRecord | undefined>;
  /** Newest first. */
  revisions(name: string): Promise<AssetTypeRecord[]>;
  /** @returns false when there is such a revision already */
  insert(record: AssetTypeRecord): Promise<boolean>;
  /** An asset of the type that has a label or alias of one of these names, if any. */
  nameTakenBy(
    type: string,
    names: readonly string[],
  ): Promise<{ asset: string; name: string } | undefined>;
}

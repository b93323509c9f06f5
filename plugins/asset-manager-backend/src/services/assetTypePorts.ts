import type {
  AssetTypeDocument,
  AssetTypeRevision,
} from '@baseasset/backstage-plugin-asset-manager-common';

/** What a type said in one of its revisions. */
export interface AssetTypeRecord extends AssetTypeRevision {
  name: string;
  document: AssetTypeDocument;
  /** As somebody wrote it, with the comments. */
  text: string;
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

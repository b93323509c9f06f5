/**
 * What a rebuild did for one asset, or would do.
 *
 * @public
 */
export interface RebuiltAsset {
  /** Reference of the asset, as its record in the store names it. */
  asset: string;
  uid: string;
  /**
   * `restored` when the database did not know it, `completed` when it lacked
   * versions or the last edit of its card, `skipped` when nothing could be done.
   */
  state: 'restored' | 'completed' | 'skipped';
  /** Labels of versions that the database has again. */
  versions: string[];
  /** Why it was skipped, or what of it was. */
  reason?: string;
}

/** @public */
export interface RebuildReport {
  dryRun: boolean;
  /** Records of assets that stand in the stores. */
  records: number;
  /** Those for which there was something to do. */
  assets: RebuiltAsset[];
}

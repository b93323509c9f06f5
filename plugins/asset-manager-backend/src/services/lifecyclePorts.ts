/** A move of a version from one stage to another. */
export interface TransitionRecord {
  /** Grows with each move, of whatever version. */
  id: number;
  assetId: number;
  versionId: number;
  /** Of the version, from 1. */
  sequence: number;
  from: string;
  to: string;
  reason?: string;
  /** Whose rules judged it. */
  type: string;
  typeRevision: number;
  at: string;
  by: string;
}

/** How versions have moved from stage to stage; nothing in it is ever changed. */
export interface TransitionStore {
  /**
   * The last move of each of these versions that has been moved.
   *
   * @param until - as it was at that time
   */
  lastOf(
    versionIds: readonly number[],
    until?: string,
  ): Promise<Map<number, TransitionRecord>>;
  /** Newest first, of an asset or of one of its versions. */
  list(options: {
    assetId: number;
    versionId?: number;
    limit?: number;
  }): Promise<TransitionRecord[]>;
  /** The last moves of all versions of an asset that stand where it led, the newest first. */
  standingIn(
    assetId: number,
    stage: string,
    until?: string,
  ): Promise<TransitionRecord[]>;
  /** How many versions of a type stand in each stage that something was moved to. */
  stagesInUse(type: string): Promise<Map<string, number>>;
  /** @returns false when the version has moved meanwhile */
  insert(transition: Omit<TransitionRecord, 'id'>): Promise<boolean>;
}

import type {
  AssetName,
  Digest,
  LineageConfidence,
  LineageEdge,
  Run,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { Viewer } from './ports';

/** What was run, without what it read and made. */
export type RunRecord = Omit<Run, 'inputs' | 'outputs'>;

/** That a run read or made a version. */
export interface RunVersionRecord {
  runId: string;
  direction: LineageEdge['direction'];
  versionId: number;
  role?: string;
  confidence: LineageConfidence;
}

/** The same with what one shows of the version. */
export interface RunVersionListRecord extends RunVersionRecord, AssetName {
  assetId: number;
  /** Of the asset. */
  type: string;
  label: string;
  digest: Digest;
  retracted: boolean;
  /** The version, or all of its asset. */
  deleted: boolean;
}

/** What was run; nothing in it is ever changed. */
export interface LineageStore {
  /** In the order of the ids; those that are not there are left out. */
  runs(ids: readonly string[]): Promise<RunRecord[]>;
  /** @returns false when there is a run of this id */
  insert(
    run: RunRecord,
    versions: readonly RunVersionRecord[],
  ): Promise<boolean>;
  /**
   * Where runs and versions meet, as far as the viewer may see the versions; those
   * of the last recorded runs first.
   */
  edges(options: {
    of: { versions: readonly number[] } | { runs: readonly string[] };
    direction?: LineageEdge['direction'];
    viewer: Viewer;
    limit?: number;
  }): Promise<RunVersionListRecord[]>;
}

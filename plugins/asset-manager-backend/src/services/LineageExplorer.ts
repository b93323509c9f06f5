import {
  AssetName,
  formatReference,
  Lineage,
  LineageDirection,
  LineageVersion,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { Caller } from '../model/caller';
import type { AssetService } from './AssetService';
import type { AssetTypes } from './AssetTypes';
import type { RunVersionListRecord } from './lineagePorts';
import type { AssetRecord, Repository, VersionRecord } from './ports';
import { resolveSelector } from './selectors';
import { standingOf } from './standing';

/** Versions in one answer. */
const MOST_VERSIONS = 500;
/** Runs and edges that are looked at in one step. */
const MOST_EDGES = 2_000;
const MOST_MS = 5_000;

/** A version on the way, before one knows where it stands. */
interface Met
  extends Pick<
    RunVersionListRecord,
    | 'versionId'
    | 'namespace'
    | 'name'
    | 'type'
    | 'label'
    | 'digest'
    | 'retracted'
    | 'deleted'
  > {
  distance: number;
}

/** What has been found of a graph. */
interface Found {
  versions: Map<number, Met>;
  runs: Set<string>;
  edges: Map<string, RunVersionListRecord>;
  truncated: boolean;
}

/** Walks from a version to what it was made of, and to what was made of it. */
export class LineageExplorer {
  readonly #repository: Repository;
  readonly #assets: AssetService;
  readonly #types: AssetTypes;

  constructor(options: {
    repository: Repository;
    assets: AssetService;
    types: AssetTypes;
  }) {
    this.#repository = options.repository;
    this.#assets = options.assets;
    this.#types = options.types;
  }

  /**
   * The graph around a version. What the caller may not see is not in it, and
   * nothing behind it that is reached through it alone.
   *
   * @param options.depth - runs from the version at most, either way
   */
  async explore(
    caller: Caller,
    name: AssetName,
    selector: string,
    options: { directions: readonly LineageDirection[]; depth: number },
  ): Promise<Lineage> {
    const asset = await this.#assets.find(caller, name);
    const version = await resolveSelector(this.#repository, asset, selector);
    const root = rootOf(asset, version);
    const found: Found = {
      versions: new Map([[version.id, root]]),
      runs: new Set(),
      edges: new Map(),
      truncated: false,
    };
    const deadline = Date.now() + MOST_MS;
    for (const direction of options.directions)
      await this.#walk(caller, found, {
        direction,
        depth: options.depth,
        from: version.id,
        deadline,
      });
    const standing = await standingOf(
      [...found.versions.values()],
      this.#types,
      this.#repository,
    );
    return {
      root: idOf(root),
      versions: [...found.versions.values()].map(met =>
        present(met, standing(met).stage),
      ),
      runs: await this.#repository.lineage.runs([...found.runs]),
      edges: [...found.edges.values()].map(edge => ({
        run: edge.runId,
        version: idOf(edge),
        direction: edge.direction,
        role: edge.role,
        confidence: edge.confidence,
      })),
      truncated: found.truncated,
    };
  }

  async #walk(
    caller: Caller,
    found: Found,
    options: {
      direction: LineageDirection;
      depth: number;
      from: number;
      deadline: number;
    },
  ): Promise<void> {
    const { direction, depth, deadline } = options;
    const isUpstream = direction === 'upstream';
    const [near, far] = isUpstream
      ? (['output', 'input'] as const)
      : (['input', 'output'] as const);
    const edges = (
      of: { versions: number[] } | { runs: string[] },
      side: 'input' | 'output',
      limit = MOST_EDGES,
    ) =>
      this.#repository.lineage.edges({
        of,
        direction: side,
        viewer: caller,
        limit,
      });
    let frontier = [options.from];
    for (let step = 1; step <= depth && frontier.length > 0; step++) {
      if (Date.now() > deadline) {
        found.truncated = true;
        return;
      }
      const here = await edges({ versions: frontier }, near);
      const there = await edges(
        { runs: [...new Set(here.map(edge => edge.runId))] },
        far,
      );
      if (Math.max(here.length, there.length) === MOST_EDGES)
        found.truncated = true;
      const next: number[] = [];
      const kept = there.filter(edge => {
        if (found.versions.has(edge.versionId)) return true;
        if (found.versions.size >= MOST_VERSIONS) {
          found.truncated = true;
          return false;
        }
        const distance = isUpstream ? -step : step;
        found.versions.set(edge.versionId, { ...edge, distance });
        next.push(edge.versionId);
        return true;
      });
      // A run that made nothing the caller may see is not there.
      const shown = isUpstream
        ? here
        : here.filter(edge => kept.some(({ runId }) => runId === edge.runId));
      for (const edge of [...shown, ...kept]) {
        found.runs.add(edge.runId);
        const { runId, versionId, role = '' } = edge;
        found.edges.set(
          `${runId} ${edge.direction} ${versionId} ${role}`,
          edge,
        );
      }
      frontier = next;
    }
    if (frontier.length > 0 && !found.truncated)
      found.truncated = await this.#goesOn(edges, frontier, near, far);
  }

  /** Whether there is something behind the last versions that were reached. */
  async #goesOn(
    edges: (
      of: { versions: number[] } | { runs: string[] },
      side: 'input' | 'output',
      limit?: number,
    ) => Promise<RunVersionListRecord[]>,
    frontier: number[],
    near: 'input' | 'output',
    far: 'input' | 'output',
  ): Promise<boolean> {
    const here = await edges({ versions: frontier }, near);
    if (near === 'output') return here.length > 0;
    const runs = [...new Set(here.map(edge => edge.runId))];
    return (await edges({ runs }, far, 1)).length > 0;
  }
}

function rootOf(asset: AssetRecord, version: VersionRecord): Met {
  return {
    versionId: version.id,
    namespace: asset.namespace,
    name: asset.name,
    type: asset.type,
    label: version.label,
    digest: version.digest,
    retracted: version.retraction !== undefined,
    deleted: version.deletion !== undefined,
    distance: 0,
  };
}

function idOf({ namespace, name, digest }: AssetName & { digest: string }) {
  return formatReference({ namespace, name, selector: digest });
}

function present(met: Met, stage: string | undefined): LineageVersion {
  const { namespace, name, type, label, digest, retracted, deleted, distance } =
    met;
  return {
    id: idOf(met),
    namespace,
    name,
    type,
    label,
    digest,
    stage,
    retracted,
    deleted,
    distance,
  };
}

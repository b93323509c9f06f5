import {
  AssetType,
  AssetTypeDocument,
  formatReference,
  SimulatedRules,
} from '@baseasset/backstage-plugin-asset-manager-common';
import { metadataProblems } from '../model/metadataSchema';
import { initialStage } from '../model/stages';
import { digestOfDocument } from './AssetTypes';
import { driftOf } from './drift';
import type { GateJudge } from './GateJudge';
import type { AssetRecord, Repository, VersionRecord } from './ports';
import type { Situation } from './Situation';
import type { Situations } from './Situations';

const BATCH = 500;
const MOST_EXAMPLES = 5;
const MOST_CHECKS = 50;

/** Tells what other rules would mean for the versions that there are, and changes nothing. */
export class RuleSimulator {
  readonly #repository: Repository;
  readonly #situations: Situations;
  readonly #judge: GateJudge;

  constructor(options: {
    repository: Repository;
    situations: Situations;
    judge: GateJudge;
  }) {
    this.#repository = options.repository;
    this.#situations = options.situations;
    this.#judge = options.judge;
  }

  /** How many versions were looked at, of how many, and at last what was found. */
  async *run(
    document: AssetTypeDocument,
  ): AsyncGenerator<{ done: number; total: number }, SimulatedRules> {
    const { name } = document.metadata;
    const type: AssetType = {
      name,
      title: name,
      revision: 0,
      digest: digestOfDocument(document),
      source: 'people',
      createdAt: '',
      createdBy: '',
      spec: document.spec,
    };
    const stages = new Map<string, number>();
    const failures = new Map<string, SimulatedRules['failures'][number]>();
    const standing = await this.#repository.assetTypes.newest(name);
    const total = await this.#repository.versions.countOfType(name);
    let [done, after] = [0, 0];
    for (;;) {
      const versions = await this.#repository.versions.ofType(name, {
        after,
        limit: BATCH,
      });
      const assets = new Map<number, AssetRecord>();
      for (const { assetId } of versions)
        if (!assets.has(assetId))
          assets.set(assetId, await this.#repository.assets.byId(assetId));
      const moves = await this.#repository.transitions.lastOf(
        versions.map(({ id }) => id),
      );
      const provenanceOf = await this.#situations.provenanceOf([
        ...moves.keys(),
      ]);
      for (const version of versions) {
        const asset = assets.get(version.assetId)!;
        const last = moves.get(version.id);
        const stage =
          last?.to ?? (standing && initialStage(standing.document.spec));
        if (stage && !type.spec.stages.some(each => each.name === stage)) {
          stages.set(stage, (stages.get(stage) ?? 0) + 1);
          continue;
        }
        for (const [what, message] of await this.#failures({
          asset,
          version,
          type,
          last,
          checks: [],
          provenance: provenanceOf(version.id),
          decisions: [],
        }))
          note(failures, what, message, asset, version);
      }
      done += versions.length;
      after = versions.at(-1)?.id ?? after;
      yield { done, total };
      if (versions.length < BATCH) break;
    }
    const taken = await this.#repository.assetTypes.nameTakenBy(
      name,
      document.spec.stages.map(stage => stage.name),
    );
    return {
      refusal:
        taken &&
        `'${taken.name}' can't be a stage: ${taken.asset} has a version or alias of that name`,
      versions: done,
      stages: [...stages].map(([stage, versions]) => ({ stage, versions })),
      requests: await this.#repository.transitionRequests.countOpen(name),
      failures: [...failures.values()].sort((a, b) => b.versions - a.versions),
    };
  }

  async #failures(situation: Situation): Promise<[string, string][]> {
    const { version, type, last } = situation;
    const found: [string, string][] = [];
    if (type.spec.metadata) {
      const problems = metadataProblems(type.spec.metadata, version.metadata);
      if (problems.length > 0)
        found.push(['the schema of the metadata', problems.join('; ')]);
    }
    if (!last) return found;
    const checks = await this.#repository.checks.list(version.id, MOST_CHECKS);
    for (const gate of await driftOf(this.#judge, { ...situation, checks }))
      found.push([
        gate.kind === 'way'
          ? `the way ${last.from} → ${last.to}`
          : `gate ${gate.name} of ${last.from} → ${last.to}`,
        gate.message,
      ]);
    return found;
  }
}

function note(
  failures: Map<string, SimulatedRules['failures'][number]>,
  what: string,
  message: string,
  asset: AssetRecord,
  version: VersionRecord,
): void {
  const failure = failures.get(what) ?? {
    what,
    versions: 0,
    examples: [],
    message,
  };
  failure.versions++;
  if (failure.examples.length < MOST_EXAMPLES)
    failure.examples.push(
      formatReference({ ...asset, selector: version.label }),
    );
  failures.set(what, failure);
}

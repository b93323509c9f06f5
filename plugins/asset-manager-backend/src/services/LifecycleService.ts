import type {
  AssetName,
  StageMove,
  VersionStage,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { Caller } from '../model/caller';
import { sinceIn, stageIn } from './Situation';
import { roleOf, transitionsFrom } from '../model/stages';
import type { AccessDecider } from './AccessDecider';
import type { AssetService } from './AssetService';
import type { AssetTypes } from './AssetTypes';
import { driftOf } from './drift';
import type { GateJudge } from './GateJudge';
import type { Repository } from './ports';
import { resolveSelector } from './selectors';
import type { Situations } from './Situations';
import { presentMove } from './TransitionMaker';
import type { TransitionService } from './TransitionService';

const MOST_MOVES = 500;

/** Tells where versions stand in their life, where they could go, and how they moved. */
export class LifecycleService {
  readonly #repository: Repository;
  readonly #assets: AssetService;
  readonly #access: AccessDecider;
  readonly #types: AssetTypes;
  readonly #situations: Situations;
  readonly #judge: GateJudge;
  readonly #transitions: TransitionService;

  constructor(options: {
    repository: Repository;
    assets: AssetService;
    access: AccessDecider;
    types: AssetTypes;
    situations: Situations;
    judge: GateJudge;
    transitions: TransitionService;
  }) {
    this.#repository = options.repository;
    this.#assets = options.assets;
    this.#access = options.access;
    this.#types = options.types;
    this.#situations = options.situations;
    this.#judge = options.judge;
    this.#transitions = options.transitions;
  }

  /** Where a version stands, and what its gates say of where it could go. */
  async stageOf(
    caller: Caller,
    name: AssetName,
    selector: string,
  ): Promise<VersionStage> {
    const asset = await this.#assets.find(caller, name);
    const version = await resolveSelector(this.#repository, asset, selector);
    if (!(await this.#types.find(asset.type))) {
      const last = await this.#repository.transitions.lastOf([version.id]);
      return { stage: last.get(version.id)?.to, transitions: [], drift: [] };
    }
    const situation = await this.#situations.of({
      assetId: asset.id,
      versionId: version.id,
    });
    const access = await this.#access.of(caller, asset);
    const ways = transitionsFrom(situation.type.spec, stageIn(situation));
    const transitions: VersionStage['transitions'] = [];
    for (const way of ways)
      transitions.push({
        to: way.to,
        role: roleOf(way),
        reason: way.reason ?? 'optional',
        allowed:
          !version.deletion &&
          access.roles.has(roleOf(way)) &&
          access.permits('asset.transition', { stage: way.to }),
        gates: (await this.#judge.judge(situation, way, { fresh: false }))
          .gates,
      });
    return {
      stage: stageIn(situation),
      since: sinceIn(situation),
      transitions,
      request: await this.#transitions.openOf(caller, version.id),
      drift:
        situation.last?.typeRevision === situation.type.revision
          ? []
          : await driftOf(this.#judge, situation),
    };
  }

  /** Newest first, of all versions when none is named. */
  async history(
    caller: Caller,
    name: AssetName,
    selector: string | undefined,
  ): Promise<StageMove[]> {
    const asset = await this.#assets.find(caller, name);
    const version =
      selector === undefined
        ? undefined
        : await resolveSelector(this.#repository, asset, selector);
    const moves = await this.#repository.transitions.list({
      assetId: asset.id,
      versionId: version?.id,
      limit: MOST_MOVES,
    });
    return Promise.all(
      moves.map(async move =>
        presentMove(move, await this.#repository.versions.byId(move.versionId)),
      ),
    );
  }
}

import { ConflictError } from '@backstage/errors';
import { formatReference } from '@baseasset/backstage-plugin-asset-manager-common';
import type { Provenance, Situation } from './Situation';
import type { AssetTypes } from './AssetTypes';
import type { TransitionRequestRecord } from './lifecyclePorts';
import type { Repository } from './ports';
import { standingOf } from './standing';

/** Checks that gates look at, of one version. */
const MOST_CHECKS = 200;

/** Reads all that decides where versions may go. */
export class Situations {
  readonly #repository: Repository;
  readonly #types: AssetTypes;

  constructor(options: { repository: Repository; types: AssetTypes }) {
    this.#repository = options.repository;
    this.#types = options.types;
  }

  /**
   * @param options.request - its open request when left out
   * @param options.repository - of the transaction, inside of one
   * @throws ConflictError when the type of the asset is not there any more
   */
  async of(options: {
    assetId: number;
    versionId: number;
    request?: TransitionRequestRecord;
    repository?: Repository;
  }): Promise<Situation> {
    const { assetId, versionId, repository = this.#repository } = options;
    const [asset, version] = [
      await repository.assets.byId(assetId),
      await repository.versions.byId(versionId),
    ];
    const type = await this.#types.find(asset.type, repository);
    if (!type)
      throw new ConflictError(
        `there is no asset type ${
          asset.type
        } any more that could say where ${formatReference({
          ...asset,
          selector: version.label,
        })} may go`,
      );
    const moves = await repository.transitions.lastOf([versionId]);
    const request = options.request
      ? await repository.transitionRequests.find(options.request.id)
      : await repository.transitionRequests.openOf(versionId);
    return {
      asset,
      version,
      type,
      last: moves.get(versionId),
      checks: await repository.checks.list(versionId, MOST_CHECKS),
      provenance: (await this.provenanceOf([versionId], repository))(versionId),
      request,
      decisions: request
        ? await repository.transitionRequests.decisions(request.id)
        : [],
    };
  }

  /**
   * How some versions came to be, by their ids. All that was recorded of them is
   * read, since whoever could hide an input behind many others would decide by it.
   */
  async provenanceOf(
    versionIds: readonly number[],
    repository: Repository = this.#repository,
  ): Promise<(versionId: number) => Provenance> {
    const viewer = 'everything';
    const made = await repository.lineage.edges({
      of: { versions: versionIds },
      direction: 'output',
      viewer,
    });
    const ids = [...new Set(made.map(edge => edge.runId))];
    const runs = new Map(
      (await repository.lineage.runs(ids)).map(run => [run.id, run]),
    );
    const read = await repository.lineage.edges({
      of: { runs: ids },
      direction: 'input',
      viewer,
    });
    const standing = await standingOf(read, this.#types, repository);
    return versionId => {
      const own = new Set(
        made
          .filter(edge => edge.versionId === versionId)
          .map(edge => edge.runId),
      );
      return {
        runs: [...own].sort().map(id => runs.get(id)!),
        inputs: read
          .filter(edge => own.has(edge.runId))
          .map(edge => ({ ...edge, ...standing(edge) })),
      };
    };
  }
}

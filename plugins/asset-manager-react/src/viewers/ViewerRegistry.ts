import { createApiRef } from '@backstage/frontend-plugin-api';
import type { AssetFile } from '@baseasset/backstage-plugin-asset-manager-common';
import type { ViewerChoice, ViewerDefinition, ViewerMatch } from './types';

/**
 * The viewers of this portal, and which of them suits a file.
 *
 * @public
 */
export interface AssetViewersApi {
  /** The viewers that can show a file, the most fitting first; never empty when there is a fallback. */
  choose(file: AssetFile): ViewerChoice[];
}

/** @public */
export const assetViewersApiRef = createApiRef<AssetViewersApi>({
  id: 'plugin.asset-manager.viewers',
});

const PRIORITY = { default: 2, option: 1, fallback: 0 } as const;

function scoreOf(match: ViewerMatch, file: AssetFile): number {
  const name = file.path
    .slice(file.path.lastIndexOf('/') + 1)
    .toLocaleLowerCase('en-US');
  let score = 0;
  for (const mediaType of match.mediaTypes ?? []) {
    if (mediaType === file.mediaType) score = Math.max(score, 300);
    else if (
      mediaType.endsWith('/*') &&
      file.mediaType.startsWith(mediaType.slice(0, -1))
    ) {
      score = Math.max(score, 100);
    }
  }
  for (const extension of match.extensions ?? []) {
    if (name.endsWith(`.${extension}`))
      score = Math.max(score, 200 + extension.length);
  }
  if (match.names?.some(each => each.toLocaleLowerCase('en-US') === name))
    score = Math.max(score, 400);
  return score;
}

/**
 * Ranks by how exactly a viewer names the file, then by its priority, then by
 * the order in which the viewers were given.
 *
 * @public
 */
export class ViewerRegistry implements AssetViewersApi {
  readonly #viewers: readonly ViewerDefinition[];

  constructor(viewers: readonly ViewerDefinition[]) {
    this.#viewers = viewers;
  }

  choose(file: AssetFile): ViewerChoice[] {
    return this.#viewers
      .map((viewer, order) => ({
        viewer,
        order,
        score: scoreOf(viewer.match, file),
        priority: PRIORITY[viewer.priority ?? 'default'],
      }))
      .filter(
        ({ score, priority }) => score > 0 || priority === PRIORITY.fallback,
      )
      .sort(
        (a, b) =>
          b.priority - a.priority || b.score - a.score || a.order - b.order,
      )
      .map(({ viewer }) =>
        viewer.maxBytes !== undefined && file.size > viewer.maxBytes
          ? {
              viewer,
              refusal: { kind: 'too-large', maxBytes: viewer.maxBytes },
            }
          : { viewer },
      );
  }
}

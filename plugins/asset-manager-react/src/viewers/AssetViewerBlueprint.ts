import {
  createExtensionBlueprint,
  createExtensionDataRef,
} from '@backstage/frontend-plugin-api';
import { z } from 'zod';
import type { ViewerDefinition } from './types';

/** @public */
export const assetViewerDataRef =
  createExtensionDataRef<ViewerDefinition>().with({
    id: 'asset-manager.viewer',
  });

/**
 * Makes a viewer an extension of the portal. An operator can change when it is
 * chosen, or switch it off, in the app-config:
 *
 * ```yaml
 * app:
 *   extensions:
 *     - asset-viewer:asset-manager/csv:
 *         config: { extensions: [csv, tsv, psv], maxBytes: 1000000 }
 *     - asset-viewer:asset-manager/image: false
 * ```
 *
 * @public
 */
export const AssetViewerBlueprint = createExtensionBlueprint({
  kind: 'asset-viewer',
  attachTo: { id: 'api:asset-manager/viewers', input: 'viewers' },
  output: [assetViewerDataRef],
  dataRefs: { viewer: assetViewerDataRef },
  configSchema: {
    priority: z.enum(['default', 'option', 'fallback']).optional(),
    extensions: z.array(z.string()).optional(),
    mediaTypes: z.array(z.string()).optional(),
    maxBytes: z.number().int().positive().optional(),
  },
  *factory(params: ViewerDefinition, { config }) {
    yield assetViewerDataRef({
      ...params,
      priority: config.priority ?? params.priority,
      maxBytes: config.maxBytes ?? params.maxBytes,
      match: {
        ...params.match,
        ...(config.extensions && { extensions: config.extensions }),
        ...(config.mediaTypes && { mediaTypes: config.mediaTypes }),
      },
    });
  },
});

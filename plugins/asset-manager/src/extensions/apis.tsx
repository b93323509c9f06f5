import {
  ApiBlueprint,
  createExtensionInput,
  discoveryApiRef,
  fetchApiRef,
} from '@backstage/frontend-plugin-api';
import { AssetManagerClient } from '@baseasset/client';
import {
  assetManagerApiRef,
  assetViewerDataRef,
  assetViewersApiRef,
  ViewerRegistry,
} from '@baseasset/backstage-plugin-asset-manager-react';
import { viewingFetch } from '../viewAs';
import { UploadQueue } from '../uploads/UploadQueue';
import { uploadsApiRef } from '../uploads/uploadsApi';

const clientApi = ApiBlueprint.make({
  name: 'client',
  params: define =>
    define({
      api: assetManagerApiRef,
      deps: { discovery: discoveryApiRef, fetchApi: fetchApiRef },
      factory: ({ discovery, fetchApi }) =>
        new AssetManagerClient({
          baseUrl: () => discovery.getBaseUrl('asset-manager'),
          fetch: viewingFetch((...request) => fetchApi.fetch(...request)),
        }),
    }),
});

const uploadsApi = ApiBlueprint.make({
  name: 'uploads',
  params: define =>
    define({
      api: uploadsApiRef,
      deps: { client: assetManagerApiRef },
      factory: ({ client }) => new UploadQueue(client),
    }),
});

const viewersApi = ApiBlueprint.makeWithOverrides({
  name: 'viewers',
  inputs: { viewers: createExtensionInput([assetViewerDataRef]) },
  factory(original, { inputs }) {
    return original(define =>
      define({
        api: assetViewersApiRef,
        deps: {},
        factory: () =>
          new ViewerRegistry(
            inputs.viewers.map(viewer => viewer.get(assetViewerDataRef)),
          ),
      }),
    );
  },
});

export const apis = [clientApi, uploadsApi, viewersApi];

import {
  coreServices,
  createBackendModule,
} from '@backstage/backend-plugin-api';
import { readDurationFromConfig } from '@backstage/config';
import { CatalogModelSources } from '@backstage/catalog-model/alpha';
import {
  catalogProcessingExtensionPoint,
  catalogServiceRef,
} from '@backstage/plugin-catalog-node';
import { catalogModelExtensionPoint } from '@backstage/plugin-catalog-node/alpha';
import { eventsServiceRef } from '@backstage/plugin-events-node';
import { AssetManagerClient } from '@baseasset/client';
import {
  ASSET_CHANGES_TOPIC,
  AssetEntity,
} from '@baseasset/backstage-plugin-asset-manager-common';
import { assetModelLayer } from '@baseasset/backstage-plugin-asset-manager-common/alpha';
import { AssetDeclarationProcessor } from './AssetDeclarationProcessor';
import { AssetEntityProvider } from './AssetEntityProvider';
import { KnownAssets } from './KnownAssets';

const PAGE = 1000;

/**
 * Teaches the catalog the kind Asset, and feeds it the assets of the asset manager.
 *
 * @public
 */
export const catalogModuleAssetManager = createBackendModule({
  pluginId: 'catalog',
  moduleId: 'asset-manager',
  register(env) {
    env.registerInit({
      deps: {
        auth: coreServices.auth,
        config: coreServices.rootConfig,
        catalog: catalogServiceRef,
        discovery: coreServices.discovery,
        events: eventsServiceRef,
        lifecycle: coreServices.lifecycle,
        logger: coreServices.logger,
        model: catalogModelExtensionPoint,
        processing: catalogProcessingExtensionPoint,
        scheduler: coreServices.scheduler,
      },
      async init({
        auth,
        config,
        catalog,
        discovery,
        events,
        lifecycle,
        logger,
        model,
        processing,
        scheduler,
      }) {
        model.addModelSource(CatalogModelSources.static([assetModelLayer]));

        const client = new AssetManagerClient({
          baseUrl: () => discovery.getBaseUrl('asset-manager'),
          fetch: async (input, init) => {
            const { token } = await auth.getPluginRequestToken({
              onBehalfOf: await auth.getOwnServiceCredentials(),
              targetPluginId: 'asset-manager',
            });
            const headers = new Headers(init?.headers);
            headers.set('Authorization', `Bearer ${token}`);
            return fetch(input, { ...init, headers });
          },
        });
        const known = new KnownAssets();
        const provider = new AssetEntityProvider({
          client,
          known,
          logger,
          catalog: {
            async entities() {
              const credentials = await auth.getOwnServiceCredentials();
              const found: AssetEntity[] = [];
              let cursor: string | undefined;
              do {
                const page = await catalog.queryEntities(
                  cursor
                    ? { cursor, limit: PAGE }
                    : { filter: { kind: 'Asset' }, limit: PAGE },
                  { credentials },
                );
                found.push(...(page.items as AssetEntity[]));
                cursor = page.pageInfo.nextCursor;
              } while (cursor);
              return found;
            },
            async refresh(entityRef) {
              await catalog.refreshEntity(entityRef, {
                credentials: await auth.getOwnServiceCredentials(),
              });
            },
          },
        });
        processing.addEntityProvider(provider);
        processing.addProcessor(
          new AssetDeclarationProcessor({
            known,
            onSighting: sighting => provider.noteSighting(sighting),
          }),
        );

        const key = 'assetManager.catalog.reconcileInterval';
        const interval = config.has(key)
          ? readDurationFromConfig(config, { key })
          : { minutes: 1 };
        const follow = () =>
          provider.follow().catch(error => {
            logger.warn(
              'the asset manager could not be followed; this is tried again',
              error,
            );
          });
        await events.subscribe({
          id: 'catalog-asset-manager',
          topics: [ASSET_CHANGES_TOPIC],
          onEvent: follow,
        });
        lifecycle.addStartupHook(async () => {
          // What the events bring at once, these bring when an event was lost.
          await scheduler.scheduleTask({
            id: 'asset-manager-follow',
            scope: 'local',
            frequency: { seconds: 5 },
            timeout: { minutes: 5 },
            fn: follow,
          });
          await scheduler.scheduleTask({
            id: 'asset-manager-reconcile',
            scope: 'local',
            frequency: interval,
            initialDelay: interval,
            timeout: { minutes: 10 },
            fn: () =>
              provider.reconcile().catch(error => {
                logger.warn(
                  'the catalog could not be compared with the assets',
                  error,
                );
              }),
          });
        });
      },
    });
  },
});

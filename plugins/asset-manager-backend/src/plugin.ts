import { readFileSync } from 'node:fs';
import {
  coreServices,
  createBackendPlugin,
  resolvePackagePath,
} from '@backstage/backend-plugin-api';
import type { Config } from '@backstage/config';
import { catalogServiceRef } from '@backstage/plugin-catalog-node';
import { eventsServiceRef } from '@backstage/plugin-events-node';
import { notificationService } from '@backstage/plugin-notifications-node';
import {
  namespaceProblem,
  refuse,
} from '@baseasset/backstage-plugin-asset-manager-common';
import {
  assetManagerGatesExtensionPoint,
  assetManagerStorageExtensionPoint,
  BlobStore,
  GateKind,
} from '@baseasset/backstage-plugin-asset-manager-node';
import { ulid } from 'ulid';
import { parse } from 'yaml';
import { readAssetTypes } from './assetTypeFiles';
import { backendAddress, LOCAL_STORE, readAssetManagerConfig } from './config';
import { DatabaseIdempotencyStore } from './database/DatabaseIdempotencyStore';
import { DatabaseRepository } from './database/DatabaseRepository';
import { CallerResolver } from './http/CallerResolver';
import { CHECK_WEBHOOKS } from './http/webhookRoutes';
import { OPEN_PATHS } from './http/serviceAccountRoutes';
import { createRouter } from './http/createRouter';
import { DeniedRecorder } from './http/DeniedRecorder';
import { builtInGateKinds } from './model/gates/gateKinds';
import { PortalPolicy } from './permissions/PortalPolicy';
import { CatalogDirectory } from './catalog/CatalogDirectory';
import { AccessDecider } from './services/AccessDecider';
import { AccessRequestService } from './services/AccessRequestService';
import { AliasService } from './services/AliasService';
import { AssetRecorder } from './services/AssetRecorder';
import { AssetService } from './services/AssetService';
import { AssetTypeDraftService } from './services/AssetTypeDraftService';
import { AssetTypePublisher } from './services/AssetTypePublisher';
import { AssetTypeService } from './services/AssetTypeService';
import { AssetTypes } from './services/AssetTypes';
import { AuditKey } from './services/AuditKey';
import { AuditSealer } from './services/AuditSealer';
import { AuditService } from './services/AuditService';
import { BlobCollector } from './services/BlobCollector';
import { BlobCopier } from './services/BlobCopier';
import { BlobIntake } from './services/BlobIntake';
import { BlobKeeper } from './services/BlobKeeper';
import { BlockDigests } from './services/BlockDigests';
import { Callers } from './services/Callers';
import { ChangePublisher } from './services/ChangePublisher';
import { ChangeService } from './services/ChangeService';
import { ChangeSignal } from './services/ChangeSignal';
import { CheckService } from './services/CheckService';
import { CheckWebhooks } from './services/CheckWebhooks';
import { ContentVerifier } from './services/ContentVerifier';
import { CopyService } from './services/CopyService';
import { DeclarationService } from './services/DeclarationService';
import { DeletionService } from './services/DeletionService';
import { ExpressionWorker } from './services/ExpressionWorker';
import { FederationService } from './services/FederationService';
import { FixityChecker } from './services/FixityChecker';
import { FixityService } from './services/FixityService';
import { GateJudge } from './services/GateJudge';
import { GrantService } from './services/GrantService';
import { HeldBlobs } from './services/HeldBlobs';
import { IdTokenVerifier } from './services/IdTokenVerifier';
import { LifecycleService } from './services/LifecycleService';
import { LineageExplorer } from './services/LineageExplorer';
import { LineageService } from './services/LineageService';
import { ManifestReader } from './services/ManifestReader';
import { MarkService } from './services/MarkService';
import { NamespaceQuotas } from './services/NamespaceQuotas';
import { ObjectChecker } from './services/ObjectChecker';
import { ObjectHealer } from './services/ObjectHealer';
import { PageHealer } from './services/PageHealer';
import { PackReader } from './services/PackReader';
import { PackKeeper } from './services/PackKeeper';
import { OperatorService } from './services/OperatorService';
import { Purger } from './services/Purger';
import { RecordKeeper } from './services/RecordKeeper';
import { ReplicaKeeper } from './services/ReplicaKeeper';
import { RequestDecider } from './services/RequestDecider';
import { RowChecker } from './services/RowChecker';
import { RuleSimulator } from './services/RuleSimulator';
import { ServiceAccountService } from './services/ServiceAccountService';
import { Situations } from './services/Situations';
import { StoreDoctor } from './services/StoreDoctor';
import { StoreRebuilder } from './services/StoreRebuilder';
import { Stores } from './services/Stores';
import { TokenIssuer } from './services/TokenIssuer';
import { TransitionMaker } from './services/TransitionMaker';
import { TransitionNotifier } from './services/TransitionNotifier';
import { TransitionService } from './services/TransitionService';
import { UploadService } from './services/UploadService';
import { UploadSessions } from './services/UploadSessions';
import { VersionService } from './services/VersionService';
import { WebhookSender } from './services/WebhookSender';
import { LocalBlobStore } from './storage/LocalBlobStore';
import { COPY_TASK, FIXITY_TASK, scheduleTasks, VERIFY_TASK } from './tasks';

/**
 * The asset manager's backend: assets, versions, files and uploads.
 *
 * @public
 */
export const assetManagerPlugin = createBackendPlugin({
  pluginId: 'asset-manager',
  register(env) {
    const foreignStores = new Map<string, BlobStore>();
    env.registerExtensionPoint(assetManagerStorageExtensionPoint, {
      addBlobStore(name, store) {
        refuse('store name', name, namespaceProblem(name));
        if (name === LOCAL_STORE || foreignStores.has(name))
          throw new Error(`there are two blob stores named '${name}'`);
        foreignStores.set(name, store);
      },
    });

    const expressions = new ExpressionWorker();
    const kinds = new Map<string, GateKind>(builtInGateKinds(expressions));
    env.registerExtensionPoint(assetManagerGatesExtensionPoint, {
      addGateKind(name, kind) {
        if (kinds.has(name))
          throw new Error(`there are two kinds of gates named '${name}'`);
        kinds.set(name, kind);
      },
    });

    env.registerInit({
      deps: {
        auth: coreServices.auth,
        auditor: coreServices.auditor,
        catalog: catalogServiceRef,
        config: coreServices.rootConfig,
        database: coreServices.database,
        events: eventsServiceRef,
        httpAuth: coreServices.httpAuth,
        httpRouter: coreServices.httpRouter,
        logger: coreServices.logger,
        notifications: notificationService,
        permissions: coreServices.permissions,
        permissionsRegistry: coreServices.permissionsRegistry,
        scheduler: coreServices.scheduler,
      },
      async init({
        auth,
        auditor,
        catalog,
        config,
        database,
        events,
        httpAuth,
        httpRouter,
        logger,
        notifications,
        permissions,
        permissionsRegistry,
        scheduler,
      }) {
        const settings = readAssetManagerConfig(config);
        const repository = await DatabaseRepository.create({ database });
        const idempotency = new DatabaseIdempotencyStore(
          await database.getClient(),
        );
        const stores = new Stores({
          byName: new Map<string, BlobStore>([
            [
              LOCAL_STORE,
              await LocalBlobStore.create({ directory: settings.directory }),
            ],
            ...foreignStores,
          ]),
          defaultName: settings.defaultStore,
          placement: settings.placement,
          replicas: settings.replicas,
        });
        const changed = new ChangeSignal();
        const now = () => new Date().toISOString();
        const types = new AssetTypes({
          repository,
          now,
          ...readAssetTypes(config, kinds),
        });
        await types.feed();
        const createUid = () => ulid().toLowerCase();

        const sealer = new AuditSealer({
          repository,
          key: AuditKey.open(settings.auditKey),
          now,
          auditor,
          logger,
        });
        const manifests = new ManifestReader({ repository, stores });
        const owners = new CatalogDirectory({ catalog, auth });
        const callers = new Callers({
          repository,
          memberships: owners,
          owners,
          administrators: settings.administrators,
          now,
        });
        const access = new AccessDecider({ repository, now });
        const assets = new AssetService({
          repository,
          types,
          owners,
          access,
          now,
          createUid,
          changed,
        });
        const situations = new Situations({ repository, types });
        const judge = new GateJudge({
          repository,
          kinds,
          callers,
          access,
          now,
          logger,
        });
        const transitions = new TransitionService({
          repository,
          assets,
          access,
          callers,
          situations,
          judge,
          maker: new TransitionMaker({
            repository,
            types,
            access,
            situations,
            judge,
            now,
            changed,
          }),
          decider: new RequestDecider({ access, judge }),
          now,
          createId: createUid,
          changed,
          logger,
        });
        const checks = new CheckService({
          repository,
          assets,
          access,
          now,
          changed,
          onRecorded: versionId => transitions.settleVersion(versionId),
        });
        const webhooks = new WebhookSender({
          repository,
          webhooks: settings.webhooks,
          operators: settings.operators,
          now,
          logger,
        });
        const keeper = new BlobKeeper({
          repository,
          stores,
          now,
          deletionMs: settings.deletionMs,
          emptied: settings.emptied,
        });
        const blocks = new BlockDigests({ stores, keeper, logger });
        const versions = new VersionService({
          repository,
          assets,
          access,
          types,
          manifests,
          stores,
          blocks,
        });
        const aliases = new AliasService({
          repository,
          assets,
          access,
          types,
          now,
          changed,
        });
        const packKeeper = new PackKeeper({ repository, stores, keeper, now });
        const sessions = new UploadSessions({ repository, access, now });
        const quotas = new NamespaceQuotas({
          repository,
          now,
          quotas: settings.quotas,
        });
        const intake = new BlobIntake({
          repository,
          sessions,
          stores,
          keeper,
          quotas,
          now,
          partSize: settings.partSize,
        });
        // It may be running, here or in another replica; what it misses has its turn in half a minute.
        const trigger = (task: string) => () => {
          scheduler.triggerTask(task).catch(() => {});
        };
        const uploads = new UploadService({
          repository,
          assets,
          access,
          types,
          manifests,
          stores,
          sessions,
          intake,
          quotas,
          keeper,
          now,
          createId: createUid,
          changed,
          onReceived: trigger(VERIFY_TASK),
        });
        const copies = new CopyService({
          repository,
          assets,
          stores,
          now,
          createId: createUid,
          onQueued: trigger(COPY_TASK),
        });
        const heldBlobs = new HeldBlobs({ repository, manifests });
        const purger = new Purger({
          repository,
          manifests,
          heldBlobs,
          now,
          logger,
        });
        const collector = new BlobCollector({
          repository,
          heldBlobs,
          stores,
          keeper,
          packs: packKeeper,
          now,
          graceMs: settings.graceMs,
          deletionMs: settings.deletionMs,
          logger,
        });
        const operator = new OperatorService({
          repository,
          collector,
          purger,
          quotas,
          rebuilder: new StoreRebuilder({
            repository,
            stores,
            manifests,
            packs: packKeeper,
            now,
            changed,
            onReceived: trigger(VERIFY_TASK),
            logger,
          }),
          now,
          createId: createUid,
          operators: settings.operators,
          doctor: new StoreDoctor({
            stores,
            createId: createUid,
            now: () => new Date(),
            origin: portalOrigin(config),
          }),
        });
        const fixity = new FixityService({
          repository,
          stores,
          operators: settings.operators,
          schedule: settings.fixity,
          now,
          createId: createUid,
          onQueued: trigger(FIXITY_TASK),
        });
        const fixityChecker = new FixityChecker({
          repository,
          stores,
          manifests,
          rows: new RowChecker({
            repository,
            stores,
            manifests,
            heldBlobs,
            keeper,
            now,
          }),
          objects: new ObjectChecker({
            repository,
            stores,
            keeper,
            packs: packKeeper,
          }),
          healer: new ObjectHealer({
            repository,
            stores,
            keeper,
            packs: packKeeper,
            logger,
          }),
          pages: new PageHealer({ repository, stores, keeper }),
          now,
          changed,
          onReceived: trigger(VERIFY_TASK),
          logger,
        });
        const recorder = new AssetRecorder({ repository, stores, now });
        const copier = new BlobCopier({
          repository,
          stores,
          manifests,
          recorder,
          keeper,
          packs: packKeeper,
          now,
          logger,
        });
        const verifier = new ContentVerifier({
          repository,
          manifests,
          keeper,
          blocks,
          packs: packKeeper,
          now,
          changed,
          logger,
        });
        const declarations = new DeclarationService({
          repository,
          assets,
          access,
          types,
          now,
          createUid,
          changed,
        });
        const publisher = new ChangePublisher({ repository, events, logger });
        changed.onRaise(() => publisher.publish());

        const spec = parse(
          readFileSync(
            resolvePackagePath(
              '@baseasset/backstage-plugin-asset-manager-backend',
              'openapi.yaml',
            ),
            'utf8',
          ),
        );
        const grants = new GrantService({
          repository,
          assets,
          decider: access,
          callers,
          now,
          createId: createUid,
        });
        const typePublisher = new AssetTypePublisher({
          repository,
          types,
          now,
        });
        const issuer = new TokenIssuer({
          keys: repository.signingKeys,
          now,
          createId: createUid,
          issuer: `${backendAddress(config)}/api/asset-manager`,
        });
        const serviceAccounts = new ServiceAccountService({
          repository,
          issuer,
          now,
          createId: createUid,
        });
        httpRouter.use(
          createRouter({
            callers: new CallerResolver({
              auth,
              httpAuth,
              callers,
              policy: PortalPolicy.register({
                permissions,
                registry: permissionsRegistry,
                assets: repository.assets,
              }),
              accounts: serviceAccounts,
              services: settings.services,
            }),
            idempotency,
            now,
            assets,
            versions,
            aliases,
            uploads,
            intake,
            packs: new PackReader({
              repository,
              assets,
              versions,
              manifests,
              stores,
            }),
            copies,
            operator,
            fixity,
            serviceAccounts,
            federations: new FederationService({
              repository,
              accounts: serviceAccounts,
              verifier: new IdTokenVerifier(settings.federation),
              now,
              createId: createUid,
              logger,
            }),
            issuer,
            lifecycle: new LifecycleService({
              repository,
              assets,
              access,
              types,
              situations,
              judge,
              transitions,
            }),
            transitions,
            checks,
            lineage: new LineageService({
              repository,
              assets,
              owners,
              access,
              now,
              createId: createUid,
              changed,
              onRecorded: versionId => transitions.settleVersion(versionId),
            }),
            lineageExplorer: new LineageExplorer({ repository, assets, types }),
            webhooks,
            checkWebhooks: new CheckWebhooks({
              repository,
              sources: settings.checkSources,
              callers,
              checks,
              now,
            }),
            assetTypes: new AssetTypeService({
              repository,
              types,
              access,
              kinds,
              simulator: new RuleSimulator({ repository, situations, judge }),
              publisher: typePublisher,
            }),
            assetTypeDrafts: new AssetTypeDraftService({
              repository,
              types,
              access,
              kinds,
              publisher: typePublisher,
              now,
            }),
            grants,
            accessRequests: new AccessRequestService({
              repository,
              assets,
              grants,
              now,
              createId: createUid,
            }),
            marks: new MarkService({
              repository,
              assets,
              access,
              types,
              situations,
              now,
              createId: createUid,
              changed,
              onChanged: versionId => transitions.settleAround(versionId),
            }),
            deletions: new DeletionService({
              repository,
              assets,
              access,
              types,
              now,
              undoMs: settings.undoMs,
              changed,
              onUndeleted: versionId => transitions.settleAround(versionId),
            }),
            changes: new ChangeService({ repository }),
            declarations,
            audit: new AuditService({
              repository,
              assets,
              access,
              sealer,
              auditors: settings.auditors,
              now,
            }),
            denied: new DeniedRecorder({ repository, now, logger }),
            logger,
            spec,
            validateResponses: settings.validateResponses,
          }),
        );
        for (const path of [...OPEN_PATHS, CHECK_WEBHOOKS])
          httpRouter.addAuthPolicy({ path, allow: 'unauthenticated' });
        // A plain link to a file has no header to carry a token in.
        httpRouter.addAuthPolicy({
          path: '/assets/:namespace/:name/versions/:selector/files',
          allow: 'user-cookie',
        });

        await scheduleTasks({
          scheduler,
          repository,
          idempotency,
          publisher,
          verifier,
          copier,
          records: new RecordKeeper({ repository, stores, recorder, logger }),
          replicas: new ReplicaKeeper({
            repository,
            rules: settings.replicas,
            now,
            createId: createUid,
            onQueued: trigger(COPY_TASK),
          }),
          sealer,
          webhooks,
          notifier: new TransitionNotifier({
            repository,
            callers,
            access,
            situations,
            notifications,
            now,
            logger,
          }),
          transitions,
          fixity,
          fixityChecker,
          purger,
          collector,
          uploads,
          holder: createUid(),
          now,
          logger,
        });
      },
    });
  },
});

/** The portal as browsers name it. */
function portalOrigin(config: Config): string {
  const address =
    config.getOptionalString('app.baseUrl') ?? backendAddress(config);
  return new URL(address).origin;
}

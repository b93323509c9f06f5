import type { LoggerService } from '@backstage/backend-plugin-api';
import { NotFoundError } from '@backstage/errors';
import express, { Router } from 'express';
import PromiseRouter from 'express-promise-router';
import type { AccessRequestService } from '../services/AccessRequestService';
import type { AliasService } from '../services/AliasService';
import type { AssetService } from '../services/AssetService';
import type { AssetTypeDraftService } from '../services/AssetTypeDraftService';
import type { AssetTypeService } from '../services/AssetTypeService';
import type { BlobIntake } from '../services/BlobIntake';
import type { ChangeService } from '../services/ChangeService';
import type { CopyService } from '../services/CopyService';
import type { DeclarationService } from '../services/DeclarationService';
import type { DeletionService } from '../services/DeletionService';
import type { GrantService } from '../services/GrantService';
import type { PackReader } from '../services/PackReader';
import type { FixityService } from '../services/FixityService';
import type { LifecycleService } from '../services/LifecycleService';
import type { LineageExplorer } from '../services/LineageExplorer';
import type { LineageService } from '../services/LineageService';
import type { OperatorService } from '../services/OperatorService';
import type { FederationService } from '../services/FederationService';
import type { ServiceAccountService } from '../services/ServiceAccountService';
import type { TokenIssuer } from '../services/TokenIssuer';
import type { UploadService } from '../services/UploadService';
import type { VersionService } from '../services/VersionService';
import { addAccessRoutes } from './accessRoutes';
import { addAliasRoutes } from './aliasesRouter';
import { addAssetRoutes } from './assetsRouter';
import { addAssetTypeRoutes } from './assetTypeRoutes';
import { addChangeRoutes } from './changesRouter';
import { addDeletionRoutes } from './deletionRoutes';
import type { CheckService } from '../services/CheckService';
import type { TransitionService } from '../services/TransitionService';
import type { DeniedRecorder } from './DeniedRecorder';
import { problemDetails } from './problemDetails';
import type { RouterContext } from './requests';
import { addServiceAccountRoutes } from './serviceAccountRoutes';
import type { CheckWebhooks } from '../services/CheckWebhooks';
import type { WebhookSender } from '../services/WebhookSender';
import { addCheckWebhookRoute, addWebhookRoutes } from './webhookRoutes';
import { addAuditRoutes } from './auditRoutes';
import type { AuditService } from '../services/AuditService';
import { requestContext } from '../services/requestContext';
import { addMarkRoutes } from './markRoutes';
import type { MarkService } from '../services/MarkService';
import { addLifecycleRoutes } from './lifecycleRoutes';
import { addLineageRoutes } from './lineageRoutes';
import { addStorageRoutes } from './storageRouter';
import { createTransferRouter } from './transferRouter';
import { addUploadRoutes } from './uploadsRouter';
import { validateAgainstSpec } from './validateAgainstSpec';
import { addVersionRoutes } from './versionsRouter';

/** The whole HTTP API: bytes first, then everything that is held to the document. */
export function createRouter(
  context: RouterContext & {
    assets: AssetService;
    versions: VersionService;
    aliases: AliasService;
    uploads: UploadService;
    intake: BlobIntake;
    packs: PackReader;
    copies: CopyService;
    deletions: DeletionService;
    marks: MarkService;
    operator: OperatorService;
    fixity: FixityService;
    grants: GrantService;
    accessRequests: AccessRequestService;
    serviceAccounts: ServiceAccountService;
    federations: FederationService;
    issuer: TokenIssuer;
    assetTypes: AssetTypeService;
    assetTypeDrafts: AssetTypeDraftService;
    lifecycle: LifecycleService;
    transitions: TransitionService;
    checks: CheckService;
    lineage: LineageService;
    lineageExplorer: LineageExplorer;
    changes: ChangeService;
    declarations: DeclarationService;
    audit: AuditService;
    webhooks: WebhookSender;
    checkWebhooks: CheckWebhooks;
    denied: DeniedRecorder;
    logger: LoggerService;
    spec: object;
    validateResponses: boolean;
  },
): Router {
  const router = PromiseRouter();
  router.use((req, _res, next) =>
    requestContext.run({ request: `${req.method} ${req.path}` }, next),
  );
  addCheckWebhookRoute(router, context);
  router.use(createTransferRouter(context));
  router.use(express.json({ limit: '1mb' }));
  router.use(express.urlencoded({ extended: false, limit: '32kb' }));
  router.get('/openapi.json', async (_req, res) => {
    res.json(context.spec);
  });
  router.use(
    validateAgainstSpec({
      spec: context.spec,
      responses: context.validateResponses,
    }),
  );
  addAssetRoutes(router, context);
  addAssetTypeRoutes(router, context);
  addLifecycleRoutes(router, context);
  addLineageRoutes(router, context);
  addAuditRoutes(router, context);
  addWebhookRoutes(router, context);
  addVersionRoutes(router, context);
  addAliasRoutes(router, context);
  addDeletionRoutes(router, context);
  addMarkRoutes(router, context);
  addAccessRoutes(router, context);
  addServiceAccountRoutes(router, context);
  addStorageRoutes(router, context);
  addUploadRoutes(router, context);
  addChangeRoutes(router, context);
  router.use(async req => {
    throw new NotFoundError(`there is nothing at ${req.method} ${req.path}`);
  });
  router.use(
    problemDetails({ logger: context.logger, denied: context.denied }),
  );
  return router;
}

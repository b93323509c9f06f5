import type { Command } from '../Command';
import {
  accessApply,
  accessExplain,
  accessGrant,
  accessList,
  accessRevoke,
} from './access';
import {
  accessDecide,
  accessRequest,
  accessRequests,
  accessWithdraw,
} from './accessRequest';
import { aliasHistory, aliasList, aliasRemove, aliasSet } from './alias';
import { auditCheckpoint, auditExport, auditList, auditVerify } from './audit';
import { cacheList, cachePrune, cacheVerify } from './cache';
import { cat } from './cat';
import { check, checks } from './check';
import { completion } from './completion';
import { move, replicate, storeJobs, storeList } from './copies';
import { create } from './create';
import { approvals, approve, reject, waive, withdraw } from './decision';
import { declarationAccept, declarationList } from './declaration';
import { deleteCommand, undelete } from './deletion';
import { diff } from './diff';
import { doctor, storeUsage } from './doctor';
import { edit } from './edit';
import { files } from './files';
import { storeRebuild } from './rebuild';
import { storeCheck, storeChecks } from './fixity';
import { gc } from './gc';
import { hold, holds, unhold } from './hold';
import { lineage } from './lineage';
import { list } from './list';
import { login } from './login';
import { logout } from './logout';
import { open } from './open';
import { pull } from './pull';
import { push } from './push';
import {
  serviceAccountCreate,
  serviceAccountDisable,
  serviceAccountEnable,
  serviceAccountList,
} from './serviceAccount';
import {
  serviceFederationCreate,
  serviceFederationList,
  serviceFederationRevoke,
} from './serviceFederation';
import {
  serviceTokenCreate,
  serviceTokenList,
  serviceTokenRevoke,
  serviceTokenRotate,
} from './serviceToken';
import { retract } from './retract';
import { runsRecord, runsShow } from './runs';
import { show } from './show';
import {
  typeApply,
  typeHistory,
  typeLint,
  typeList,
  typeShow,
  typeSimulate,
} from './assetType';
import { typeDiscard, typeDraft, typePublish } from './assetTypeDraft';
import { promote, stageHistory, stageShow } from './stage';
import { uploadsAbort } from './uploadsAbort';
import { uploadsList } from './uploadsList';
import { verify } from './verify';
import { webhookList, webhookResend } from './webhook';
import { whoami } from './whoami';

/** All commands, in the order of the help. */
export const commands: readonly Command[] = [
  pull,
  cat,
  verify,
  push,
  runsRecord,
  create,
  edit,
  aliasSet,
  aliasRemove,
  deleteCommand,
  undelete,
  declarationAccept,
  uploadsList,
  uploadsAbort,
  list,
  show,
  files,
  diff,
  aliasList,
  aliasHistory,
  declarationList,
  stageShow,
  stageHistory,
  lineage,
  runsShow,
  checks,
  holds,
  auditList,
  typeList,
  typeShow,
  typeHistory,
  open,
  promote,
  approvals,
  approve,
  reject,
  withdraw,
  waive,
  check,
  retract,
  hold,
  unhold,
  accessList,
  accessGrant,
  accessRevoke,
  accessApply,
  accessExplain,
  accessRequest,
  accessRequests,
  accessWithdraw,
  accessDecide,
  serviceAccountList,
  serviceAccountCreate,
  serviceAccountDisable,
  serviceAccountEnable,
  serviceTokenList,
  serviceTokenCreate,
  serviceTokenRotate,
  serviceTokenRevoke,
  serviceFederationList,
  serviceFederationCreate,
  serviceFederationRevoke,
  typeLint,
  typeSimulate,
  typeApply,
  typeDraft,
  typePublish,
  typeDiscard,
  move,
  replicate,
  auditExport,
  auditVerify,
  auditCheckpoint,
  webhookList,
  webhookResend,
  doctor,
  storeUsage,
  gc,
  storeList,
  storeJobs,
  storeCheck,
  storeChecks,
  storeRebuild,
  login,
  logout,
  whoami,
  cacheList,
  cachePrune,
  cacheVerify,
  completion,
];

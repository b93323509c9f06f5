import path from 'node:path';
import { parseEntityRef, stringifyEntityRef } from '@backstage/catalog-model';
import { Config, readDurationFromConfig } from '@backstage/config';
import { InputError } from '@backstage/errors';
import { durationToMilliseconds, HumanDuration } from '@backstage/types';
import {
  FederationSettings,
  parseBytes,
  VISIBILITIES,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { ConfiguredService } from './services/Callers';
import type { CheckSource } from './services/CheckWebhooks';
import type { Webhook } from './services/WebhookSender';
import { isLoopback } from './services/IdTokenVerifier';
import type { FixitySchedule } from './services/FixityService';
import type { NamespaceQuota } from './services/NamespaceQuotas';
import type { Placement } from './services/Stores';

const AUDIT_KEY_FILE = 'asset-manager-audit-key.pem';

/** What the store in the local directory is called. */
export const LOCAL_STORE = 'local';

const MIB = 1024 * 1024;

/** The configuration under `assetManager`, read once. */
export interface AssetManagerConfig {
  /** The local blob store's directory. */
  directory: string;
  /** The store for new bytes where no rule says another. */
  defaultStore: string;
  placement: Placement[];
  /** Which assets have further copies where. */
  replicas: Placement[];
  /** How long bytes that nothing refers to are kept. Milliseconds. */
  graceMs: number;
  /** How long the deletion of one object may take. Milliseconds. */
  deletionMs: number;
  /** How long deleted things can be brought back. Milliseconds. */
  undoMs: number;
  /** How much namespaces may hold. */
  quotas: NamespaceQuota[];
  /** Stores that are known to have lost everything. */
  emptied: string[];
  /** What the installation checks of its stores by itself. */
  fixity: FixitySchedule;
  /** Entity references of people and groups that may do everything with every asset, but approve. */
  administrators: string[];
  /** Entity references of people and groups that look after the installation. */
  operators: string[];
  /** Entity references of people and groups that may see the audit trail of everything. */
  auditors: string[];
  /** Signs the audit trail: as PEM, or in a file that is made at first. */
  auditKey: { key?: string; file: string };
  services: ConfiguredService[];
  webhooks: Webhook[];
  checkSources: CheckSource[];
  /** Whose tokens can stand for service accounts. */
  federation: FederationSettings;
  /** Bytes of a part of a large upload. */
  partSize: number;
  validateResponses: boolean;
}

/** @throws InputError that names the key that is wrong */
export function readAssetManagerConfig(root: Config): AssetManagerConfig {
  const config = root.getOptionalConfig('assetManager');
  const partSize = config?.getOptionalNumber('uploads.partSize') ?? 64 * MIB;
  if (!Number.isSafeInteger(partSize) || partSize < 1) {
    throw new InputError(
      'assetManager.uploads.partSize has to be a number of bytes',
    );
  }
  const directory =
    config?.getOptionalString('storage.local.directory') ??
    'asset-manager-blobs';
  return {
    directory,
    defaultStore: config?.getOptionalString('storage.default') ?? LOCAL_STORE,
    graceMs: readDuration(config, 'storage.grace', { hours: 24 }),
    deletionMs: readDuration(config, 'storage.deletionTime', { minutes: 5 }),
    undoMs: readDuration(config, 'deletion.undo', { days: 14 }),
    emptied: config?.getOptionalStringArray('storage.emptied') ?? [],
    quotas: (config?.getOptionalConfigArray('storage.quotas') ?? []).map(
      rule => ({
        namespace: rule.getOptionalString('namespace'),
        size: readSize(rule, 'size'),
      }),
    ),
    fixity: readFixity(config),
    administrators: readPrincipals(config, 'administrators'),
    operators: readPrincipals(config, 'operators'),
    auditors: readPrincipals(config, 'auditors'),
    auditKey: {
      key: config?.getOptionalString('audit.signingKey'),
      file:
        config?.getOptionalString('audit.keyFile') ??
        path.join(path.dirname(path.resolve(directory)), AUDIT_KEY_FILE),
    },
    placement: readRules(config, 'storage.placement'),
    replicas: readRules(config, 'storage.replicas'),
    services: [catalogService(config), ...readServices(config)],
    webhooks: readWebhooks(config),
    checkSources: readCheckSources(config),
    federation: readFederation(root),
    partSize,
    validateResponses: config?.getOptionalBoolean('validateResponses') ?? false,
  };
}

function readDuration(
  config: Config | undefined,
  key: string,
  preset: HumanDuration,
): number {
  return durationToMilliseconds(
    config?.has(key) ? readDurationFromConfig(config, { key }) : preset,
  );
}

function readSize(config: Config, key: string): number {
  const value = config.get(key);
  const size = typeof value === 'number' ? value : parseBytes(String(value));
  if (size === undefined || !Number.isSafeInteger(size) || size < 0) {
    throw new InputError(
      `assetManager.storage.quotas has the size ${JSON.stringify(
        value,
      )}; write it like 500MiB or 2TiB`,
    );
  }
  return size;
}

function readFixity(config: Config | undefined): FixitySchedule {
  const sample = config?.getOptionalNumber('storage.fixity.sample') ?? 4;
  if (!(sample >= 0 && sample <= 100)) {
    throw new InputError(
      'assetManager.storage.fixity.sample has to be a number from 0 to 100',
    );
  }
  return {
    enabled: config?.getOptionalBoolean('storage.fixity.enabled') ?? true,
    everyMs: readDuration(config, 'storage.fixity.every', { days: 1 }),
    sample,
  };
}

function readRules(config: Config | undefined, key: string): Placement[] {
  return (config?.getOptionalConfigArray(key) ?? []).map(rule => ({
    namespace: rule.getOptionalString('namespace'),
    type: rule.getOptionalString('type'),
    owner: rule.has('owner') ? readOwner(rule.getString('owner')) : undefined,
    store: rule.getString('store'),
  }));
}

function readPrincipals(config: Config | undefined, key: string): string[] {
  return (config?.getOptionalStringArray(key) ?? []).map(readOwner);
}

function readOwner(text: string): string {
  return stringifyEntityRef(
    parseEntityRef(text, { defaultKind: 'group', defaultNamespace: 'default' }),
  );
}

/** It feeds assets to the catalog, where people read them. */
function catalogService(config: Config | undefined): ConfiguredService {
  const isFed = config?.getOptionalBoolean('catalog.feedRestricted') ?? false;
  return {
    subject: 'plugin:catalog',
    groups: [],
    sees: isFed ? [...VISIBILITIES] : ['public', 'internal'],
  };
}

function readServices(config: Config | undefined): ConfiguredService[] {
  return (config?.getOptionalConfigArray('serviceAccounts') ?? []).map(
    account => ({
      subject: account.getString('subject'),
      groups: readPrincipals(account, 'groups'),
      sees: account.getOptionalBoolean('internal')
        ? ['public', 'internal']
        : ['public'],
    }),
  );
}

/** @throws InputError for an address that could be read on the way */
function readWebhooks(config: Config | undefined): Webhook[] {
  return (config?.getOptionalConfigArray('webhooks') ?? []).map(webhook => {
    const name = webhook.getString('name');
    const text = webhook.getString('url');
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (!url || !(url.protocol === 'https:' || isLoopback(url)))
      throw new InputError(
        `assetManager.webhooks has an address for '${name}' that does not begin with https://`,
      );
    return {
      name,
      url: text,
      secret: webhook.getString('secret'),
      actions: webhook.getOptionalStringArray('actions'),
    };
  });
}

function readCheckSources(config: Config | undefined): CheckSource[] {
  return (config?.getOptionalConfigArray('checkWebhooks') ?? []).map(
    source => ({
      name: source.getString('name'),
      secret: source.getString('secret'),
      account: source.getString('account'),
    }),
  );
}

function readFederation(root: Config): FederationSettings {
  const key = 'assetManager.federation';
  const issuers = root.getOptionalStringArray(`${key}.issuers`) ?? [];
  for (const issuer of issuers) {
    const url = URL.canParse(issuer) ? new URL(issuer) : undefined;
    if (!url || !(url.protocol === 'https:' || isLoopback(url))) {
      throw new InputError(
        `${key}.issuers names '${issuer}', which is no address that begins with https://`,
      );
    }
  }
  return {
    issuers,
    audience: root.getOptionalString(`${key}.audience`) ?? backendAddress(root),
  };
}

/** The portal's backend as others name it. */
export function backendAddress(root: Config): string {
  return root.getOptionalString('backend.baseUrl') ?? 'http://localhost';
}

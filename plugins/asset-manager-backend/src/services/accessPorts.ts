import type {
  AccessRequest,
  AssetName,
  Federation,
  Grant,
  GrantScope,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { HeldGrant } from '../model/caller';

/** Where grants are looked for: at an asset and what it belongs to, or at less. */
export interface GrantedPlace {
  assetId?: number;
  namespace?: string;
  type?: string;
}

export interface GrantRecord extends Grant {
  assetId?: number;
}

/** Who has which role where. What has ended is not given. */
export interface GrantStore {
  find(id: string, now: string): Promise<GrantRecord | undefined>;
  /** Those that hold at a place, wherever they were given; of some principals, or of all. */
  at(
    place: GrantedPlace,
    now: string,
    principals?: readonly string[],
  ): Promise<GrantRecord[]>;
  /** Everything that was granted or denied to any of these principals. */
  heldBy(principals: readonly string[], now: string): Promise<HeldGrant[]>;
  insert(grant: Grant, scope: GrantScope, assetId?: number): Promise<void>;
  end(id: string, at: string, by: string): Promise<void>;
}

/** Somebody asks for access; `ended` is told by its age. */
export type AccessRequestRecord = Omit<AccessRequest, 'state'> & {
  state: Exclude<AccessRequest['state'], 'ended'>;
};

export interface AccessRequestStore {
  find(id: string): Promise<AccessRequestRecord | undefined>;
  /** Newest first, whatever became of them. */
  listOf(requester: string, limit: number): Promise<AccessRequestRecord[]>;
  openOf(requester: string, since: string): Promise<AccessRequestRecord[]>;
  /** Oldest first. */
  openFor(name: AssetName, since: string): Promise<AccessRequestRecord[]>;
  insert(request: AccessRequestRecord): Promise<void>;
  /** Leaves one alone that is not open any more, and answers whether it was. */
  decide(
    id: string,
    decision: {
      state: 'granted' | 'declined' | 'withdrawn';
      at: string;
      by: string;
      answer?: string;
    },
  ): Promise<boolean>;
}

/** An account of a pipeline or CI job. */
export interface ServiceAccountRecord {
  name: string;
  owner: string;
  description?: string;
  createdAt: string;
  createdBy: string;
  disabledAt?: string;
}

export interface ServiceTokenRecord {
  id: string;
  account: string;
  /** SHA-256 of the secret, in hex. */
  secretHash: string;
  description?: string;
  createdAt: string;
  createdBy: string;
  expiresAt: string;
  lastUsedAt?: string;
  revokedAt?: string;
}

export interface ServiceAccountStore {
  find(name: string): Promise<ServiceAccountRecord | undefined>;
  /** By name; of some owners, or all. */
  list(owners?: readonly string[]): Promise<ServiceAccountRecord[]>;
  /** @returns whether the name was free */
  insert(account: ServiceAccountRecord): Promise<boolean>;
  setDisabled(name: string, at: string | undefined, by: string): Promise<void>;
  /** Newest first. */
  tokens(account: string): Promise<ServiceTokenRecord[]>;
  findToken(id: string): Promise<ServiceTokenRecord | undefined>;
  insertToken(token: ServiceTokenRecord): Promise<void>;
  revokeToken(id: string, at: string, by: string): Promise<void>;
  /** Lets one end sooner than it would. */
  endToken(id: string, at: string): Promise<void>;
  noteUse(id: string, at: string): Promise<void>;
}

/** Which tokens of another issuer stand for an account. */
export type FederationRecord = Federation & { account: string };

/** What has been revoked is not there. */
export interface FederationStore {
  /** Newest first. */
  list(account: string): Promise<FederationRecord[]>;
  find(id: string): Promise<FederationRecord | undefined>;
  insert(federation: FederationRecord): Promise<void>;
  revoke(id: string, at: string, by: string): Promise<void>;
  noteUse(id: string, at: string): Promise<void>;
}

/** A key pair that signs tokens; both halves as JWK. */
export interface SigningKey {
  id: string;
  publicKey: object;
  privateKey: object;
  createdAt: string;
}

export interface SigningKeyStore {
  /** Those that were made after a time, newest first. */
  list(since: string): Promise<SigningKey[]>;
  insert(key: SigningKey): Promise<void>;
}

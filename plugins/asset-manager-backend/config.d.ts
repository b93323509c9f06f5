import type { HumanDuration } from '@backstage/types';

export interface Config {
  assetManager?: {
    deletion?: {
      /** How long a deleted version or asset can be brought back; 14 days when left out. */
      undo?: string | HumanDuration;
    };
    storage?: {
      /**
       * The name of the store for new bytes where no rule says another; `local`,
       * which is the local directory, when left out.
       */
      default?: string;
      /** How long bytes that nothing refers to are kept; `24h` when left out. */
      grace?: string | HumanDuration;
      /**
       * How much the assets of a namespace may hold, each file's bytes once per asset.
       * Pushes that would hold more are refused before their first byte.
       */
      quotas?: Array<{
        /** Every namespace that has no quota of its own when left out. */
        namespace?: string;
        /** Bytes, or text like `500GiB`. */
        size: number | string;
      }>;
      /**
       * Stores that have lost everything, as when a disk was replaced: checks may say
       * so, and fill them from the copies in others. Without this a store in which
       * nothing stands that should counts as one that is not there, and is not judged.
       */
      emptied?: string[];
      /** Whether everything still stands where it should, looked at regularly. */
      fixity?: {
        /** True when left out. */
        enabled?: boolean;
        /** Every day when left out. */
        every?: string | HumanDuration;
        /**
         * How many percent of the bytes each check reads, from 0 to 100; 4 when left
         * out, so that all are read within 25 checks.
         */
        sample?: number;
      };
      /**
       * How long deleting one object may take; 5 minutes when left out. Whoever began
       * longer ago has died, and another process deletes it.
       */
      deletionTime?: string | HumanDuration;
      /** Which assets keep new bytes in another store. The first rule that fits counts. */
      placement?: Array<{
        namespace?: string;
        /** Asset type. */
        type?: string;
        /** Entity reference of the owner. */
        owner?: string;
        /** The name of a store. */
        store: string;
      }>;
      /** Which assets have a copy of each new version in a further store. All rules that fit count. */
      replicas?: Array<{
        namespace?: string;
        /** Asset type. */
        type?: string;
        /** Entity reference of the owner. */
        owner?: string;
        /** The name of a store. */
        store: string;
      }>;
      local?: {
        /**
         * Where the bytes are kept; relative to the working directory of the
         * backend. `asset-manager-blobs` when left out.
         */
        directory?: string;
      };
    };
    catalog?: {
      /**
       * Whether restricted assets are fed to the catalog, too. Only for portals with a
       * permission policy that hides them there, as the one of
       * `permission-backend-module-asset-manager` does; not when left out.
       */
      feedRestricted?: boolean;
    };
    /**
     * Which of the shipped asset types this installation has; all when left out.
     */
    shippedTypes?: string[];
    /**
     * Files with documents of asset types, beside the shipped ones or in their place;
     * relative to the working directory of the backend.
     */
    types?: string[];
    /**
     * Services that may use the asset manager, e.g. a CI system with a static token,
     * and the groups that they act as members of. Other services are turned away.
     */
    serviceAccounts?: Array<{
      /** The subject of the service's token. */
      subject: string;
      /** Entity references, e.g. `group:default/team-signal`. */
      groups?: string[];
      /** Whether it sees internal assets without a grant; public ones it always does. */
      internal?: boolean;
    }>;
    /** Whose tokens can stand for service accounts, e.g. those of a CI system's jobs. */
    federation?: {
      /** Issuers that are trusted, as tokens name them in `iss`; none when left out. */
      issuers?: string[];
      /** What their tokens have to name in `aud`; `backend.baseUrl` when left out. */
      audience?: string;
    };
    /**
     * People and groups that may do everything with every asset, but approve; as
     * entity references. They can't be denied anything.
     */
    administrators?: string[];
    /** People and groups that look after the installation, as entity references. */
    operators?: string[];
    /**
     * People and groups that may see, export and verify the audit trail of everything,
     * as entity references.
     */
    auditors?: string[];
    audit?: {
      /**
       * The Ed25519 private key that signs the audit trail, as PEM (PKCS 8). All
       * replicas need the same one.
       *
       * @visibility secret
       */
      signingKey?: string;
      /**
       * Where such a key is kept, and made at first, when there is no `signingKey`;
       * `asset-manager-audit-key.pem` beside the directory of the local store when left
       * out.
       */
      keyFile?: string;
    };
    /** Where events of the audit trail are sent. */
    webhooks?: Array<{
      /** Lowercase letters, digits and dashes. */
      name: string;
      /** Begins with https:// */
      url: string;
      /**
       * Signs what is sent.
       *
       * @visibility secret
       */
      secret: string;
      /** Events whose actions begin so, as version.moved; all when left out. */
      actions?: string[];
    }>;
    /** Who may send checks of versions with a signature in the place of a token. */
    checkWebhooks?: Array<{
      /** The last part of the address: /webhooks/checks/NAME. */
      name: string;
      /**
       * What the sender signs with.
       *
       * @visibility secret
       */
      secret: string;
      /** The service account that it acts as. */
      account: string;
    }>;
    uploads?: {
      /** Bytes of a part of a large upload; 64 MiB when left out. */
      partSize?: number;
    };
    /** Holds every JSON response to the OpenAPI document, at the cost of time. */
    validateResponses?: boolean;
  };
}

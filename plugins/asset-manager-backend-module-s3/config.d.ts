import type { HumanDuration } from '@backstage/types';

export interface Config {
  assetManager?: {
    storage?: {
      /** Buckets that speak the S3 protocol, each a store under its own name. */
      s3?: {
        [name: string]: {
          bucket: string;
          /** How long the bucket may say nothing, e.g. `30s`; a minute when left out. */
          timeout?: string | HumanDuration;
          /** `us-east-1` when left out. */
          region?: string;
          /** What all keys begin with, e.g. `assets/`. */
          prefix?: string;
          /** The address of a server that is not Amazon's. */
          endpoint?: string;
          /** The address by which clients reach it, where it is another one than the backend's. */
          publicEndpoint?: string;
          /** Puts the bucket into the path instead of the host name, as many such servers want it. */
          forcePathStyle?: boolean;
        };
      };
    };
  };
}

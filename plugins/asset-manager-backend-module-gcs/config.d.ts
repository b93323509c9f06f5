import type { HumanDuration } from '@backstage/types';

export interface Config {
  assetManager?: {
    storage?: {
      /** Buckets of Google Cloud Storage, each a store under its own name. */
      gcs?: {
        [name: string]: {
          bucket: string;
          /** How long the bucket may say nothing, e.g. `30s`; a minute when left out. */
          timeout?: string | HumanDuration;
          /** Only where the credentials name none. */
          projectId?: string;
          /** What all names of objects begin with, e.g. `assets/`. */
          prefix?: string;
          /** The address of an emulator; requests to it carry no credentials. */
          endpoint?: string;
        };
      };
    };
  };
}

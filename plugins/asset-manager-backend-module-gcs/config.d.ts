export interface Config {
  assetManager?: {
    storage?: {
      /** Buckets of Google Cloud Storage, each a store under its own name. */
      gcs?: {
        [name: string]: {
          bucket: string;
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

import type { HumanDuration } from '@backstage/types';

export interface Config {
  assetManager?: {
    catalog?: {
      /**
       * How often the catalog is compared with the assets, to bring back what
       * the removal of a declaration took away; a minute when left out.
       */
      reconcileInterval?: HumanDuration | string;
    };
  };
}

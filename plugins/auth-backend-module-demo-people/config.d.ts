export interface Config {
  auth?: {
    providers?: {
      demo?: {
        /** Names of users in the catalog who may sign in without a password. */
        people: string[];
      };
    };
  };
}

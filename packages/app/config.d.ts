export interface Config {
  app?: {
    signIn?: {
      /** Signs in with the OpenID provider of `auth.providers.oidc`. */
      oidc?: {
        /**
         * What the sign-in page calls it.
         *
         * @visibility frontend
         */
        title: string;
      };
    };
  };
  auth?: {
    providers?: {
      demo?: {
        /**
         * The sample people that the sign-in page offers.
         *
         * @deepVisibility frontend
         */
        people: string[];
      };
    };
  };
}

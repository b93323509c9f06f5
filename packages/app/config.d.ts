export interface Config {
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

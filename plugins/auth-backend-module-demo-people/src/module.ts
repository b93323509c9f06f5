import {
  coreServices,
  createBackendModule,
} from '@backstage/backend-plugin-api';
import { stringifyEntityRef } from '@backstage/catalog-model';
import { AuthenticationError } from '@backstage/errors';
import {
  authProvidersExtensionPoint,
  createProxyAuthenticator,
  createProxyAuthProviderFactory,
} from '@backstage/plugin-auth-node';
import { assertDemo } from './assertDemo';

/** The header in which a request says who it wants to be. */
const PERSON_HEADER = 'x-demo-person';

const authenticator = createProxyAuthenticator({
  defaultProfileTransform: async () => ({ profile: {} }),
  initialize: () => undefined,
  async authenticate({ req }) {
    const person = req.header(PERSON_HEADER);
    if (!person)
      throw new AuthenticationError(
        `say who you are in the header ${PERSON_HEADER}`,
      );
    return { result: { person } };
  },
});

/** Signs in the sample people of the demo, without a password and only on the own machine. */
export const authModuleDemoPeople = createBackendModule({
  pluginId: 'auth',
  moduleId: 'demo-people',
  register(env) {
    env.registerInit({
      deps: {
        providers: authProvidersExtensionPoint,
        config: coreServices.rootConfig,
      },
      async init({ providers, config }) {
        if (!config.has('auth.providers.demo')) return;
        assertDemo(config, process.env.NODE_ENV);
        const people = config.getStringArray('auth.providers.demo.people');
        providers.registerProvider({
          providerId: 'demo',
          factory: createProxyAuthProviderFactory({
            authenticator,
            signInResolver: async ({ result: { person } }, context) => {
              if (!people.includes(person)) {
                throw new AuthenticationError(
                  `there is no sample person '${person}'; there are ${people.join(
                    ', ',
                  )}`,
                );
              }
              return context.signInWithCatalogUser({
                entityRef: stringifyEntityRef({
                  kind: 'User',
                  namespace: 'default',
                  name: person,
                }),
              });
            },
          }),
        });
      },
    });
  },
});

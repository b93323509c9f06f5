import { createBackend } from '@backstage/backend-defaults';

const backend = createBackend();

backend.add(import('@backstage/plugin-app-backend'));

backend.add(import('@backstage/plugin-auth-backend'));
backend.add(import('@backstage/plugin-auth-backend-module-oidc-provider'));
backend.add(
  import('@baseasset/backstage-plugin-auth-backend-module-demo-people'),
);

backend.add(import('@backstage/plugin-catalog-backend'));
backend.add(import('@backstage/plugin-catalog-backend-module-logs'));
backend.add(
  import('@baseasset/backstage-plugin-catalog-backend-module-asset-manager'),
);

backend.add(import('@backstage/plugin-permission-backend'));
backend.add(
  import('@baseasset/backstage-plugin-permission-backend-module-asset-manager'),
);

backend.add(import('@backstage/plugin-events-backend'));
backend.add(import('@backstage/plugin-signals-backend'));
backend.add(import('@backstage/plugin-notifications-backend'));
backend.add(import('@backstage/plugin-user-settings-backend'));

backend.add(import('@backstage/plugin-search-backend'));
backend.add(import('@backstage/plugin-search-backend-module-catalog'));
backend.add(import('@backstage/plugin-search-backend-module-techdocs'));

backend.add(import('@backstage/plugin-techdocs-backend'));

backend.add(import('@baseasset/backstage-plugin-asset-manager-backend'));
backend.add(
  import('@baseasset/backstage-plugin-asset-manager-backend-module-gcs'),
);
backend.add(
  import('@baseasset/backstage-plugin-asset-manager-backend-module-s3'),
);

backend.start().catch(error => {
  // Backstage logs it and goes on: a portal that did not start would look alive.
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
});

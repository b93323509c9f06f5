import { createBackend } from '@backstage/backend-defaults';

const backend = createBackend();

backend.add(import('@backstage/plugin-app-backend'));
backend.add(import('@backstage/plugin-auth-backend'));
backend.add(import('@backstage/plugin-auth-backend-module-guest-provider'));
backend.add(import('@backstage/plugin-catalog-backend'));
backend.add(import('@backstage/plugin-permission-backend'));
backend.add(
  import('@backstage/plugin-permission-backend-module-allow-all-policy'),
);
// The asset manager:
backend.add(import('@baseasset/backstage-plugin-asset-manager-backend'));
backend.add(
  import('@baseasset/backstage-plugin-catalog-backend-module-asset-manager'),
);

backend.start();

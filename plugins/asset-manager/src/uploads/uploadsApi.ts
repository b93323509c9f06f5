import { createApiRef } from '@backstage/frontend-plugin-api';
import type { UploadQueue } from './UploadQueue';

/** The pushes from this browser, one queue for all pages. */
export const uploadsApiRef = createApiRef<UploadQueue>({
  id: 'plugin.asset-manager.uploads',
});

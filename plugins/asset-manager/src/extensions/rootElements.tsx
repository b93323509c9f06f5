import { AppRootElementBlueprint } from '@backstage/frontend-plugin-api';
import { UploadsPanel } from '../components/UploadsPanel';

const uploadsPanel = AppRootElementBlueprint.make({
  name: 'uploads',
  params: { element: <UploadsPanel /> },
});

export const rootElements = [uploadsPanel];

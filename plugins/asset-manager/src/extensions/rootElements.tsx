import { AppRootElementBlueprint } from '@backstage/frontend-plugin-api';
import { UploadsPanel } from '../components/UploadsPanel';
import { ViewAsBand } from '../components/ViewAsBand';

const uploadsPanel = AppRootElementBlueprint.make({
  name: 'uploads',
  params: { element: <UploadsPanel /> },
});

const viewAsBand = AppRootElementBlueprint.make({
  name: 'view-as',
  params: { element: <ViewAsBand /> },
});

export const rootElements = [uploadsPanel, viewAsBand];

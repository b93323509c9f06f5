/**
 * What other frontend packages may touch of the asset manager.
 *
 * @packageDocumentation
 */
export * from './api';
export * from './components/Age';
export * from './components/AssetNameText';
export * from './components/Bytes';
export * from './components/CopyButton';
export * from './components/DigestText';
export * from './components/explainProblem';
export * from './components/formatAge';
export * from './components/Problem';
export * from './viewers/AssetViewerBlueprint';
export * from './viewers/decodeText';
export * from './viewers/types';
export * from './viewers/useFileHead';
export * from './viewers/ViewerRegistry';

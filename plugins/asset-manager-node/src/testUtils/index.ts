export { testBlobStore } from './testBlobStore';

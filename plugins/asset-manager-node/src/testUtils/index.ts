export { testBlobStore } from './testBlobStore';
export { testUnreliableLine } from './testUnreliableLine';

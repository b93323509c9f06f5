import { releaseMemory } from './releaseMemory';

/** Node 20 has no way to give memory back, and leaves it to the collector. */
const CAN = 'transfer' in ArrayBuffer.prototype;

it('gives back a memory of its own', () => {
  const chunk = new Uint8Array(64 * 1024);
  releaseMemory(chunk);
  expect(chunk.byteLength).toBe(CAN ? 0 : 64 * 1024);
});

it('leaves a memory alone that is seen by others', () => {
  const whole = new Uint8Array(64).fill(7);
  releaseMemory(whole.subarray(8, 16));
  expect(whole.every(byte => byte === 7)).toBe(true);
  expect(whole).toHaveLength(64);
});

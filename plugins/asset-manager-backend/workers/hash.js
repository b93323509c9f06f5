// @ts-check
/**
 * Hashes ranges of files in a thread of its own. Messages are worked on one after
 * the other, in the order that they came in; those of one `id` feed one hash.
 *
 * @typedef {{ id: number, file: string, start: number, end?: number, ends: boolean }} Work
 *   `end` is excluded, and the file's end when left out; `ends` asks for the digest.
 * @typedef {{ id: number, forget: true }} Forget
 */
const { createHash } = require('node:crypto');
const { closeSync, openSync, readSync } = require('node:fs');
const { parentPort } = require('node:worker_threads');

const block = Buffer.allocUnsafe(1024 * 1024);
/** @type {Map<number, import('node:crypto').Hash | Error>} */
const hashes = new Map();

/** @param {import('node:crypto').Hash} hash @param {Work} work */
function feed(hash, { file, start, end = Infinity }) {
  const descriptor = openSync(file, 'r');
  try {
    for (let at = start; at < end; ) {
      const wanted = Math.min(block.length, end - at);
      const bytesRead = readSync(descriptor, block, 0, wanted, at);
      if (bytesRead === 0) return;
      hash.update(block.subarray(0, bytesRead));
      at += bytesRead;
    }
  } finally {
    closeSync(descriptor);
  }
}

parentPort?.on('message', (/** @type {Work | Forget} */ message) => {
  const { id } = message;
  if ('forget' in message) {
    hashes.delete(id);
    return;
  }
  let hash = hashes.get(id) ?? createHash('sha256');
  if (!(hash instanceof Error)) {
    try {
      feed(hash, message);
    } catch (error) {
      // Told when somebody asks for the digest.
      hash = /** @type {Error} */ (error);
    }
  }
  hashes.set(id, hash);
  if (!message.ends) return;
  hashes.delete(id);
  parentPort?.postMessage(
    hash instanceof Error
      ? { id, error: hash.message }
      : { id, digest: `sha256:${hash.digest('hex')}` },
  );
});

import { createHash, randomUUID } from 'node:crypto';
import { promises as fs } from 'node:fs';
import path from 'node:path';
import {
  AssetName,
  Digest,
  isDigest,
} from '@baseasset/backstage-plugin-asset-manager-common';
import { makeFolder } from './folders';

/**
 * What was pulled into a folder last.
 *
 * @public
 */
export interface PullReceipt extends AssetName {
  digest: Digest;
}

async function receiptFile(options: {
  cache: string;
  folder: string;
}): Promise<string> {
  const folder = await fs
    .realpath(options.folder)
    .catch(() => path.resolve(options.folder));
  const name = createHash('sha256').update(folder).digest('hex');
  return path.join(options.cache, 'receipts', `${name}.json`);
}

/**
 * Remembers, in the cache, which version stands in a folder.
 */
export async function writeReceipt(
  options: { cache: string; folder: string } & PullReceipt,
): Promise<void> {
  const file = await receiptFile(options);
  const { namespace, name, digest } = options;
  await makeFolder(path.dirname(file));
  const temporary = `${file}.${randomUUID()}`;
  await fs.writeFile(temporary, JSON.stringify({ namespace, name, digest }));
  await fs.rename(temporary, file);
}

/**
 * What was pulled into a folder, or undefined when nothing is remembered.
 *
 * @public
 */
export async function readReceipt(options: {
  cache: string;
  folder: string;
}): Promise<PullReceipt | undefined> {
  try {
    const receipt = JSON.parse(
      await fs.readFile(await receiptFile(options), 'utf8'),
    );
    return isDigest(receipt.digest) ? receipt : undefined;
  } catch {
    return undefined;
  }
}

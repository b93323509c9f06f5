import { readFile } from 'node:fs/promises';
import { text as textOf } from 'node:stream/consumers';
import type { JsonObject } from '@backstage/types';
import type { Context } from './Context';
import { UsageError } from './exit';

/**
 * Reads a JSON object.
 *
 * @param file - `-` for what comes through the pipe
 * @throws UsageError that says what is wrong with it
 */
export async function readJsonObject(
  context: Context,
  file: string,
): Promise<JsonObject> {
  let text: string;
  try {
    text =
      file === '-' ? await textOf(context.stdin) : await readFile(file, 'utf8');
  } catch {
    throw new UsageError(`${file} can't be read`);
  }
  const name = file === '-' ? 'what came through the pipe' : file;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new UsageError(`${name} is no JSON`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new UsageError(`${name} has to hold a JSON object`);
  return value as JsonObject;
}

import { readFile } from 'node:fs/promises';
import { text as textOf } from 'node:stream/consumers';
import type { JsonObject } from '@backstage/types';
import type { Context } from './Context';
import { UsageError } from './exit';

/** Characters that the portal takes. */
const LONGEST = 1024 * 1024;
/** Levels that no record needs. */
const DEEPEST = 200;

/** Whether a value goes too deep to be sent. */
function isTooDeep(value: unknown): boolean {
  let level = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > DEEPEST) return true;
    level = level.flatMap(each =>
      typeof each === 'object' && each !== null ? Object.values(each) : [],
    );
  }
  return false;
}

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
  if (text.length > LONGEST)
    throw new UsageError(
      `${file} is longer than 1 MiB; push the rest as an asset`,
    );
  const name = file === '-' ? 'what came through the pipe' : file;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new UsageError(`${name} is no JSON`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new UsageError(`${name} has to hold a JSON object`);
  if (isTooDeep(value))
    throw new UsageError(`${name} goes deeper than ${DEEPEST} levels`);
  return value as JsonObject;
}

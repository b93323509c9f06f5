import { readFile } from 'node:fs/promises';
import type { AssetManagerClient } from '@baseasset/client';
import type { SimulatedRules } from '@baseasset/backstage-plugin-asset-manager-common';
import type { Context } from './Context';
import { UsageError } from './exit';
import { countOf, printable } from './format';

export const TYPE = { name: 'TYPE', description: 'the type, e.g. ml-model' };
export const FILE = {
  name: 'FILE',
  description: 'the document, as YAML or JSON',
};

/** Where versions go from stages that are gone. */
export const MAP_OPTION = {
  type: 'string',
  multiple: true,
  value: 'OLD=NEW',
  description: 'where versions go whose stage is not there any more',
} as const;

/** Tells what a document would change, with a bar while it looks. */
export async function simulate(
  context: Context,
  client: AssetManagerClient,
  document: string,
): Promise<SimulatedRules> {
  const progress = context.progress();
  try {
    return await client.types.simulate(document, {
      signal: context.signal,
      onProgress: (done, total) =>
        progress.update('Looking', done, total, '', 'items'),
    });
  } finally {
    progress.clear();
  }
}

/** The same for people. */
export function formatSimulated(found: SimulatedRules): string {
  const { refusal, versions, requests, stages, failures } = found;
  const lines = [`${countOf(versions, 'version')} looked at`];
  if (requests > 0)
    lines.push(
      `the approvals of ${countOf(requests, 'open request')} would be void`,
    );
  for (const { stage, versions: standing } of stages)
    lines.push(
      `the stage ${stage} would be gone, where ${countOf(
        standing,
        'version',
      )} ${
        standing === 1 ? 'stands' : 'stand'
      }; --map ${stage}=STAGE says where they go`,
    );
  for (const failure of failures)
    lines.push(
      `${countOf(failure.versions, 'version')} would not meet ${
        failure.what
      }, as ${failure.examples.join(', ')}: ${printable(failure.message)}`,
    );
  if (refusal) lines.push(`it can't be applied: ${refusal}`);
  else if (requests + stages.length + failures.length === 0)
    lines.push('nothing would change for them');
  return lines.join('\n');
}

/** @throws UsageError for what is no pair */
export function readMap(
  pairs: readonly string[],
): Record<string, string> | undefined {
  if (pairs.length === 0) return undefined;
  return Object.fromEntries(
    pairs.map(pair => {
      const [, from, to] = /^([^=]+)=([^=]+)$/.exec(pair) ?? [];
      if (!from) throw new UsageError(`--map has to be OLD=NEW, not '${pair}'`);
      return [from, to];
    }),
  );
}

/** @throws UsageError when it can't be read */
export async function readDocument(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch {
    throw new UsageError(`${file} can't be read`);
  }
}

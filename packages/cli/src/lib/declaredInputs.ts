import { createHash } from 'node:crypto';
import type { AssetManagerClient } from '@baseasset/client';
import type {
  AssetName,
  AssetVersion,
  RecordedVersion,
  Run,
} from '@baseasset/backstage-plugin-asset-manager-common';
import { UsageError } from './exit';
import { Context, readReference } from './Context';

const MOST_INPUTS = 500;
const LONGEST_ROLE = 63;

/** Inputs as somebody declares them on the line. */
export interface DeclaredInput extends RecordedVersion {
  /** As it was typed. */
  ref: string;
}

/**
 * Reads `REF` or `ROLE=REF`, and makes sure that each names a version for ever that
 * is there, before anything is sent.
 */
export async function readInputs(
  context: Context,
  client: AssetManagerClient,
  texts: readonly string[],
): Promise<DeclaredInput[]> {
  const { signal } = context;
  const { formatReference, isDigestPrefix } = await import(
    '@baseasset/backstage-plugin-asset-manager-common'
  );
  const inputs: DeclaredInput[] = [];
  if (texts.length > MOST_INPUTS)
    throw new UsageError(
      `a run has ${MOST_INPUTS} inputs at most, and these are ${texts.length}`,
    );
  for (const text of texts) {
    const [, role, typed] = /^(?:([^=/@]+)=)?(.*)$/s.exec(text)!;
    const { selector, path, ...name } = await readReference(typed);
    if (role !== undefined && role.length > LONGEST_ROLE)
      throw new UsageError(
        `a role has ${LONGEST_ROLE} letters at most, and '${role.slice(
          0,
          20,
        )}…' has more`,
      );
    if (path !== undefined)
      throw new UsageError(`${typed} names a file, and an input is a version`);
    const version = await client.getVersion({ ...name, selector }, { signal });
    if (
      selector === undefined ||
      (selector !== version.label && !isDigestPrefix(selector))
    )
      throw new UsageError(
        `${typed} may mean another version tomorrow, so it can't be said to have been read`,
        [
          `if it was ${version.label}: --input ${
            role ? `${role}=` : ''
          }${formatReference({ ...name, selector: version.label })}`,
        ],
      );
    if (version.deletion)
      throw new UsageError(`${typed} was deleted, and can't have been read`);
    if (version.retraction)
      context.warn(`${typed} was retracted: ${version.retraction.reason}`);
    inputs.push({
      ref: formatReference({ ...name, selector: version.digest }),
      role,
    });
  }
  return inputs;
}

/** Writes down that a version was made of others; said again, nothing is written twice. */
export async function recordInputs(
  client: AssetManagerClient,
  name: AssetName,
  { digest }: AssetVersion,
  inputs: readonly DeclaredInput[],
): Promise<Run> {
  const { formatReference } = await import(
    '@baseasset/backstage-plugin-asset-manager-common'
  );
  const { subject } = await client.whoami();
  const outputs = [{ ref: formatReference({ ...name, selector: digest }) }];
  const said = inputs.map(({ role = '', ref }) => `${role}=${ref}`).sort();
  const told = JSON.stringify([subject, said, outputs]);
  const id = createHash('sha256').update(told).digest('hex').slice(0, 32);
  return client.lineage.recordRun({ id, inputs: [...inputs], outputs });
}

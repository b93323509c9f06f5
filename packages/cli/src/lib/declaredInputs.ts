import { createHash } from 'node:crypto';
import type { AssetManagerClient } from '@baseasset/client';
import type {
  AssetName,
  AssetVersion,
  RecordedVersion,
  Run,
} from '@baseasset/backstage-plugin-asset-manager-common';
import { UsageError } from './exit';
import { readReference } from './Context';

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
  client: AssetManagerClient,
  texts: readonly string[],
  signal: AbortSignal,
): Promise<DeclaredInput[]> {
  const { formatReference, isDigestPrefix } = await import(
    '@baseasset/backstage-plugin-asset-manager-common'
  );
  const inputs: DeclaredInput[] = [];
  for (const text of texts) {
    const [, role, typed] = /^(?:([^=/@]+)=)?(.*)$/s.exec(text)!;
    const { selector, path, ...name } = await readReference(typed);
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
  const told = JSON.stringify([subject, inputs, outputs]);
  const id = `push-${createHash('sha256')
    .update(told)
    .digest('hex')
    .slice(0, 32)}`;
  return client.lineage.recordRun({ id, inputs: [...inputs], outputs });
}

import { promises as fs } from 'node:fs';
import { stringify } from 'yaml';
import {
  ASSET_API_VERSION,
  ASSET_KIND,
} from '@baseasset/backstage-plugin-asset-manager-common';
import { UsageError } from './exit';

/** What a declaration says. */
export interface Declared {
  namespace: string;
  name: string;
  type: string;
  owner?: string;
  title?: string;
  description?: string;
  system?: string;
  visibility?: string;
  tags?: string[];
}

/**
 * Writes the declaration of an asset for a repository; a file that stands gets
 * one more document.
 *
 * @param file - `-` for nowhere
 * @returns the text of the document
 */
export async function writeDeclaration(
  file: string,
  declared: Declared,
): Promise<string> {
  const {
    namespace,
    name,
    type,
    owner,
    title,
    description,
    system,
    visibility,
    tags,
  } = declared;
  if (!owner)
    throw new UsageError(
      '--owner is missing: a declaration has to say who owns the asset',
    );
  const text = stringify({
    apiVersion: ASSET_API_VERSION,
    kind: ASSET_KIND,
    metadata: {
      ...(namespace !== 'default' && { namespace }),
      name,
      ...(title && { title }),
      ...(description && { description }),
      ...(tags && { tags }),
    },
    spec: {
      type,
      owner,
      ...(system && { system }),
      ...(visibility && { visibility }),
    },
  });
  if (file === '-') return text;
  const standing = await fs.readFile(file, 'utf8').catch(() => '');
  await fs.writeFile(
    file,
    standing.trim() ? `${standing.trimEnd()}\n---\n${text}` : text,
  );
  return text;
}

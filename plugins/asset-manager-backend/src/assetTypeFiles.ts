import { readFileSync } from 'node:fs';
import { resolvePackagePath } from '@backstage/backend-plugin-api';
import type { Config } from '@backstage/config';
import { InputError } from '@backstage/errors';
import { SHIPPED_ASSET_TYPES } from '@baseasset/backstage-plugin-asset-manager-common';
import { readAssetTypeDocument } from './model/assetTypeDocument';
import type { GateKinds } from './model/gates/gateKinds';
import type { GivenAssetType } from './services/AssetTypes';

/**
 * The types that are shipped and those of the configuration.
 *
 * @throws InputError that names the file and what is wrong in it
 */
export function readAssetTypes(
  root: Config,
  kinds: GateKinds,
): {
  shipped: GivenAssetType[];
  chosen?: string[];
  configured: GivenAssetType[];
} {
  const config = root.getOptionalConfig('assetManager');
  const read = (file: string) => readTypeFile(file, kinds);
  const shipped = SHIPPED_ASSET_TYPES.map(name =>
    read(
      resolvePackagePath(
        '@baseasset/backstage-plugin-asset-manager-backend',
        'types',
        `${name}.yaml`,
      ),
    ),
  );
  const chosen = config?.getOptionalStringArray('shippedTypes');
  for (const name of chosen ?? []) {
    if (!SHIPPED_ASSET_TYPES.includes(name)) {
      throw new InputError(
        `assetManager.shippedTypes names '${name}', which is not shipped; there are ${SHIPPED_ASSET_TYPES.join(
          ', ',
        )}`,
      );
    }
  }
  const files = config?.getOptionalStringArray('types') ?? [];
  return { shipped, chosen, configured: files.map(read) };
}

function readTypeFile(file: string, kinds: GateKinds): GivenAssetType {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    throw new InputError(
      `assetManager.types names ${file}, which can't be read`,
    );
  }
  const { document, problems } = readAssetTypeDocument(text, kinds);
  if (document) return { document, text };
  const [{ line, path, message }] = problems;
  throw new InputError(
    `${file}, line ${line ?? 1}: ${`${path} ${message}`.trim()}`,
  );
}

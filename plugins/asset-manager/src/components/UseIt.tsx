import { configApiRef, useApi } from '@backstage/frontend-plugin-api';
import {
  Button,
  Dialog,
  DialogBody,
  DialogHeader,
  DialogTrigger,
  Flex,
  Text,
} from '@backstage/ui';
import type {
  Asset,
  AssetVersion,
} from '@baseasset/backstage-plugin-asset-manager-common';
import { nameOf } from './assetAddress';
import { Snippet } from './Snippet';

/** How this very version is fetched, by command line, TypeScript and plain HTTP. */
export function UseIt(props: {
  asset: Asset;
  version: AssetVersion;
  alias?: string;
}) {
  const { asset, version, alias } = props;
  const server = useApi(configApiRef).getString('backend.baseUrl');
  const name = nameOf(asset);
  const selector = alias ?? version.label;
  const { namespace, name: shortName } = asset;
  return (
    <DialogTrigger>
      <Button size="small">Use it</Button>
      <Dialog width={720}>
        <DialogHeader>{`Use ${name}@${selector}`}</DialogHeader>
        <DialogBody>
          <Flex direction="column" gap="4">
            <Text color="secondary">
              {alias
                ? `By the alias ${alias}, which points to version ${version.label} now and may move.`
                : `Version ${version.label}, which never changes.`}
            </Text>
            <Snippet
              title="Command line"
              text={`asset pull ${name}@${selector}`}
            />
            <Snippet
              title="Pinned by its digest"
              text={`asset pull ${name}@${version.digest}`}
            />
            <Snippet
              title="TypeScript"
              text={`import { AssetManagerClient } from '@baseasset/client';\n\nconst client = new AssetManagerClient({ baseUrl: '${server}/api/asset-manager' });\nfor await (const file of client.files({ namespace: '${namespace}', name: '${shortName}', selector: '${selector}' })) {\n  console.log(file.path, file.digest);\n}`}
            />
            <Snippet
              title="HTTP"
              text={`curl -H "Authorization: Bearer $ASSET_TOKEN" \\\n  ${server}/api/asset-manager/assets/${namespace}/${shortName}/versions/${selector}/files`}
            />
          </Flex>
        </DialogBody>
      </Dialog>
    </DialogTrigger>
  );
}

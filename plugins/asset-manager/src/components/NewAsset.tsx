import { configApiRef, useApi } from '@backstage/frontend-plugin-api';
import {
  Button,
  Dialog,
  DialogBody,
  DialogHeader,
  DialogTrigger,
  Flex,
  Select,
  Text,
  TextField,
} from '@backstage/ui';
import {
  AssetName,
  parseReference,
} from '@baseasset/backstage-plugin-asset-manager-common';
import {
  assetManagerApiRef,
  Problem,
} from '@baseasset/backstage-plugin-asset-manager-react';
import { useState } from 'react';
import useAsync from 'react-use/lib/useAsync';
import { DropZone } from './DropZone';
import { Snippet } from './Snippet';

/** Three ways to a new asset: a command, a drop, a declaration. */
export function NewAsset(props: { onCreated: () => void; inPlace?: boolean }) {
  const { onCreated, inPlace } = props;
  const ways = <Ways onCreated={onCreated} />;
  if (inPlace) {
    return (
      <Flex direction="column" gap="4">
        <Text variant="title-small">No asset yet</Text>
        {ways}
      </Flex>
    );
  }
  return (
    <DialogTrigger>
      <Button>New asset</Button>
      <Dialog width={760}>
        <DialogHeader>New asset</DialogHeader>
        <DialogBody>{ways}</DialogBody>
      </Dialog>
    </DialogTrigger>
  );
}

function Ways(props: { onCreated: () => void }) {
  const { onCreated } = props;
  const client = useApi(assetManagerApiRef);
  const server = useApi(configApiRef).getString('backend.baseUrl');
  const { value: types } = useAsync(() => client.types.list(), [client]);
  const { value: me } = useAsync(() => client.whoami(), [client]);
  const [name, setName] = useState('');
  const [type, setType] = useState('generic');
  const groups =
    me?.ownershipEntityRefs.filter(ref => ref.startsWith('group:')) ?? [];
  const [chosenOwner, setOwner] = useState<string>();
  const owner = chosenOwner ?? groups[0];
  const [created, setCreated] = useState<AssetName>();
  const [error, setError] = useState<unknown>();
  const create = async () => {
    try {
      const reference = parseReference(name);
      const asset = await client.createAsset({
        namespace: reference.namespace,
        name: reference.name,
        type,
        owner,
      });
      setError(undefined);
      setCreated(asset);
      onCreated();
    } catch (thrown) {
      setError(thrown);
    }
  };
  return (
    <Flex direction="column" gap="5">
      <div>
        <Text weight="bold">From the command line</Text>
        <Snippet
          text={`asset login --server ${server}\nasset push ./folder ${
            name || 'models/my-model'
          } --type ${type} --message "the first one"`}
        />
      </div>
      <Flex direction="column" gap="3">
        <Text weight="bold">From here</Text>
        {created ? (
          <DropZone asset={created} onPushed={onCreated} />
        ) : (
          <Flex gap="3" align="end" style={{ flexWrap: 'wrap' }}>
            <TextField
              label="Name"
              placeholder="models/my-model"
              value={name}
              onChange={setName}
            />
            <Select
              label="Type"
              options={(types ?? []).map(each => ({
                value: each.name,
                label: each.title,
              }))}
              value={type}
              onChange={value => setType(String(value))}
            />
            {groups.length > 1 && (
              <Select
                label="Owner"
                options={groups.map(ref => ({
                  value: ref,
                  label: ref.replace(/^group:(default\/)?/, ''),
                }))}
                value={owner}
                onChange={value => setOwner(String(value))}
              />
            )}
            <Button isDisabled={name.trim() === ''} onPress={create}>
              Create
            </Button>
          </Flex>
        )}
        {error !== undefined && <Problem error={error} />}
      </Flex>
      <div>
        <Text weight="bold">In a repository, as catalog-info.yaml</Text>
        <Snippet
          text={`apiVersion: baseasset.io/v1alpha1\nkind: Asset\nmetadata:\n  namespace: models\n  name: my-model\nspec:\n  type: ${type}\n  owner: ${
            owner ?? 'group:default/my-team'
          }`}
        />
      </div>
    </Flex>
  );
}

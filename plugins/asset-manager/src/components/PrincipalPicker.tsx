import { stringifyEntityRef } from '@backstage/catalog-model';
import { useApi } from '@backstage/frontend-plugin-api';
import { catalogApiRef } from '@backstage/plugin-catalog-react';
import { Combobox } from '@backstage/ui';
import { assetManagerApiRef } from '@baseasset/backstage-plugin-asset-manager-react';
import { useState } from 'react';
import useAsync from 'react-use/lib/useAsync';

const OFFERED = 20;

/** Finds a person or group of the catalog, or a service account that the person looks after, by its name. */
export function PrincipalPicker(props: {
  label: string;
  /** @param ref - an entity reference, or null for nobody */
  onChange: (ref: string | null) => void;
}) {
  const { label, onChange } = props;
  const catalog = useApi(catalogApiRef);
  const client = useApi(assetManagerApiRef);
  const { value: accounts = [] } = useAsync(
    () => client.access.listServiceAccounts(),
    [client],
  );
  const [text, setText] = useState('');
  const [chosen, setChosen] = useState<string | null>(null);
  const { value: entities = [], loading } = useAsync(async () => {
    const { items } = await catalog.queryEntities({
      filter: { kind: ['user', 'group'] },
      fullTextFilter: {
        term: text,
        fields: ['metadata.name', 'metadata.title', 'spec.profile.displayname'],
      },
      fields: ['kind', 'metadata', 'spec.profile'],
      orderFields: { field: 'metadata.name', order: 'asc' },
      limit: OFFERED,
    });
    return items.map(entity => {
      const profile = entity.spec?.profile as
        | { displayName?: string }
        | undefined;
      const { name, title } = entity.metadata;
      return {
        id: stringifyEntityRef(entity),
        label: profile?.displayName ?? title ?? name,
        description: `${entity.kind.toLocaleLowerCase('en-US')} ${name}`,
      };
    });
  }, [catalog, text]);
  const term = text.toLocaleLowerCase('en-US');
  const options = [
    ...entities,
    ...accounts
      .filter(account => account.name.includes(term))
      .map(account => ({
        id: account.principal,
        label: account.name,
        description: 'service account',
      })),
  ];
  return (
    <Combobox
      label={label}
      placeholder="name"
      options={options}
      loading={{ state: loading ? 'filtering' : 'idle' }}
      search={{ mode: 'server', inputValue: text, onInputChange: setText }}
      value={chosen}
      onChange={key => {
        const ref = key === null ? null : String(key);
        const option = options.find(each => each.id === ref);
        if (option) setText(option.label);
        setChosen(ref);
        onChange(ref);
      }}
    />
  );
}

import { stringifyEntityRef } from '@backstage/catalog-model';
import { useApi } from '@backstage/frontend-plugin-api';
import { catalogApiRef } from '@backstage/plugin-catalog-react';
import { Combobox } from '@backstage/ui';
import { useState } from 'react';
import useAsync from 'react-use/lib/useAsync';

const OFFERED = 20;

/** Finds a person or group of the catalog by its name. */
export function PrincipalPicker(props: {
  label: string;
  /** @param ref - an entity reference, or null for nobody */
  onChange: (ref: string | null) => void;
}) {
  const { label, onChange } = props;
  const catalog = useApi(catalogApiRef);
  const [text, setText] = useState('');
  const [chosen, setChosen] = useState<string | null>(null);
  const { value: options = [], loading } = useAsync(async () => {
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

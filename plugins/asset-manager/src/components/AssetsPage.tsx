import { useApi, useRouteRef } from '@backstage/frontend-plugin-api';
import {
  Button,
  Cell,
  Checkbox,
  ColumnConfig,
  Container,
  Flex,
  Header,
  MenuListBox,
  MenuListBoxItem,
  MenuTrigger,
  SearchField,
  Table,
  Text,
} from '@backstage/ui';
import type {
  AssetFacets,
  AssetQuery,
  AssetSort,
  AssetSummary,
} from '@baseasset/backstage-plugin-asset-manager-common';
import {
  Age,
  assetManagerApiRef,
  AssetNameText,
  Bytes,
  CopyButton,
  Problem,
} from '@baseasset/backstage-plugin-asset-manager-react';
import { EntityRefLink } from '@backstage/plugin-catalog-react';
import { KeyboardEvent, useEffect, useMemo, useState } from 'react';
import { useSearchParams } from 'react-router-dom';
import useAsync from 'react-use/lib/useAsync';
import useAsyncRetry from 'react-use/lib/useAsyncRetry';
import useDebounce from 'react-use/lib/useDebounce';
import { assetsRouteRef } from '../routes';
import { nameOf } from './assetAddress';
import { ApprovalsLink } from './ApprovalsLink';
import styles from './AssetsPage.module.css';
import { AuditLink } from './AuditLink';
import { DeletedLink } from './DeletedLink';
import { NewAsset } from './NewAsset';
import { ServiceAccountsLink } from './ServiceAccountsLink';
import { StorageLink } from './StorageLink';
import { TypesLink } from './TypesLink';
import { TypeIcon } from './TypeIcon';

const PAGE = 50;
const FACETS = ['type', 'owner', 'namespace', 'tag', 'visibility'] as const;
const SORT_BY_COLUMN: Record<string, 'name' | 'size' | 'updated'> = {
  name: 'name',
  size: 'size',
  updated: 'updated',
};
const HIDDEN_KEY = 'asset-manager.assets.hidden-columns';

type Row = AssetSummary & { id: string };

function queryOf(search: URLSearchParams): AssetQuery {
  const all = (name: string) =>
    search.has(name) ? search.getAll(name) : undefined;
  return {
    text: search.get('text') ?? undefined,
    type: all('type'),
    owner: all('owner'),
    namespace: all('namespace'),
    tag: all('tag'),
    visibility: all('visibility') as AssetQuery['visibility'],
    sort: (search.get('sort') as AssetSort | null) ?? undefined,
  };
}

const COLUMNS: ColumnConfig<Row>[] = [
  {
    id: 'name',
    label: 'Asset',
    isRowHeader: true,
    isSortable: true,
    width: '3fr',
    minWidth: 170,
    cell: asset => (
      <Cell>
        <Flex align="center" gap="2">
          <TypeIcon type={asset.type} />
          <AssetNameText asset={asset} />
        </Flex>
      </Cell>
    ),
  },
  {
    id: 'type',
    label: 'Type',
    width: '1.4fr',
    minWidth: 82,
    cell: asset => <Cell>{asset.type}</Cell>,
  },
  {
    id: 'latest',
    label: 'Latest',
    minWidth: 74,
    cell: asset => <Cell>{asset.latest?.label ?? '–'}</Cell>,
  },
  {
    id: 'aliases',
    label: 'Aliases',
    width: '1.6fr',
    minWidth: 120,
    cell: asset => (
      <Cell>
        {asset.aliases.map(alias => (
          <span
            key={alias.name}
            className={styles.chip}
          >{`${alias.name} → ${alias.label}`}</span>
        ))}
      </Cell>
    ),
  },
  {
    id: 'size',
    label: 'Size',
    isSortable: true,
    minWidth: 90,
    cell: asset => (
      <Cell>{asset.latest ? <Bytes value={asset.latest.size} /> : '–'}</Cell>
    ),
  },
  {
    id: 'owner',
    label: 'Owner',
    width: '1.4fr',
    minWidth: 96,
    cell: asset => (
      <Cell>
        <EntityRefLink entityRef={asset.owner} />
      </Cell>
    ),
  },
  {
    id: 'updated',
    label: 'Updated',
    isSortable: true,
    width: '1.2fr',
    minWidth: 100,
    cell: asset => (
      <Cell>
        <Age time={asset.updatedAt} />
      </Cell>
    ),
  },
  {
    id: 'copy',
    label: '',
    width: 48,
    cell: asset => (
      <Cell>
        <CopyButton text={`asset pull ${nameOf(asset)}`} what="pull command" />
      </Cell>
    ),
  },
];

/** Everything that the person may see, narrowed by words and facets that stand in the address. */
export function AssetsPage() {
  const client = useApi(assetManagerApiRef);
  const assetsPath = useRouteRef(assetsRouteRef);
  const base = assetsPath?.() ?? '/assets';
  const [search, setSearch] = useSearchParams();
  const address = search.toString();
  const query = useMemo(() => queryOf(new URLSearchParams(address)), [address]);
  const [count, setCount] = useState(PAGE);
  const [text, setText] = useState(query.text ?? '');
  const [hidden, setHidden] = useState<ReadonlySet<string>>(
    () => new Set(JSON.parse(window.localStorage.getItem(HIDDEN_KEY) ?? '[]')),
  );
  useEffect(() => setCount(PAGE), [address]);
  useDebounce(
    () => {
      if (text === (query.text ?? '')) return;
      setSearch(
        before => {
          const after = new URLSearchParams(before);
          if (text) after.set('text', text);
          else after.delete('text');
          return after;
        },
        { replace: true },
      );
    },
    250,
    [text],
  );

  const { value, error, loading, retry } = useAsyncRetry(async () => {
    const items: Row[] = [];
    let more = false;
    for await (const asset of client.assets(query, { limit: PAGE })) {
      if (items.length === count) {
        more = true;
        break;
      }
      items.push({ ...asset, id: `${asset.namespace}/${asset.name}` });
    }
    return { items, more };
  }, [client, query, count]);
  const { value: facets } = useAsync(
    () => client.listFacets(query),
    [client, query],
  );

  const sort = query.sort ?? '-updated';
  const narrowed =
    FACETS.some(facet => search.has(facet)) || Boolean(query.text);
  const columns = COLUMNS.map(column => ({
    ...column,
    isHidden: hidden.has(column.id),
  }));
  const onKeyDown = (event: KeyboardEvent) => {
    const key = { j: 'ArrowDown', k: 'ArrowUp' }[event.key];
    const active = document.activeElement;
    if (!key || active instanceof HTMLInputElement) return;
    active?.dispatchEvent(
      new window.KeyboardEvent('keydown', { key, bubbles: true }),
    );
  };

  return (
    <>
      <Header
        title="Assets"
        customActions={
          <>
            <DeletedLink />
            <NewAsset onCreated={retry} />
          </>
        }
      />
      <Container>
        <nav className={styles.links} aria-label="More about assets">
          <ApprovalsLink />
          <AuditLink />
          <TypesLink />
          <ServiceAccountsLink />
          <StorageLink />
        </nav>
        <div className={styles.columns}>
          <aside className={styles.facets} aria-label="Filters">
            <SearchField
              aria-label="Search assets"
              placeholder="Search assets"
              value={text}
              onChange={setText}
            />
            {narrowed && (
              <Button
                size="small"
                variant="secondary"
                onPress={() => {
                  setText('');
                  setSearch({});
                }}
              >
                Clear filters
              </Button>
            )}
            {facets && <Facets facets={facets} />}
          </aside>
          {/* The table's own arrow keys, under the letters that lists have elsewhere. */}
          {/* eslint-disable-next-line jsx-a11y/no-static-element-interactions */}
          <div className={styles.main} onKeyDown={onKeyDown}>
            <Flex justify="between" align="center">
              <Text color="secondary" aria-live="polite">
                {value &&
                  `${value.items.length}${
                    value.more ? ' and more' : ''
                  } assets`}
              </Text>
              <MenuTrigger>
                <Button size="small" variant="tertiary">
                  Columns
                </Button>
                <MenuListBox
                  aria-label="Columns"
                  selectionMode="multiple"
                  selectedKeys={COLUMNS.filter(
                    column => !hidden.has(column.id),
                  ).map(column => column.id)}
                  onSelectionChange={keys => {
                    const shown =
                      keys === 'all'
                        ? COLUMNS.map(column => column.id)
                        : [...keys].map(String);
                    const left = COLUMNS.map(column => column.id).filter(
                      id => id !== 'name' && !shown.includes(id),
                    );
                    window.localStorage.setItem(
                      HIDDEN_KEY,
                      JSON.stringify(left),
                    );
                    setHidden(new Set(left));
                  }}
                >
                  {COLUMNS.filter(
                    column => column.label && column.id !== 'name',
                  ).map(column => (
                    <MenuListBoxItem key={column.id} id={column.id}>
                      {column.label}
                    </MenuListBoxItem>
                  ))}
                </MenuListBox>
              </MenuTrigger>
            </Flex>
            {error && <Problem error={error} retry={retry} />}
            {!error && value?.items.length === 0 && !narrowed && (
              <NewAsset onCreated={retry} inPlace />
            )}
            {!error &&
              (value === undefined || value.items.length > 0 || narrowed) && (
                <Table<Row>
                  columnConfig={columns}
                  data={value?.items}
                  isPending={loading && !value}
                  isStale={loading}
                  pagination={{ type: 'none' }}
                  rowConfig={{
                    getHref: asset =>
                      `${base}/${asset.namespace}/${asset.name}`,
                  }}
                  emptyState={
                    <Text>
                      No asset is like that. Take a filter away to see more.
                    </Text>
                  }
                  sort={{
                    descriptor: {
                      column: sort.replace('-', ''),
                      direction: sort.startsWith('-')
                        ? 'descending'
                        : 'ascending',
                    },
                    onSortChange: ({ column, direction }) =>
                      setSearch(before => {
                        const after = new URLSearchParams(before);
                        const by = SORT_BY_COLUMN[String(column)] ?? 'updated';
                        after.set(
                          'sort',
                          direction === 'descending' ? `-${by}` : by,
                        );
                        return after;
                      }),
                  }}
                />
              )}
            {value?.more && (
              <Button
                variant="secondary"
                isPending={loading}
                onPress={() => setCount(count + PAGE)}
              >
                Show more
              </Button>
            )}
          </div>
        </div>
      </Container>
    </>
  );
}

function Facets(props: { facets: AssetFacets }) {
  const { facets } = props;
  const [search, setSearch] = useSearchParams();
  const toggle = (facet: string, value: string, on: boolean) =>
    setSearch(before => {
      const after = new URLSearchParams(before);
      const left = after.getAll(facet).filter(each => each !== value);
      after.delete(facet);
      for (const each of on ? [...left, value] : left)
        after.append(facet, each);
      return after;
    });
  return (
    <>
      {FACETS.filter(facet => facets[facet].length > 0).map(facet => (
        <fieldset key={facet} className={styles.facet}>
          <legend>{facet}</legend>
          {facets[facet].slice(0, 12).map(({ value, count }) => (
            <Checkbox
              key={value}
              isSelected={search.getAll(facet).includes(value)}
              onChange={on => toggle(facet, value, on)}
            >
              {`${value.replace(/^(group|user):(default\/)?/, '')} (${count})`}
            </Checkbox>
          ))}
        </fieldset>
      ))}
    </>
  );
}

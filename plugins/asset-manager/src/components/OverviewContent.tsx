import { EntityRefLink } from '@backstage/plugin-catalog-react';
import { useApi } from '@backstage/frontend-plugin-api';
import { Card, CardBody, CardHeader, Flex, Link, Text } from '@backstage/ui';
import type { AssetFile } from '@baseasset/backstage-plugin-asset-manager-common';
import {
  Age,
  assetManagerApiRef,
  Bytes,
} from '@baseasset/backstage-plugin-asset-manager-react';
import type { ReactNode } from 'react';
import useAsync from 'react-use/lib/useAsync';
import { addressOf, nameOf } from './assetAddress';
import type { AssetScopeValue } from './AssetScope';
import { DeleteAsset } from './DeleteAsset';
import { FileView } from './FileView';
import styles from './OverviewContent.module.css';
import { Snippet } from './Snippet';

const CARD_NAMES = ['readme.md', 'card.md', 'readme.txt', 'readme'];
const SHOWN_VERSIONS = 5;

function Fact(props: { name: string; children: ReactNode }) {
  return (
    <>
      <dt>{props.name}</dt>
      <dd>{props.children}</dd>
    </>
  );
}

/** The card or README of the version, and what one asks first. */
export function OverviewContent(props: AssetScopeValue) {
  const { asset, version, base } = props;
  const client = useApi(assetManagerApiRef);
  const { value: card } = useAsync(async (): Promise<AssetFile | undefined> => {
    // Only names at the top, and only as many as it takes to see them.
    const { items } = await client.listFiles(
      { ...asset, selector: version.digest },
      { limit: 1000 },
    );
    const top = items.filter(file => !file.path.includes('/'));
    for (const name of CARD_NAMES) {
      const found = top.find(
        file => file.path.toLocaleLowerCase('en-US') === name,
      );
      if (found) return found;
    }
    return undefined;
  }, [client, asset, version.digest]);
  const { value: versions } = useAsync(
    async () =>
      (await client.listVersions(asset, { limit: SHOWN_VERSIONS })).items,
    [client, asset],
  );
  const metadata = Object.entries(version.metadata);

  return (
    <div className={styles.root}>
      <div className={styles.columns}>
        <Flex direction="column" gap="4" className={styles.main}>
          {card ? (
            <FileView {...props} file={card} plain />
          ) : (
            <Card>
              <CardHeader>
                <Text variant="title-x-small">
                  {asset.title ?? nameOf(asset)}
                </Text>
              </CardHeader>
              <CardBody>
                <Flex direction="column" gap="3">
                  <Text>
                    {asset.description ?? 'This asset has no description yet.'}
                  </Text>
                  <Text color="secondary">
                    A README.md at the top of the pushed folder would be shown
                    here.
                  </Text>
                </Flex>
              </CardBody>
            </Card>
          )}
        </Flex>
        <Flex direction="column" gap="4" className={styles.side}>
          <Snippet
            title="How to get it"
            text={`asset pull ${nameOf(asset)}@${version.label}`}
          />
          <dl className={styles.facts}>
            {asset.description && (
              <Fact name="Description">{asset.description}</Fact>
            )}
            <Fact name="Type">{asset.type}</Fact>
            <Fact name="Owner">
              <EntityRefLink entityRef={asset.owner} />
            </Fact>
            {asset.system && (
              <Fact name="System">
                <EntityRefLink entityRef={asset.system} />
              </Fact>
            )}
            <Fact name="Visibility">{asset.visibility}</Fact>
            <Fact name="Size">
              <Bytes value={version.size} />
              {` in ${version.fileCount} file${
                version.fileCount === 1 ? '' : 's'
              }`}
            </Fact>
            {version.message && <Fact name="Message">{version.message}</Fact>}
            {asset.tags.length > 0 && (
              <Fact name="Tags">{asset.tags.join(', ')}</Fact>
            )}
          </dl>
          {metadata.length > 0 && (
            <div>
              <Text weight="bold">Metadata</Text>
              <dl className={styles.facts}>
                {metadata.map(([key, value]) => (
                  <Fact key={key} name={key}>
                    {typeof value === 'string' ? value : JSON.stringify(value)}
                  </Fact>
                ))}
              </dl>
            </div>
          )}
          {asset.aliases.length > 0 && (
            <div>
              <Text weight="bold">Aliases</Text>
              <ul className={styles.list}>
                {asset.aliases.map(alias => (
                  <li key={alias.name}>
                    <Link href={addressOf(base, '', { version: alias.name })}>
                      {alias.name}
                    </Link>
                    {` → ${alias.label}`}
                  </li>
                ))}
              </ul>
            </div>
          )}
          {versions && versions.length > 0 && (
            <div>
              <Text weight="bold">Versions</Text>
              <ul className={styles.list}>
                {versions.map(each => (
                  <li key={each.digest}>
                    <Link href={addressOf(base, '', { version: each.label })}>
                      {each.label}
                    </Link>{' '}
                    <Text color="secondary" variant="body-small">
                      <Age time={each.createdAt} /> {each.message}
                    </Text>
                  </li>
                ))}
                {asset.versionCount > versions.length && (
                  <li>
                    <Link
                      href={addressOf(base, 'versions', {})}
                    >{`All ${asset.versionCount}`}</Link>
                  </li>
                )}
              </ul>
            </div>
          )}
          <DeleteAsset asset={asset} />
        </Flex>
      </div>
    </div>
  );
}

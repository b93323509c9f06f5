import { useRouteRef } from '@backstage/frontend-plugin-api';
import { Link, Text } from '@backstage/ui';
import {
  FixityOutcome,
  FixityReport,
  parseReference,
} from '@baseasset/backstage-plugin-asset-manager-common';
import { Bytes } from '@baseasset/backstage-plugin-asset-manager-react';
import { assetsRouteRef } from '../routes';
import { Table } from './Table';
import styles from './table.module.css';

const SHOWN = 100;

const OUTCOMES: Record<FixityOutcome, string> = {
  healed: 'healed from another copy',
  lost: 'no other copy: who pushes the files again mends it',
  condemned: 'deleted after the grace',
  told: 'left as it is',
};

function addressPartOf(reference: string): string {
  const { namespace, name } = parseReference(reference);
  return `${namespace}/${name}`;
}

/** What a fixity check found, the worst first. */
export function FixityFindings(props: { report: FixityReport }) {
  const { findings, truncated } = props.report;
  const assetsPath = useRouteRef(assetsRouteRef)?.() ?? '/assets';
  return (
    <>
      <Table
        label="What the check found"
        heads={['Store', 'Found', 'Done', 'Asset', 'Size', 'Key']}
      >
        {findings.slice(0, SHOWN).map(finding => (
          <tr key={`${finding.store} ${finding.key} ${finding.digest}`}>
            <th scope="row">{finding.store}</th>
            <td>{finding.problem}</td>
            <td
              className={finding.outcome === 'lost' ? styles.failed : undefined}
            >
              {OUTCOMES[finding.outcome]}
            </td>
            <td>
              {finding.asset && (
                <Link href={`${assetsPath}/${addressPartOf(finding.asset)}`}>
                  {finding.asset}
                </Link>
              )}
            </td>
            <td className={styles.number}>
              {finding.size !== undefined && <Bytes value={finding.size} />}
            </td>
            <td className={styles.key}>{finding.key}</td>
          </tr>
        ))}
      </Table>
      {(truncated || findings.length > SHOWN) && (
        <Text color="secondary">
          There are more; the command line lists them: asset store checks{' '}
          {props.report.check.id}
        </Text>
      )}
    </>
  );
}

import { Text } from '@backstage/ui';
import type { SimulatedRules } from '@baseasset/backstage-plugin-asset-manager-common';

/** What other rules would mean for the versions that there are. */
export function Simulated({ found }: { found: SimulatedRules }) {
  const { refusal, versions, requests, stages, failures } = found;
  const isQuiet = !refusal && requests + stages.length + failures.length === 0;
  return (
    <div role="status" aria-label="What would change">
      <Text as="p" color="secondary">
        {`${versions} versions looked at${
          isQuiet ? '; nothing would change for them' : ''
        }`}
      </Text>
      {refusal && (
        <Text as="p" color="danger">{`It can't be applied: ${refusal}`}</Text>
      )}
      {requests > 0 && (
        <Text as="p">
          {`The approvals of ${requests} open requests would be void`}
        </Text>
      )}
      {stages.map(each => (
        <Text as="p" color="danger" key={each.stage}>
          {`The stage ${each.stage} would be gone, where ${each.versions} versions stand`}
        </Text>
      ))}
      {failures.map(each => (
        <Text as="p" color="warning" key={each.what}>
          {`${each.versions} versions would not meet ${
            each.what
          }, as ${each.examples.join(', ')}: ${each.message}`}
        </Text>
      ))}
    </div>
  );
}

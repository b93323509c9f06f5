import { EntityRefLink } from '@backstage/plugin-catalog-react';

/** A person or group with a link to its page; a service by its name. */
export function Who({ entityRef }: { entityRef: string }) {
  return /^(user|group):/.test(entityRef) ? (
    <EntityRefLink entityRef={entityRef} />
  ) : (
    <>{entityRef}</>
  );
}

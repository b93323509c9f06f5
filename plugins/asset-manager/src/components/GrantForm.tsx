import { useApi } from '@backstage/frontend-plugin-api';
import { Button, Flex, Select, TextField } from '@backstage/ui';
import type { Role } from '@baseasset/backstage-plugin-asset-manager-common';
import {
  assetManagerApiRef,
  Problem,
} from '@baseasset/backstage-plugin-asset-manager-react';
import { useState } from 'react';
import useAsyncFn from 'react-use/lib/useAsyncFn';
import { PrincipalPicker } from './PrincipalPicker';

const DAY_MS = 86_400_000;
const PERIODS = [
  { id: '0', label: 'until it is ended' },
  { id: '1', label: 'for a day' },
  { id: '7', label: 'for a week' },
  { id: '30', label: 'for 30 days' },
  { id: '90', label: 'for 90 days' },
];
const EFFECTS = [
  { id: 'allow', label: 'may be' },
  { id: 'deny', label: 'must not be' },
];

/** Gives a role in one line. */
export function GrantForm(props: {
  /** Where, as the API writes it. */
  scope: string;
  /** Roles that the person may give. */
  roles: readonly Role[];
  onGranted: () => void;
}) {
  const { scope, roles, onGranted } = props;
  const client = useApi(assetManagerApiRef);
  const [principal, setPrincipal] = useState<string | null>(null);
  const [effect, setEffect] = useState('allow');
  const [role, setRole] = useState<string>('reader');
  const [days, setDays] = useState('0');
  const [reason, setReason] = useState('');
  /** Begins the form anew. */
  const [round, setRound] = useState(0);
  const [given, give] = useAsyncFn(async () => {
    if (principal === null) return;
    await client.access.grant({
      principal,
      role: role as Role,
      effect: effect as 'allow' | 'deny',
      scope,
      expiresAt:
        days === '0'
          ? undefined
          : new Date(Date.now() + Number(days) * DAY_MS).toISOString(),
      reason: reason || undefined,
    });
    setPrincipal(null);
    setReason('');
    setRound(before => before + 1);
    onGranted();
  }, [client, scope, principal, role, effect, days, reason, onGranted]);
  return (
    <Flex direction="column" gap="2">
      <Flex gap="3" align="end" style={{ flexWrap: 'wrap' }}>
        <PrincipalPicker
          key={round}
          label="Person, group or account"
          onChange={setPrincipal}
        />
        <Select
          label="Effect"
          options={EFFECTS}
          value={effect}
          onChange={value => setEffect(String(value))}
        />
        <Select
          label="Role"
          options={roles.map(each => ({ id: each, label: each }))}
          value={role}
          onChange={value => setRole(String(value))}
        />
        <Select
          label="How long"
          options={PERIODS}
          value={days}
          onChange={value => setDays(String(value))}
        />
        <TextField label="Reason" value={reason} onChange={setReason} />
        <Button isDisabled={principal === null || given.loading} onPress={give}>
          Grant
        </Button>
      </Flex>
      {given.error && <Problem error={given.error} />}
    </Flex>
  );
}

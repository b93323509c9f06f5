import { useApi } from '@backstage/frontend-plugin-api';
import {
  ButtonIcon,
  Radio,
  RadioGroup,
  Skeleton,
  Text,
  TextField,
} from '@backstage/ui';
import {
  AssetName,
  AssetVersion,
  mayPass,
  VersionStage,
} from '@baseasset/backstage-plugin-asset-manager-common';
import {
  assetManagerApiRef,
  Problem,
} from '@baseasset/backstage-plugin-asset-manager-react';
import { RiRouteLine } from '@remixicon/react';
import { useState } from 'react';
import useAsync from 'react-use/lib/useAsync';
import { ActionDialog } from './ActionDialog';
import { Gates } from './Gates';

interface MoveStageProps {
  asset: AssetName;
  version: AssetVersion;
  onMoved: () => void;
}

/** Moves a version to another stage of its life, or asks for it when gates are in the way. */
export function MoveStage({ asset, version, onMoved }: MoveStageProps) {
  const client = useApi(assetManagerApiRef);
  const name = { ...asset, selector: version.label };
  const [stage, setStage] = useState<VersionStage>();
  const [to, setTo] = useState<string>();
  const [reason, setReason] = useState('');
  const chosen = stage?.transitions.find(each => each.to === to);
  const hasReason = chosen?.reason === 'optional' || reason.trim() !== '';
  return (
    <ActionDialog
      title={`Version ${version.label} stands in ${
        version.stage ?? 'no stage'
      }`}
      trigger={
        <ButtonIcon
          aria-label={`Move version ${version.label} to another stage`}
          size="small"
          variant="tertiary"
          icon={<RiRouteLine />}
        />
      }
      action={chosen && !mayPass(chosen.gates) ? 'Ask for it' : 'Move'}
      isReady={chosen?.allowed === true && hasReason}
      run={() =>
        client.lifecycle.move(name, {
          to: to!,
          reason: reason || undefined,
          expected: stage?.stage,
        })
      }
      onDone={() => {
        setTo(undefined);
        setReason('');
        onMoved();
      }}
    >
      <Choices
        name={name}
        digest={version.digest}
        onLoaded={setStage}
        to={to}
        setTo={setTo}
      />
      {stage && stage.transitions.length > 0 && (
        <TextField
          label={chosen?.reason === 'required' ? 'Reason' : 'Reason, if any'}
          value={reason}
          onChange={setReason}
        />
      )}
    </ActionDialog>
  );
}

function Choices(props: {
  name: AssetName & { selector: string };
  digest: string;
  onLoaded: (stage: VersionStage) => void;
  to: string | undefined;
  setTo: (to: string) => void;
}) {
  const { name, digest, onLoaded, to, setTo } = props;
  const client = useApi(assetManagerApiRef);
  const { value: stage, error } = useAsync(async () => {
    const loaded = await client.lifecycle.getStage(name);
    onLoaded(loaded);
    return loaded;
  }, [client, digest]);
  if (error) return <Problem error={error} />;
  if (!stage) return <Skeleton width="100%" height={80} />;
  const chosen = stage.transitions.find(each => each.to === to);
  return (
    <>
      {stage.drift.length > 0 && (
        <>
          <Text color="warning">By the rules of now it would not be here:</Text>
          <Gates gates={stage.drift} />
        </>
      )}
      {stage.transitions.length === 0 && <Text>Nothing leads out of it.</Text>}
      {stage.transitions.length > 0 && (
        <RadioGroup label="Where it goes" value={to} onChange={setTo}>
          {stage.transitions.map(each => (
            <Radio key={each.to} value={each.to} isDisabled={!each.allowed}>
              {each.allowed
                ? each.to
                : `${each.to} (takes the role ${each.role})`}
            </Radio>
          ))}
        </RadioGroup>
      )}
      {chosen && <Gates gates={chosen.gates} />}
      {chosen && !mayPass(chosen.gates) && (
        <Text color="secondary">
          It moves by itself when its gates are passed.
        </Text>
      )}
    </>
  );
}

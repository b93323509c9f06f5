import { useApi } from '@backstage/frontend-plugin-api';
import {
  Button,
  ButtonIcon,
  Dialog,
  DialogBody,
  DialogFooter,
  DialogHeader,
  DialogTrigger,
  Flex,
  Radio,
  RadioGroup,
  Skeleton,
  Text,
  TextField,
} from '@backstage/ui';
import type {
  AssetName,
  AssetVersion,
} from '@baseasset/backstage-plugin-asset-manager-common';
import {
  assetManagerApiRef,
  Problem,
} from '@baseasset/backstage-plugin-asset-manager-react';
import { RiRouteLine } from '@remixicon/react';
import { useState } from 'react';
import useAsync from 'react-use/lib/useAsync';
import useAsyncFn from 'react-use/lib/useAsyncFn';

interface MoveStageProps {
  asset: AssetName;
  version: AssetVersion;
  onMoved: () => void;
}

/** Moves a version to another stage of its life. */
export function MoveStage(props: MoveStageProps) {
  const { version } = props;
  const [open, setOpen] = useState(false);
  return (
    <DialogTrigger isOpen={open} onOpenChange={setOpen}>
      <ButtonIcon
        aria-label={`Move version ${version.label} to another stage`}
        size="small"
        variant="tertiary"
        icon={<RiRouteLine />}
      />
      <Dialog width={460}>
        <DialogHeader>
          {`Version ${version.label} stands in ${version.stage ?? 'no stage'}`}
        </DialogHeader>
        {open && (
          <Choices
            {...props}
            onMoved={() => {
              setOpen(false);
              props.onMoved();
            }}
          />
        )}
      </Dialog>
    </DialogTrigger>
  );
}

function Choices({ asset, version, onMoved }: MoveStageProps) {
  const client = useApi(assetManagerApiRef);
  const name = { ...asset, selector: version.label };
  const [to, setTo] = useState<string>();
  const [reason, setReason] = useState('');
  const { value: stage, error } = useAsync(
    () => client.lifecycle.getStage(name),
    [client, version.digest],
  );
  const [moved, move] = useAsyncFn(async () => {
    await client.lifecycle.move(name, {
      to: to!,
      reason: reason || undefined,
      expected: stage?.stage,
    });
    onMoved();
  }, [client, version.digest, to, reason, stage, onMoved]);
  const chosen = stage?.transitions.find(each => each.to === to);
  const isReady =
    chosen?.allowed && (chosen.reason === 'optional' || reason.trim() !== '');
  return (
    <>
      <DialogBody>
        <Flex direction="column" gap="3">
          {error && <Problem error={error} />}
          {!error && !stage && <Skeleton width="100%" height={80} />}
          {stage?.transitions.length === 0 && (
            <Text>Nothing leads out of it.</Text>
          )}
          {stage && stage.transitions.length > 0 && (
            <>
              <RadioGroup label="Where it goes" value={to} onChange={setTo}>
                {stage.transitions.map(each => (
                  <Radio
                    key={each.to}
                    value={each.to}
                    isDisabled={!each.allowed}
                  >
                    {each.allowed
                      ? each.to
                      : `${each.to} (takes the role ${each.role})`}
                  </Radio>
                ))}
              </RadioGroup>
              <TextField
                label={
                  chosen?.reason === 'required' ? 'Reason' : 'Reason, if any'
                }
                value={reason}
                onChange={setReason}
              />
            </>
          )}
          {moved.error && <Problem error={moved.error} />}
        </Flex>
      </DialogBody>
      <DialogFooter>
        <Button isDisabled={!isReady || moved.loading} onPress={move}>
          Move
        </Button>
        <Button variant="secondary" slot="close">
          Cancel
        </Button>
      </DialogFooter>
    </>
  );
}

import {
  Button,
  Dialog,
  DialogBody,
  DialogFooter,
  DialogHeader,
  DialogTrigger,
  Flex,
  Text,
  TextField,
} from '@backstage/ui';
import { Problem } from '@baseasset/backstage-plugin-asset-manager-react';
import { ReactElement, useState } from 'react';

/** Asks for a reason, and deletes something once a person has seen what that means. */
export function DeleteDialog(props: {
  title: string;
  explanation: string;
  /** Opens the dialog. */
  trigger: ReactElement;
  /** @param reason - undefined when none was given */
  remove: (reason: string | undefined) => Promise<unknown>;
  onDeleted: () => void;
}) {
  const { title, explanation, trigger, remove, onDeleted } = props;
  const [open, setOpen] = useState(false);
  const [reason, setReason] = useState('');
  const [error, setError] = useState<unknown>();
  const confirm = async () => {
    try {
      await remove(reason || undefined);
      setOpen(false);
      setError(undefined);
      onDeleted();
    } catch (thrown) {
      setError(thrown);
    }
  };
  return (
    <DialogTrigger isOpen={open} onOpenChange={setOpen}>
      {trigger}
      <Dialog width={460}>
        <DialogHeader>{title}</DialogHeader>
        <DialogBody>
          <Flex direction="column" gap="3">
            <Text>{explanation}</Text>
            <TextField label="Reason" value={reason} onChange={setReason} />
            {error !== undefined && <Problem error={error} />}
          </Flex>
        </DialogBody>
        <DialogFooter>
          <Button onPress={confirm}>Delete</Button>
          <Button variant="secondary" slot="close">
            Cancel
          </Button>
        </DialogFooter>
      </Dialog>
    </DialogTrigger>
  );
}

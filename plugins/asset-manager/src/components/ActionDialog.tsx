import {
  Button,
  Dialog,
  DialogBody,
  DialogFooter,
  DialogHeader,
  DialogTrigger,
  Flex,
} from '@backstage/ui';
import { Problem } from '@baseasset/backstage-plugin-asset-manager-react';
import { ReactElement, ReactNode, useState } from 'react';

/** A dialog that does one thing when a person says so, and tells what went wrong. */
export function ActionDialog(props: {
  title: string;
  /** Opens the dialog. */
  trigger: ReactElement;
  /** What the button says that does it. */
  action: string;
  /** Whether it can be done as things stand; it can when left out. */
  isReady?: boolean;
  run: () => Promise<unknown>;
  onDone: () => void;
  /** Drawn only while the dialog is open. */
  children: ReactNode;
}) {
  const { title, trigger, action, isReady = true, run, onDone } = props;
  const [open, setOpen] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const confirm = async () => {
    setBusy(true);
    try {
      await run();
      setError(undefined);
      setOpen(false);
      onDone();
    } catch (thrown) {
      setError(thrown);
    } finally {
      setBusy(false);
    }
  };
  return (
    <DialogTrigger
      isOpen={open}
      onOpenChange={next => {
        setOpen(next);
        setError(undefined);
      }}
    >
      {trigger}
      <Dialog width={460}>
        <DialogHeader>{title}</DialogHeader>
        <DialogBody>
          <Flex direction="column" gap="3">
            {open && props.children}
            {error !== undefined && <Problem error={error} />}
          </Flex>
        </DialogBody>
        <DialogFooter>
          <Button isDisabled={!isReady || isBusy} onPress={confirm}>
            {action}
          </Button>
          <Button variant="secondary" slot="close">
            Cancel
          </Button>
        </DialogFooter>
      </Dialog>
    </DialogTrigger>
  );
}

import { Text, TextField } from '@backstage/ui';
import { ReactElement, useState } from 'react';
import { ActionDialog } from './ActionDialog';

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
  const [reason, setReason] = useState('');
  return (
    <ActionDialog
      title={title}
      trigger={trigger}
      action="Delete"
      run={() => remove(reason || undefined)}
      onDone={onDeleted}
    >
      <Text>{explanation}</Text>
      <TextField label="Reason" value={reason} onChange={setReason} />
    </ActionDialog>
  );
}

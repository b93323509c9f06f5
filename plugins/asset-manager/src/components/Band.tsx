import { Alert, Button } from '@backstage/ui';

/** A quiet line over the content, with a way on. */
export function Band(props: {
  text: string;
  status?: 'info' | 'warning' | 'danger';
  action?: string;
  onAction?: () => void;
}) {
  const { text, status = 'info', action, onAction } = props;
  return (
    <Alert
      status={status}
      icon
      title={text}
      customActions={
        action && (
          <Button size="small" variant="secondary" onPress={onAction}>
            {action}
          </Button>
        )
      }
    />
  );
}

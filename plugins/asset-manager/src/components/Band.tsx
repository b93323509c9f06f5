import { Alert, Button } from '@backstage/ui';

/** A quiet line over the content, with a way on. */
export function Band(props: {
  text: string;
  action?: string;
  onAction?: () => void;
}) {
  const { text, action, onAction } = props;
  return (
    <Alert
      status="info"
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

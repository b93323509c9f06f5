import { Alert, Button } from '@backstage/ui';
import { explainProblem } from './explainProblem';

/**
 * An error where its content would stand: what, why, and what to do.
 *
 * @public
 */
export function Problem(props: { error: unknown; retry?: () => void }) {
  const { title, description } = explainProblem(props.error);
  return (
    <Alert
      role="alert"
      status="danger"
      icon
      title={title}
      description={description}
      customActions={
        props.retry && (
          <Button size="small" variant="secondary" onPress={props.retry}>
            Try again
          </Button>
        )
      }
    />
  );
}

import { formatAge } from './formatAge';

/**
 * How long ago a time was; the time itself on hover.
 *
 * @public
 */
export function Age(props: { time: string }) {
  return (
    <time dateTime={props.time} title={new Date(props.time).toLocaleString()}>
      {formatAge(props.time, Date.now())}
    </time>
  );
}

/**
 * Who may see an asset beside its owners: `public` and `internal` everybody who
 * is signed in, `restricted` nobody else.
 *
 * @public
 */
export type Visibility = 'public' | 'internal' | 'restricted';

/** @public */
export const VISIBILITIES: readonly Visibility[] = [
  'public',
  'internal',
  'restricted',
];

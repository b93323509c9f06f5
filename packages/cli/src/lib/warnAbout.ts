import type { AssetVersion } from '@baseasset/backstage-plugin-asset-manager-common';
import type { Context } from './Context';
import { day, formatEntity, printable } from './format';

/** Tells whoever uses a version what they ought to know of it. */
export function warnAbout(
  context: Context,
  { label, retraction, banner }: AssetVersion,
): void {
  if (retraction)
    context.warn(
      `version ${label} was retracted by ${formatEntity(
        retraction.by,
      )} on ${day(retraction.at)}: ${printable(retraction.reason)}`,
    );
  if (banner) context.warn(printable(banner));
}

import type { ManifestEntry } from '@baseasset/backstage-plugin-asset-manager-common';

/** A file of a version with its place in the manifest. */
export interface WantedFile extends ManifestEntry {
  /** The position of its page. */
  page: number;
  /** Its position in the page. */
  index: number;
}

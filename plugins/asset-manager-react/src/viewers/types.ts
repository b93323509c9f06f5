import type {
  AssetFile,
  AssetName,
  ByteSource,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { ComponentType } from 'react';

/**
 * Which files a viewer can show. A file matches when any of the lists names it.
 *
 * @public
 */
export interface ViewerMatch {
  /** Media types; a `*` stands for any subtype, e.g. `image/*`. */
  mediaTypes?: string[];
  /** Without the leading dot; the longest that fits counts most, e.g. `vcf.gz`. */
  extensions?: string[];
  /** Whole file names, without regard to case. */
  names?: string[];
}

/**
 * What a viewer gets.
 *
 * @public
 */
export interface ViewerProps {
  asset: AssetName;
  /** The digest of the version that the file is in. */
  version: string;
  file: AssetFile;
  source: ByteSource;
  /** Shows another file of the same version. */
  openFile(path: string): void;
}

/**
 * A viewer: draws files of some kinds.
 *
 * @public
 */
export interface ViewerDefinition {
  /** In the address, so it stays: lowercase letters and dashes. */
  id: string;
  /** What stands in the menu *Open with*. */
  title: string;
  match: ViewerMatch;
  /** `fallback` viewers show anything that no other one does. */
  priority?: 'default' | 'option' | 'fallback';
  /** Larger files are not loaded; the person hears why. Bytes. */
  maxBytes?: number;
  /** Loads the code; it is not fetched before a file needs it. */
  loader(): Promise<ComponentType<ViewerProps>>;
}

/**
 * A viewer that could show a file.
 *
 * @public
 */
export interface ViewerChoice {
  viewer: ViewerDefinition;
  /** Why it can't show this very file. */
  refusal?: { kind: 'too-large'; maxBytes: number };
}

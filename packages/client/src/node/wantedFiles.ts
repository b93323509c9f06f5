import { InputError } from '@backstage/errors';
import picomatch from 'picomatch';
import {
  formatReference,
  ManifestChecker,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { PullOptions } from './pull';
import type { WantedFile } from './WantedFile';

/** The files of a page of a manifest that are wanted, and the sizes of all in bytes. */
export interface WantedPage {
  files: WantedFile[];
  sizes: number[];
}

/**
 * The wanted files of a version, page by page, each checked as it comes.
 *
 * @throws InputError when none is wanted, once all have been looked through
 */
export async function* wantedPages(
  options: Pick<
    PullOptions,
    'client' | 'name' | 'version' | 'include' | 'signal'
  >,
): AsyncGenerator<WantedPage> {
  const { client, name, version, include, signal } = options;
  const matches = include?.length
    ? picomatch([...include], { dot: true })
    : () => true;
  const checker = new ManifestChecker();
  let page = 0;
  let count = 0;
  for await (const entries of client.manifestPages(
    { ...name, digest: version.digest },
    { signal },
  )) {
    const files: WantedFile[] = [];
    for (const [index, entry] of entries.entries()) {
      // The server is not trusted to keep a path inside of the folder.
      checker.check(entry);
      if (matches(entry.path)) files.push({ ...entry, page, index });
    }
    count += files.length;
    yield { files, sizes: entries.map(({ size }) => size) };
    page++;
  }
  if (count === 0) {
    throw new InputError(
      `no file of ${formatReference({
        ...name,
        selector: version.label,
      })} matches ${include?.join(', ')}`,
    );
  }
}

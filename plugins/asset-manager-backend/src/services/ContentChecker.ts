import { ConflictError, InputError } from '@backstage/errors';
import {
  endsPage,
  manifestDigest,
  ManifestChecker,
  ManifestEntry,
  MAX_PAGE_ENTRIES,
  Verification,
} from '@baseasset/backstage-plugin-asset-manager-common';
import { FieldError } from '../model/FieldError';
import type { BlobKeeper } from './BlobKeeper';
import { ManifestReader, manifestOf } from './ManifestReader';
import type {
  AssetRecord,
  PageRecord,
  Repository,
  UploadRecord,
} from './ports';
import type { Stores } from './Stores';

/** Holds what an upload has brought to what it was begun for. */
export class ContentChecker {
  readonly #repository: Repository;
  readonly #manifests: ManifestReader;
  readonly #stores: Stores;
  readonly #keeper: BlobKeeper;

  constructor(options: {
    repository: Repository;
    manifests: ManifestReader;
    stores: Stores;
    keeper: BlobKeeper;
  }) {
    this.#repository = options.repository;
    this.#manifests = options.manifests;
    this.#stores = options.stores;
    this.#keeper = options.keeper;
  }

  /**
   * Checks that the pages make the promised manifest, that it is canonical, and
   * that all of its blobs stand in some store.
   *
   * @returns whether all of these have been verified there
   * @throws ConflictError when something has not arrived
   * @throws InputError when the manifest is not one
   */
  async check(
    asset: AssetRecord,
    upload: UploadRecord,
    pages: readonly PageRecord[],
  ): Promise<Verification> {
    checkManifest(upload, pages);
    const checker = new ManifestChecker();
    let verification: Verification = 'verified';
    for (const [index, page] of pages.entries()) {
      const entries = await this.#manifests.entries(asset.uid, page);
      entries.forEach((entry, at) => {
        checker.check(entry);
        const last = at === entries.length - 1;
        const cut = endsPage(entry.path) || at === MAX_PAGE_ENTRIES - 1;
        if (last ? !cut && index < pages.length - 1 : cut) {
          throw new InputError(
            `page ${index} of the manifest is not cut where the format says`,
          );
        }
      });
      if ((await this.#checkBlobs(asset, entries)) === 'received')
        verification = 'received';
    }
    return verification;
  }

  async #checkBlobs(
    asset: AssetRecord,
    entries: readonly ManifestEntry[],
  ): Promise<Verification> {
    const found = await this.#repository.blobs.find(asset.id, [
      ...new Set(entries.map(entry => entry.digest)),
    ]);
    let verification: Verification = 'verified';
    for (const entry of entries) {
      const copies = this.#stores.usable(found.get(entry.digest));
      if (copies.length === 0) {
        throw new ConflictError(
          `the bytes of ${JSON.stringify(entry.path)} (${
            entry.digest
          }) have not arrived`,
        );
      }
      const other = copies.find(({ size }) => size !== entry.size);
      // Nobody has read it yet: the manifest may be wrong, or the bytes are.
      if (other?.state === 'received') {
        if (!(await this.#keeper.isRight(other))) {
          await this.#keeper.takeAway(other);
          throw new ConflictError(
            `other bytes have arrived for ${JSON.stringify(
              entry.path,
            )}; they have to be sent again`,
          );
        }
        await this.#repository.blobs.setState(other, 'verified');
      }
      if (other) {
        throw new InputError(
          `${JSON.stringify(entry.path)} has ${
            other.size
          } bytes, but the manifest says ${entry.size}`,
        );
      }
      if (!copies.some(({ state }) => state === 'verified'))
        verification = 'received';
    }
    return verification;
  }
}

function checkManifest(
  upload: UploadRecord,
  pages: readonly PageRecord[],
): void {
  const manifest = manifestOf(pages);
  if (
    pages.some((page, index) => page.position !== index) ||
    manifest.fileCount !== upload.fileCount
  ) {
    throw new ConflictError(
      `${manifest.fileCount} of the ${upload.fileCount} files of the manifest have arrived; send its other pages first`,
    );
  }
  if (manifest.size !== upload.size) {
    throw new FieldError(
      'size',
      `the files have ${manifest.size} bytes, but the upload was begun for ${upload.size}`,
    );
  }
  const digest = manifestDigest(manifest);
  if (digest !== upload.digest) {
    throw new FieldError(
      'digest',
      `the pages make the manifest ${digest}, but the upload was begun for ${upload.digest}`,
    );
  }
}

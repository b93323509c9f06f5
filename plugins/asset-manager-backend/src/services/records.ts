import { InputError } from '@backstage/errors';
import { digestOf } from '@baseasset/backstage-plugin-asset-manager-common';
import type { BlobStore } from '@baseasset/backstage-plugin-asset-manager-node';
import { Readable } from 'node:stream';
import type { TransitionRecord } from './lifecyclePorts';
import type {
  AliasRecord,
  AssetRecord,
  DeletionRecord,
  HoldRecord,
  PageRecord,
  VersionRecord,
} from './ports';

/**
 * What a store keeps of an asset beside its bytes, so that the database can be
 * rebuilt from the stores: its card, its aliases, what is deleted of it, and how its
 * versions have moved from stage to stage.
 */
export interface AssetDocument {
  format: 'baseasset-asset/1';
  asset: Omit<AssetRecord, 'id'>;
  aliases: (Omit<AliasRecord, 'versionId'> & { label: string })[];
  deleted: (DeletionRecord & { label: string })[];
  /** Oldest first; absent in documents from before there were stages. */
  moves?: (Omit<TransitionRecord, 'id' | 'assetId' | 'versionId'> & {
    label: string;
  })[];
  /** What was said of versions after they were pushed, as far as it was. */
  marks?: (Pick<VersionRecord, 'label' | 'retraction' | 'metadataRevision'> &
    // Absent when it is what the version was pushed with.
    Partial<Pick<VersionRecord, 'metadata'>>)[];
  holds?: (Omit<HoldRecord, 'assetId' | 'versionId'> & { label?: string })[];
}

/** What a store keeps of a version: it never changes. */
export interface VersionDocument {
  format: 'baseasset-version/1';
  version: Omit<
    VersionRecord,
    | 'id'
    | 'assetId'
    | 'verification'
    | 'deletion'
    | 'retraction'
    | 'metadataRevision'
  >;
  pages: Omit<PageRecord, 'store'>[];
}

type StoredDocument = AssetDocument | VersionDocument;

/** What no document is longer than. Bytes. */
const MAX_BYTES = 64 * 1024 * 1024;

/** Writes a document; what stands under the key already is left as it is. */
export async function writeDocument(
  store: BlobStore,
  key: string,
  document: StoredDocument,
): Promise<void> {
  const text = JSON.stringify(document, null, 2);
  const bytes = Buffer.from(text);
  await store.put({
    key,
    size: bytes.length,
    digest: digestOf(text),
    body: Readable.from([bytes]),
  });
}

/**
 * @throws NotFoundError when there is none
 * @throws InputError when it is not of the format
 */
export async function readDocument<T extends StoredDocument>(
  store: BlobStore,
  key: string,
  format: T['format'],
): Promise<T> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of await store.open(key)) {
    size += chunk.length;
    if (size > MAX_BYTES) throw new InputError(`${key} is too large`);
    chunks.push(chunk);
  }
  let document: T;
  try {
    document = JSON.parse(Buffer.concat(chunks).toString());
  } catch {
    throw new InputError(`${key} is no JSON`);
  }
  if (document?.format !== format)
    throw new InputError(`${key} is not of the format ${format}`);
  return document;
}

import { InputError } from '@backstage/errors';
import {
  AssetName,
  CommitUploadRequest,
  Digest,
} from '@baseasset/backstage-plugin-asset-manager-common';
import type { AssetManagerClient } from '../AssetManagerClient';
import {
  UploadProgress,
  uploadVersion,
  UploadVersionResult,
} from '../uploadVersion';
import { FileSender, HashedFile } from './FileSender';
import { hashFiles } from './hashFiles';
import { LocalFile, scan } from './scan';
import { StampCache } from './StampCache';
import type { Transport } from './Transport';

/** @public */
export interface ScanProgress {
  totalBytes: number;
  readBytes: number;
  totalFiles: number;
}

/** @public */
export interface PushOptions {
  client: AssetManagerClient;
  transport: Transport;
  /** The client's cache folder. */
  cache: string;
  /** A folder, or a file. */
  target: string;
  name: AssetName;
  /** What `hashFolder` found there a moment ago; looked through anew when left out. */
  files?: readonly HashedFile[];
  commit: CommitUploadRequest;
  onWarning?: (warning: string) => void;
  onScan?: (progress: ScanProgress) => void;
  onBegin?: (uploadId: string) => void;
  onUpload?: (progress: UploadProgress) => void;
  /** Hears when the version is about to be published. */
  onCommit?: () => void;
  signal?: AbortSignal;
}

/**
 * Looks through a folder and hashes what changed since the last time.
 *
 * @throws InputError for what can't be in a version
 * @public
 */
export async function hashFolder(
  options: Pick<
    PushOptions,
    'cache' | 'target' | 'onWarning' | 'onScan' | 'signal'
  >,
): Promise<HashedFile[]> {
  const { cache, target, onWarning, onScan, signal } = options;
  const { files, warnings } = await scan(target);
  for (const warning of warnings) onWarning?.(warning);
  if (files.length === 0) {
    throw new InputError(
      `${JSON.stringify(target)} holds no file; there is nothing to push`,
    );
  }
  const stamps = await StampCache.open({
    cache,
    folder: target,
    purpose: 'hashes',
  });
  const progress: ScanProgress = {
    totalBytes: files.reduce((sum, file) => sum + file.size, 0),
    readBytes: 0,
    totalFiles: files.length,
  };
  const digests = new Map<LocalFile, Digest>();
  const unknown: LocalFile[] = [];
  for (const file of files) {
    const digest = stamps.get(file.path, file.stamp);
    if (digest) {
      progress.readBytes += file.size;
      digests.set(file, digest);
    } else unknown.push(file);
  }
  onScan?.({ ...progress });
  if (unknown.length > 0) {
    try {
      await hashFiles(unknown, {
        signal,
        onBytes: bytes => {
          progress.readBytes += bytes;
          onScan?.({ ...progress });
        },
        onHashed: (file, digest) => {
          digests.set(file, digest);
          stamps.set(file.path, { stamp: file.stamp, digest });
        },
      });
    } finally {
      // Also what was hashed until it was stopped; where nothing can be kept, the
      // next push reads everything again.
      await stamps.save().catch(() => {});
    }
  }
  return files.map(file => ({ ...file, digest: digests.get(file)! }));
}

/**
 * Makes a version of a folder or file on this machine. Killed in the middle it
 * leaves nothing published, and goes on where it stopped when called again.
 *
 * @throws InputError for what can't be in a version, and for files that change meanwhile
 * @public
 */
export async function push(options: PushOptions): Promise<UploadVersionResult> {
  const { client, transport, name, commit, signal } = options;
  const files = options.files ?? (await hashFolder(options));
  return uploadVersion({
    client,
    name,
    files,
    commit,
    signal,
    onBegin: options.onBegin,
    onProgress: options.onUpload,
    onCommit: options.onCommit,
    sender: new FileSender({ transport, signal }),
  });
}

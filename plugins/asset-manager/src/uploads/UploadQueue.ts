import { sha256 } from '@noble/hashes/sha2';
import { bytesToHex } from '@noble/hashes/utils';
import type {
  AssetManagerClient,
  UploadVersionResult,
} from '@baseasset/client';
import { checksumOf, uploadVersion } from '@baseasset/client';
import type {
  AssetName,
  Digest,
  ManifestEntry,
} from '@baseasset/backstage-plugin-asset-manager-common';

/** A file that a person dropped, with its path in the version. */
export interface DroppedFile {
  path: string;
  file: File;
}

/** One push from this browser, from the drop to the version. */
export interface UploadJob {
  id: number;
  asset: AssetName;
  files: DroppedFile[];
  message?: string;
  phase: 'hashing' | 'sending' | 'done' | 'failed' | 'paused';
  doneBytes: number;
  totalBytes: number;
  error?: unknown;
  result?: UploadVersionResult;
}

type HashedFile = ManifestEntry & { file: File };

/** The bytes as they are read; not every browser iterates a stream. */
async function* blocksOf(blob: Blob): AsyncGenerator<Uint8Array> {
  const reader = blob.stream().getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}

/** Hashes in slices, so that the page stays usable. */
async function hashFile(
  file: File,
  onBytes: (bytes: number) => void,
  signal: AbortSignal,
): Promise<Digest> {
  const hash = sha256.create();
  for await (const block of blocksOf(file)) {
    signal.throwIfAborted();
    hash.update(block);
    onBytes(block.length);
  }
  return `sha256:${bytesToHex(hash.digest())}`;
}

/**
 * The pushes from this browser. They go on when the page that began them is
 * left, and can be paused and resumed; after a reload, dropping the same files
 * again goes on where it stopped, since the server holds what has arrived.
 */
export class UploadQueue {
  readonly #client: AssetManagerClient;
  readonly #listeners = new Set<() => void>();
  readonly #controllers = new Map<number, AbortController>();
  #jobs: readonly UploadJob[] = [];
  #nextId = 1;

  constructor(client: AssetManagerClient) {
    this.#client = client;
    window.addEventListener('beforeunload', event => {
      if (
        this.#jobs.some(
          job => job.phase === 'hashing' || job.phase === 'sending',
        )
      ) {
        event.preventDefault();
      }
    });
  }

  /** The same array until something changes, as React's external stores want it. */
  readonly jobs = (): readonly UploadJob[] => this.#jobs;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  add(asset: AssetName, files: DroppedFile[], message?: string): void {
    const job: UploadJob = {
      id: this.#nextId++,
      asset: { namespace: asset.namespace, name: asset.name },
      files,
      message,
      phase: 'hashing',
      doneBytes: 0,
      totalBytes: files.reduce((sum, { file }) => sum + file.size, 0),
    };
    this.#jobs = [...this.#jobs, job];
    this.#run(job.id);
  }

  pause(id: number): void {
    this.#controllers.get(id)?.abort();
    this.#change(id, { phase: 'paused' });
  }

  resume(id: number): void {
    this.#change(id, { phase: 'hashing', doneBytes: 0, error: undefined });
    this.#run(id);
  }

  dismiss(id: number): void {
    this.#controllers.get(id)?.abort();
    this.#jobs = this.#jobs.filter(job => job.id !== id);
    this.#tell();
  }

  async #run(id: number): Promise<void> {
    const job = this.#jobs.find(each => each.id === id);
    if (!job) return;
    const controller = new AbortController();
    this.#controllers.set(id, controller);
    const { signal } = controller;
    try {
      const files: HashedFile[] = [];
      const read = { doneBytes: 0 };
      const onBytes = (bytes: number) => {
        read.doneBytes += bytes;
        this.#change(id, read);
      };
      for (const { path, file } of job.files) {
        files.push({
          path,
          size: file.size,
          digest: await hashFile(file, onBytes, signal),
          file,
        });
      }
      const result = await uploadVersion({
        client: this.#client,
        name: job.asset,
        files,
        commit: { message: job.message },
        signal,
        onProgress: progress =>
          this.#change(id, {
            phase: 'sending',
            doneBytes: progress.sentBytes,
            totalBytes: progress.totalBytes,
          }),
        sender: {
          send: ({ file }, { start, end }, target) =>
            this.#client.putPiece(target, file.slice(start, end), { signal }),
          checksum: ({ file }, { start, end }, kind) =>
            checksumOf(kind, blocksOf(file.slice(start, end))),
          read: async ({ file }, into) => {
            into.set(new Uint8Array(await file.arrayBuffer()));
          },
          digest: async bytes => `sha256:${bytesToHex(sha256(bytes))}`,
          sendBytes: (bytes, target) =>
            this.#client.putPiece(target, new Blob([bytes]), { signal }),
        },
      });
      this.#change(id, { phase: 'done', result });
    } catch (error) {
      if (!signal.aborted) this.#change(id, { phase: 'failed', error });
    }
  }

  #change(id: number, change: Partial<UploadJob>): void {
    this.#jobs = this.#jobs.map(job =>
      job.id === id ? { ...job, ...change } : job,
    );
    this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

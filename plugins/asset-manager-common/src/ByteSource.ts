import type { Digest } from './digest';
import type { AssetFile } from './wire';

/**
 * The bytes of one file, wherever they are.
 *
 * @public
 */
export interface ByteSource {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  readonly mediaType: string;
  readonly digest?: Digest;
  /**
   * Reads a range.
   *
   * @returns exactly `length` bytes, or fewer where the file ends
   * @throws RangeError when `offset` lies past the end
   */
  read(
    offset: number,
    length: number,
    options?: { signal?: AbortSignal },
  ): Promise<Uint8Array>;
}

/**
 * The files of one version, wherever they are.
 *
 * @public
 */
export interface FileTree {
  list(options?: { signal?: AbortSignal }): AsyncIterable<AssetFile>;
  stat(path: string): Promise<AssetFile | undefined>;
  open(path: string): Promise<ByteSource>;
}

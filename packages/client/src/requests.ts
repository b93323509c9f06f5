import {
  AssetName,
  AssetReference,
  LATEST,
} from '@baseasset/backstage-plugin-asset-manager-common';

/** @public */
export interface RequestOptions {
  signal?: AbortSignal;
}

/** @public */
export interface PageOptions extends RequestOptions {
  cursor?: string;
  /** Items in one answer, 1 to 1000. */
  limit?: number;
}

/** What a request is sent with. */
export interface SendOptions extends RequestOptions {
  method?: string;
  query?: Record<string, string | number | readonly string[] | undefined>;
  body?: unknown;
  /** Sent as it is. */
  rawBody?: string | Blob;
  headers?: Record<string, string>;
  /** False for what must not be sent twice. */
  again?: boolean;
}

/** A version by its asset's name and a selector; `latest` when there is none. */
export type VersionReference = Pick<
  AssetReference,
  'namespace' | 'name' | 'selector'
>;

export function assetPath({ namespace, name }: AssetName): string {
  return `/assets/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`;
}

export function versionPath(version: VersionReference): string {
  return `${assetPath(version)}/versions/${encodeURIComponent(
    version.selector ?? LATEST,
  )}`;
}

/** The lines of a text that comes in pieces. */
export async function* linesOf(
  body: ReadableStream<Uint8Array>,
): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      const lines = (rest + decoder.decode(value, { stream: true })).split(
        '\n',
      );
      rest = lines.pop()!;
      yield* lines;
    }
  } finally {
    reader.releaseLock();
  }
  if (rest !== '') yield rest;
}

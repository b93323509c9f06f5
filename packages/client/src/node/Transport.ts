import http from 'node:http';
import https from 'node:https';
import { Readable } from 'node:stream';
import { promises as fs } from 'node:fs';
import { releaseMemory } from '@baseasset/backstage-plugin-asset-manager-common';
import { AssetManagerError } from '../AssetManagerError';
import { refuseDamaged } from '../IntegrityError';
import { blocksOf } from './hashFile';
import { Permits, Range, RANGE_BYTES, readAhead } from './readAhead';

const BLOCK = 1024 * 1024;
/** Ranges that are read at once from buckets, of one file and of all. */
const HANDS_PER_FILE = 4;
const HANDS = 8;

/**
 * Carries bytes between files and the server. Node's own HTTP client moves
 * them about twice as fast as `fetch`, in constant memory.
 */
export class Transport {
  readonly #getToken: () => Promise<string | undefined>;
  readonly #patience: number;
  readonly #permits = new Permits(HANDS);
  readonly #agents = {
    'http:': new http.Agent({ keepAlive: true, maxSockets: 16 }),
    'https:': new https.Agent({ keepAlive: true, maxSockets: 16 }),
  };

  /** @param options.patience - milliseconds that a line may be silent; two minutes when left out */
  constructor(options: {
    getToken: () => Promise<string | undefined>;
    patience?: number;
  }) {
    this.#getToken = options.getToken;
    this.#patience = options.patience ?? 120_000;
  }

  /** Sends bytes that are at hand by PUT. A signed address gets no token. */
  async sendBytes(options: {
    url: string;
    headers: Record<string, string>;
    signed: boolean;
    bytes: Uint8Array;
    onBytes?: (bytes: number) => void;
    signal?: AbortSignal;
  }): Promise<void> {
    const { bytes, headers, ...request } = options;
    const response = await this.#request({
      ...request,
      method: 'PUT',
      headers: { ...headers, 'Content-Length': `${bytes.length}` },
      body: piecesOf(bytes),
    });
    response.resume();
  }

  /**
   * Sends a range of a file by PUT; `end` is excluded. A signed address gets no
   * token: it carries its own permission.
   */
  async send(options: {
    url: string;
    headers: Record<string, string>;
    signed: boolean;
    location: string;
    start: number;
    end: number;
    onBytes?: (bytes: number) => void;
    signal?: AbortSignal;
  }): Promise<void> {
    const { url, headers, signed, location, start, end, onBytes, signal } =
      options;
    const handle = await fs.open(location, 'r');
    try {
      const response = await this.#request({
        url,
        method: 'PUT',
        headers: { ...headers, 'Content-Length': `${end - start}` },
        signed,
        body: blocksOf(handle, { start, size: end - start }),
        onBytes,
        signal,
      });
      response.resume();
    } finally {
      await handle.close();
    }
  }

  /**
   * Opens a file from an offset on, or a range of it, also where the server
   * sends us on to a bucket. The caller reads the answer to its end.
   */
  async receive(options: {
    url: string;
    start: number;
    /** Included; to the end when left out. */
    end?: number;
    /** Of the whole file, in bytes: a bucket is asked for several ranges at once then. */
    size?: number;
    /** Hears which store the bytes come from. */
    onStore?: (store: string | undefined) => void;
    signal?: AbortSignal;
  }): Promise<Readable> {
    const { url, start, end, size = 0, onStore, signal } = options;
    const headers: Record<string, string> =
      start > 0 || end !== undefined
        ? { Range: `bytes=${start}-${end ?? ''}` }
        : {};
    const request = { method: 'GET', headers, signal };
    const response = await this.#request({
      ...request,
      url,
      signed: false,
    }).catch(refuseDamaged);
    const { location } = response.headers;
    onStore?.(response.headers['asset-store'] as string | undefined);
    if (!isRedirect(response) || location === undefined) return response;
    response.resume();
    const address = new URL(location, url).href;
    if (end === undefined && size - start > RANGE_BYTES)
      return this.#readAhead({ url: address, start, size, signal });
    return this.#request({ ...request, url: address, signed: true });
  }

  #readAhead(options: {
    url: string;
    start: number;
    size: number;
    signal?: AbortSignal;
  }): Readable {
    const { url, start, size } = options;
    return Readable.from(
      readAhead({
        start,
        size,
        rangeBytes: RANGE_BYTES,
        permits: this.#permits,
        hands: HANDS_PER_FILE,
        read: (range, stopped) =>
          this.#readRange(
            url,
            range,
            options.signal
              ? AbortSignal.any([options.signal, stopped])
              : stopped,
          ),
      }),
      { objectMode: false, highWaterMark: BLOCK },
    );
  }

  async #readRange(
    url: string,
    { start, end }: Range,
    signal: AbortSignal,
  ): Promise<Buffer[]> {
    const response = await this.#request({
      url,
      method: 'GET',
      headers: { Range: `bytes=${start}-${end}` },
      signed: true,
      signal,
    });
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of response as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      length += chunk.length;
    }
    if (length !== end - start + 1)
      throw new Error(`${length} bytes came of the range ${start}-${end}`);
    return chunks;
  }

  /** Closes the connections, so that a program can end. */
  close(): void {
    this.#agents['http:'].destroy();
    this.#agents['https:'].destroy();
  }

  async #request(options: {
    url: string;
    method: string;
    headers: Record<string, string>;
    signed: boolean;
    body?: Body;
    onBytes?: (bytes: number) => void;
    signal?: AbortSignal;
  }): Promise<http.IncomingMessage> {
    const { method, headers, signed, body, onBytes, signal } = options;
    const url = new URL(options.url);
    const token = signed ? undefined : await this.#getToken();
    const client = url.protocol === 'https:' ? https : http;
    return new Promise((resolve, reject) => {
      const unreachable = (cause: unknown) => {
        if (signal?.aborted) {
          reject(signal.reason);
          return;
        }
        reject(
          new AssetManagerError({
            status: 0,
            message: `the connection to ${url.origin} broke off`,
            cause,
          }),
        );
      };
      const request = client.request(url, {
        method,
        agent: this.#agents[url.protocol as 'http:' | 'https:'],
        headers: {
          ...headers,
          ...(token && { Authorization: `Bearer ${token}` }),
        },
        signal,
      });
      request.setTimeout(this.#patience, () =>
        request.destroy(new Error('nothing came for too long')),
      );
      releaseWhatIsParsed(request);
      request.on('error', unreachable);
      request.on('response', response => {
        const { statusCode = 0 } = response;
        if (
          (statusCode >= 200 && statusCode < 300) ||
          (!signed && isRedirect(response))
        ) {
          resolve(response);
          return;
        }
        const chunks: Buffer[] = [];
        response.on('data', chunk => chunks.push(chunk));
        response.on('error', unreachable);
        response.on('end', () =>
          reject(
            signed
              ? bucketError(url, method, statusCode)
              : AssetManagerError.fromBody(
                  statusCode,
                  Buffer.concat(chunks).toString(),
                ),
          ),
        );
      });
      pour(body ?? [], request, onBytes).catch(error => {
        request.destroy();
        reject(error);
      });
    });
  }
}

/** Blocks of bytes, each of which may be written over once the next one was asked for. */
type Body = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** Writes a body to a request and ends it, as far as the request lives. */
async function pour(
  body: Body,
  request: http.ClientRequest,
  onBytes?: (bytes: number) => void,
): Promise<void> {
  let sent = 0;
  for await (const block of body) {
    if (request.destroyed) return;
    await new Promise<void>(resolve => {
      const done = () => {
        request.off('close', done);
        resolve();
      };
      request.once('close', done);
      request.write(block, done);
    });
    sent += block.length;
    onBytes?.(sent);
  }
  request.end();
}

/**
 * Gives the memory back that the socket of a request reads into, behind the parser,
 * which copies the body out of it: left to the garbage collector, it stands for as
 * much again as arrives.
 */
function releaseWhatIsParsed(request: http.ClientRequest): void {
  request.once('socket', socket => {
    socket.on('data', releaseMemory);
    // The next request's parser would stand behind it.
    request.once('close', () => socket.off('data', releaseMemory));
  });
}

function* piecesOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += BLOCK)
    yield bytes.subarray(at, at + BLOCK);
}

function isRedirect({ statusCode = 0 }: http.IncomingMessage): boolean {
  return [301, 302, 303, 307, 308].includes(statusCode);
}

/** What a bucket says is not repeated: it may hold what was signed. */
function bucketError(
  { host }: URL,
  method: string,
  status: number,
): AssetManagerError {
  return new AssetManagerError({
    // A signed address that has expired is asked for anew by the next try.
    status: method === 'GET' && status === 403 ? 503 : status,
    message: `the bucket at ${host} refused a signed ${method} with ${status}`,
  });
}

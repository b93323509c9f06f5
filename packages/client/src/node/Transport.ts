import http from 'node:http';
import https from 'node:https';
import type { Readable } from 'node:stream';
import { createReadStream } from 'node:fs';
import { AssetManagerError } from '../AssetManagerError';

const BLOCK = 1024 * 1024;
const IDLE_MS = 120_000;

/**
 * Carries bytes between files and the server. Node's own HTTP client moves
 * them about twice as fast as `fetch`, in constant memory.
 */
export class Transport {
  readonly #getToken: () => Promise<string | undefined>;
  readonly #agents = {
    'http:': new http.Agent({ keepAlive: true, maxSockets: 16 }),
    'https:': new https.Agent({ keepAlive: true, maxSockets: 16 }),
  };

  constructor(options: { getToken: () => Promise<string | undefined> }) {
    this.#getToken = options.getToken;
  }

  /** Sends a range of a file by PUT; `end` is excluded. */
  async send(options: {
    url: string;
    location: string;
    start: number;
    end: number;
    onBytes?: (bytes: number) => void;
    signal?: AbortSignal;
  }): Promise<void> {
    const { url, location, start, end, onBytes, signal } = options;
    const body =
      end > start
        ? createReadStream(location, {
            start,
            end: end - 1,
            highWaterMark: Math.min(BLOCK, end - start),
          })
        : undefined;
    try {
      const response = await this.#request({
        url,
        method: 'PUT',
        headers: {
          'Content-Length': `${end - start}`,
          'Content-Type': 'application/octet-stream',
        },
        body,
        onBytes,
        signal,
      });
      response.resume();
    } finally {
      body?.destroy();
    }
  }

  /** Opens a file from an offset on. The caller reads the answer to its end. */
  async receive(options: {
    url: string;
    start: number;
    signal?: AbortSignal;
  }): Promise<Readable> {
    const { url, start, signal } = options;
    return this.#request({
      url,
      method: 'GET',
      headers: start > 0 ? { Range: `bytes=${start}-` } : {},
      signal,
    });
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
    body?: Readable;
    onBytes?: (bytes: number) => void;
    signal?: AbortSignal;
  }): Promise<http.IncomingMessage> {
    const { method, headers, body, onBytes, signal } = options;
    const url = new URL(options.url);
    const token = await this.#getToken();
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
      request.setTimeout(IDLE_MS, () =>
        request.destroy(new Error('nothing came for too long')),
      );
      request.on('error', unreachable);
      request.on('response', response => {
        const { statusCode = 0 } = response;
        if (statusCode >= 200 && statusCode < 300) {
          resolve(response);
          return;
        }
        const chunks: Buffer[] = [];
        response.on('data', chunk => chunks.push(chunk));
        response.on('error', unreachable);
        response.on('end', () =>
          reject(
            AssetManagerError.fromBody(
              statusCode,
              Buffer.concat(chunks).toString(),
            ),
          ),
        );
      });
      if (body) {
        let sent = 0;
        body.on('data', (chunk: Buffer) => {
          sent += chunk.length;
          onBytes?.(sent);
        });
        body.on('error', error => {
          request.destroy();
          reject(error);
        });
        body.pipe(request);
      } else {
        request.end();
      }
    });
  }
}

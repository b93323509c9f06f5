import http from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * What happens to a request: the server says that it is busy, does what was
 * asked and its answer is lost, breaks off in the middle of the answer, or says
 * nothing any more: at all, or in the middle of the answer.
 */
export type Fault = 429 | 503 | 'lost' | 'cut' | 'silent' | 'stuck';

/** A line to a server on which the next requests go wrong as they are told to. */
export class UnreliableLine {
  static async to(
    upstream: string,
    keepsHost: boolean,
  ): Promise<UnreliableLine> {
    const line = new UnreliableLine(upstream, keepsHost);
    await new Promise<void>(resolve => {
      line.#server.listen(0, '127.0.0.1', resolve);
    });
    return line;
  }

  /** What goes wrong next; a request that finds none gets through. */
  faults: (Fault | undefined)[] = [];
  readonly #upstream: string;
  readonly #keepsHost: boolean;
  readonly #server: http.Server;
  readonly #agent = new http.Agent({ keepAlive: true });

  private constructor(upstream: string, keepsHost: boolean) {
    this.#upstream = upstream;
    this.#keepsHost = keepsHost;
    this.#server = http.createServer((req, res) => this.#handle(req, res));
  }

  get url(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}`;
  }

  async close(): Promise<void> {
    this.#agent.destroy();
    this.#server.closeAllConnections();
    await new Promise(resolve => {
      this.#server.close(resolve);
    });
  }

  #handle(req: http.IncomingMessage, res: http.ServerResponse): void {
    const fault = this.faults.shift();
    req.on('error', () => res.destroy());
    if (fault === 'silent') {
      req.resume();
      return;
    }
    if (typeof fault === 'number') {
      req.resume();
      req.on('end', () =>
        res.writeHead(fault, { 'Content-Type': 'text/plain' }).end('busy'),
      );
      return;
    }
    const request = http.request(
      `${this.#upstream}${req.url}`,
      {
        method: req.method,
        headers: this.#keepsHost
          ? req.headers
          : { ...req.headers, host: new URL(this.#upstream).host },
        agent: this.#agent,
      },
      response => {
        if (fault === 'lost') {
          response.resume();
          response.on('end', () => res.destroy());
          return;
        }
        const { location } = response.headers;
        res.writeHead(response.statusCode ?? 502, {
          ...response.headers,
          // What was begun over this line goes on over it.
          ...(location && {
            location: location.replace(this.#upstream, this.url),
          }),
        });
        let passed = 0;
        response.on('data', (chunk: Buffer) => {
          passed += chunk.length;
          if (fault === 'stuck' && passed > 100_000) {
            response.destroy();
          } else if (fault === 'cut' && passed > 100_000) {
            // What was written has to leave before the line is cut.
            res.write(chunk, () => res.destroy());
            response.destroy();
          } else {
            res.write(chunk);
          }
        });
        response.on('end', () => res.end());
        response.on('error', () => {});
      },
    );
    request.on('error', () => res.destroy());
    req.pipe(request);
  }
}

import { styleText } from 'node:util';
import type {
  AssetReference,
  AssetName,
} from '@baseasset/backstage-plugin-asset-manager-common';
import { UsageError } from './exit';
import { Progress } from './Progress';
import { Session } from './Session';

/** What a command talks to: the terminal, the environment, the portal. */
export class Context {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly environment: NodeJS.ProcessEnv;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly #showProgress: boolean;
  readonly #server: string | undefined;
  #session: Promise<Session> | undefined;
  readonly #interrupted = new AbortController();

  constructor(options: {
    json: boolean;
    quiet: boolean;
    verbose: boolean;
    progress: boolean;
    server: string | undefined;
    environment: NodeJS.ProcessEnv;
    stdin: NodeJS.ReadStream;
    stdout: NodeJS.WriteStream;
    stderr: NodeJS.WriteStream;
  }) {
    this.json = options.json;
    this.quiet = options.quiet;
    this.verbose = options.verbose;
    this.environment = options.environment;
    this.stdin = options.stdin;
    this.stdout = options.stdout;
    this.stderr = options.stderr;
    this.#server = options.server;
    this.#showProgress =
      options.progress &&
      !options.quiet &&
      !options.json &&
      Boolean(options.stderr.isTTY);
  }

  /** The portal and who is asking there. */
  session(): Promise<Session> {
    this.#session ??= Session.open({
      server: this.#server,
      environment: this.environment,
    });
    return this.#session;
  }

  async client() {
    return (await this.session()).client();
  }

  /** The portal that was named on the line or in the environment. */
  get namedServer(): string | undefined {
    return this.#server ?? (this.environment.ASSET_SERVER || undefined);
  }

  progress(): Progress {
    return new Progress(this.stderr, this.#showProgress);
  }

  /** Aborts on the first Ctrl-C, so that the command can say how to go on. */
  get signal(): AbortSignal {
    return this.#interrupted.signal;
  }

  interrupt(): void {
    this.#interrupted.abort(new Error('interrupted'));
  }

  /** Results, for people or for a pipe. */
  print(text: string): void {
    this.stdout.write(`${text}\n`);
  }

  /** One document, where `--json` asks for it. */
  printJson(document: unknown): void {
    this.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
  }

  /** What is no result: hints, warnings, what is going on. */
  note(text: string): void {
    if (!this.quiet) this.stderr.write(`${text}\n`);
  }

  warn(text: string): void {
    this.stderr.write(`${this.paint('yellow', 'warning:')} ${text}\n`);
  }

  paint(
    style: 'bold' | 'dim' | 'green' | 'red' | 'yellow' | 'cyan',
    text: string,
  ): string {
    const stream =
      style === 'yellow' || style === 'red' ? this.stderr : this.stdout;
    return stream.isTTY && !this.environment.NO_COLOR
      ? styleText(style, text)
      : text;
  }
}

/** Reads with a parser of the model, and takes what it refuses for a mistyped line. */
export function typed<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** A reference as it was typed. */
export async function readReference(text: string): Promise<AssetReference> {
  const { parseReference } = await import(
    '@baseasset/backstage-plugin-asset-manager-common'
  );
  return typed(() => parseReference(text));
}

/** A name without a version, as it was typed. */
export async function readName(text: string): Promise<AssetName> {
  const { namespace, name, selector } = await readReference(text);
  if (selector !== undefined) {
    throw new UsageError(
      `${JSON.stringify(text)} names a version, and only a name is wanted here`,
    );
  }
  return { namespace, name };
}

import type { Context } from './lib/Context';

/** What a person wants to do: the chapters of the help. */
export const GROUPS = {
  get: 'Get',
  publish: 'Publish',
  look: 'Look',
  govern: 'Govern',
  administer: 'Administer',
  account: 'Sign in',
  more: 'More',
} as const;

export interface OptionSpec {
  type: 'string' | 'boolean';
  /** One letter. */
  short?: string;
  /** May be given several times. */
  multiple?: boolean;
  /** What stands for the value in the help, e.g. `LABEL`. */
  value?: string;
  description: string;
  /** The values that shells offer. */
  choices?: readonly string[];
}

export interface ArgumentSpec {
  /** In capitals, e.g. `NAME`. */
  name: string;
  description: string;
  optional?: boolean;
  /** What shells offer: names of assets, or these with versions. */
  completes?: 'name' | 'reference';
}

/** What was given on the line, after it was checked against the command's own lists. */
export interface Invocation {
  args: string[];
  options: {
    text(name: string): string | undefined;
    list(name: string): string[];
    flag(name: string): boolean;
  };
}

/** A command of the command line; the help, the completion and the reference are made from it. */
export interface Command {
  /** Words as they are typed, e.g. `alias set`. */
  name: string;
  group: keyof typeof GROUPS;
  /** One line. */
  summary: string;
  /** What the summary leaves open; paragraphs. */
  details?: string[];
  args: ArgumentSpec[];
  options: Record<string, OptionSpec>;
  /** Lines to type, each with what it does. */
  examples: { line: string; does: string }[];
  run(context: Context, invocation: Invocation): Promise<void>;
}

/** Options that every command has. */
export const COMMON_OPTIONS: Record<string, OptionSpec> = {
  json: { type: 'boolean', description: 'print one JSON document' },
  quiet: { type: 'boolean', short: 'q', description: 'print results only' },
  verbose: {
    type: 'boolean',
    short: 'v',
    description: 'say more when something fails',
  },
  'no-progress': { type: 'boolean', description: 'show no progress' },
  server: {
    type: 'string',
    value: 'URL',
    description: 'the portal to talk to',
  },
  help: { type: 'boolean', short: 'h', description: 'show this help' },
};

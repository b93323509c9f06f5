import { parseArgs } from 'node:util';
import { Command, COMMON_OPTIONS, Invocation, OptionSpec } from '../Command';
import { UsageError } from './exit';

/** The command that the first words name, and the words after it. */
export function findCommand(
  commands: readonly Command[],
  words: readonly string[],
): { command: Command; rest: string[] } | undefined {
  // Options may stand before the command: their own values are not its name.
  for (const length of [2, 1]) {
    const name = words.slice(0, length).join(' ');
    const command = commands.find(each => each.name === name);
    if (command) return { command, rest: words.slice(length) };
  }
  return undefined;
}

function specsOf(options: Record<string, OptionSpec>) {
  return Object.fromEntries(
    Object.entries(options).map(([name, { type, short, multiple }]) => [
      name,
      { type, ...(short && { short }), ...(multiple && { multiple }) },
    ]),
  );
}

/** `--sort -updated` as `--sort=-updated`: a value that the option offers may begin with a dash. */
function joinChoices(command: Command, words: readonly string[]): string[] {
  const joined: string[] = [];
  for (const word of words) {
    const last = joined.at(-1) ?? '';
    const choices = last.startsWith('--')
      ? command.options[last.slice(2)]?.choices
      : undefined;
    if (word.startsWith('-') && choices?.includes(word))
      joined[joined.length - 1] = `${last}=${word}`;
    else joined.push(word);
  }
  return joined;
}

/** Holds what was typed to the command's own lists. @throws UsageError for what does not fit */
export function parseLine(command: Command, words: string[]): Invocation {
  const specs = { ...command.options, ...COMMON_OPTIONS };
  let values: Record<
    string,
    string | boolean | (string | boolean)[] | undefined
  >;
  let args: string[];
  try {
    const parsed = parseArgs({
      args: joinChoices(command, words),
      options: specsOf(specs),
      allowPositionals: true,
      strict: true,
    });
    values = parsed.values;
    args = parsed.positionals;
  } catch (error) {
    const [message] = (error as Error).message.split('. ');
    throw new UsageError(message, [
      `to see the options: asset ${command.name} --help`,
    ]);
  }
  refuseOtherChoices(specs, values);
  const invocation: Invocation = {
    args,
    options: {
      text: name => values[name] as string | undefined,
      list: name => (values[name] as string[] | undefined) ?? [],
      flag: name => values[name] === true,
    },
  };
  if (invocation.options.flag('help')) return invocation;
  const wanted = command.args.filter(arg => !arg.optional).length;
  if (args.length < wanted) {
    throw new UsageError(`${command.args[args.length].name} is missing`, [
      `usage: ${usageOf(command)}`,
    ]);
  }
  if (args.length > command.args.length) {
    throw new UsageError(
      `${JSON.stringify(args[command.args.length])} is one word too many`,
      [`usage: ${usageOf(command)}`],
    );
  }
  return invocation;
}

function refuseOtherChoices(
  specs: Record<string, OptionSpec>,
  values: Record<string, unknown>,
): void {
  for (const [name, { choices }] of Object.entries(specs)) {
    for (const value of [values[name] ?? []].flat()) {
      if (choices && !choices.includes(value as string)) {
        throw new UsageError(
          `--${name} has to be one of ${choices.join(
            ', ',
          )}, and not ${JSON.stringify(value)}`,
        );
      }
    }
  }
}

/** The command's line, e.g. `asset push PATH NAME [options]`. */
export function usageOf(command: Command): string {
  const args = command.args.map(arg =>
    arg.optional ? `[${arg.name}]` : arg.name,
  );
  const options = Object.keys(command.options).length > 0 ? ['[options]'] : [];
  return ['asset', command.name, ...args, ...options].join(' ');
}

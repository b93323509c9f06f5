import type { ArgumentSpec, Command, OptionSpec } from '../Command';
import { COMMON_OPTIONS } from '../Command';
import { UsageError } from '../lib/exit';

const SHELLS = ['bash', 'zsh', 'fish'] as const;

function bash(): string {
  return `# bash completion of asset: eval "$(asset completion bash)"
# A version stands behind an @, at which bash would break the word.
COMP_WORDBREAKS=\${COMP_WORDBREAKS//@}
_asset() {
  local IFS=$'\\n'
  COMPREPLY=($(asset __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -o nospace -F _asset asset`;
}

function zsh(): string {
  return `#compdef asset
# zsh completion of asset: eval "$(asset completion zsh)"
_asset() {
  local -a found
  found=("\${(@f)$(asset __complete -- "\${words[@]:1:$((CURRENT-1))}" 2>/dev/null)}")
  [[ -n "$found" ]] && compadd -S '' -- "\${found[@]}" || _files
}
compdef _asset asset`;
}

function fish(): string {
  return `# fish completion of asset: asset completion fish | source
complete -c asset -a '(asset __complete -- (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null)'`;
}

/** What the words before the last one are: which argument of the command comes next. */
function nextArgument(
  command: Command,
  words: readonly string[],
): ArgumentSpec | undefined {
  const options: Record<string, OptionSpec> = {
    ...command.options,
    ...COMMON_OPTIONS,
  };
  const takesValue = (word: string) => {
    const spec = word.startsWith('--')
      ? options[word.slice(2)]
      : Object.values(options).find(({ short }) => word === `-${short}`);
    return spec?.type === 'string';
  };
  let position = 0;
  for (let index = 0; index < words.length; index++) {
    if (!words[index].startsWith('-')) position++;
    else if (takesValue(words[index])) index++;
  }
  return command.args[position];
}

/** Assets, and versions behind an `@`, of which the portal knows. */
export interface KnownReferences {
  names(prefix: string): Promise<string[]>;
  selectors(name: string): Promise<string[]>;
}

/** What could stand for the last of the words. */
export async function candidates(
  commands: readonly Command[],
  words: readonly string[],
  known: KnownReferences,
): Promise<string[]> {
  const last = words.at(-1) ?? '';
  const before = words.slice(0, -1);
  const command = commands.find(each => {
    const name = each.name.split(' ');
    return name.every((word, index) => before[index] === word);
  });
  if (!command) {
    const depth = before.length;
    const names = commands
      .map(each => each.name.split(' '))
      .filter(name => before.every((word, index) => name[index] === word))
      .map(name => name[depth])
      .filter(
        (word): word is string => word !== undefined && word.startsWith(last),
      );
    return [...new Set(names)];
  }
  const options = { ...command.options, ...COMMON_OPTIONS };
  const previous = before.at(-1)?.replace(/^--/, '') ?? '';
  const choices = before.at(-1)?.startsWith('--')
    ? options[previous]?.choices
    : undefined;
  if (choices) return choices.filter(choice => choice.startsWith(last));
  if (last.startsWith('-')) {
    return Object.keys(options)
      .map(name => `--${name}`)
      .filter(name => name.startsWith(last));
  }
  const wanted = nextArgument(
    command,
    before.slice(command.name.split(' ').length),
  );
  return wanted?.completes ? references(last, wanted.completes, known) : [];
}

async function references(
  last: string,
  kind: 'name' | 'reference',
  known: KnownReferences,
): Promise<string[]> {
  const at = last.indexOf('@');
  const found =
    at < 0
      ? await known.names(last)
      : kind === 'reference' && (await known.selectors(last.slice(0, at)));
  if (!found) return [];
  return found
    .map(each => (at < 0 ? each : `${last.slice(0, at)}@${each}`))
    .filter(each => each.startsWith(last));
}

export const completion: Command = {
  name: 'completion',
  group: 'more',
  summary: 'print what makes your shell complete the line',
  args: [{ name: 'SHELL', description: 'bash, zsh or fish' }],
  options: {},
  examples: [
    { line: 'eval "$(asset completion bash)"', does: 'in ~/.bashrc' },
    { line: 'asset completion fish | source', does: 'in config.fish' },
  ],
  async run(context, { args }) {
    const scripts = { bash, zsh, fish };
    const shell = SHELLS.find(each => each === args[0]);
    if (!shell)
      throw new UsageError(
        `there is completion for ${SHELLS.join(', ')}, and none for ${args[0]}`,
      );
    if (context.json) context.printJson({ shell, script: scripts[shell]() });
    else context.print(scripts[shell]());
  },
};

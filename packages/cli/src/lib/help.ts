import { Command, COMMON_OPTIONS, GROUPS, OptionSpec } from '../Command';
import { formatTable } from './format';
import { usageOf } from './parseLine';

const indent = (text: string) => text.replace(/^(?=.)/gm, '  ');

/** `-o, --output DIR` */
export function optionTerm(name: string, spec: OptionSpec): string {
  const short = spec.short ? `-${spec.short}, ` : '';
  const value = spec.type === 'string' ? ` ${spec.value ?? 'TEXT'}` : '';
  return `${short}--${name}${value}`;
}

/** Commands that begin with the same word, a line each. */
export function chapterHelp(commands: readonly Command[]): string {
  const width = Math.max(...commands.map(command => command.name.length));
  const lines = commands.map(
    command => `  asset ${command.name.padEnd(width)}  ${command.summary}`,
  );
  const [word] = commands[0].name.split(' ');
  return [
    lines.join('\n'),
    `For more on one of them: asset ${word} WORD --help`,
  ].join('\n\n');
}

/** All commands, a line each, by what a person wants to do. */
export function overview(commands: readonly Command[]): string {
  const width = Math.max(...commands.map(command => command.name.length));
  const chapters = Object.entries(GROUPS).map(([group, title]) => {
    const lines = commands
      .filter(command => command.group === group)
      .map(command => `  ${command.name.padEnd(width)}  ${command.summary}`);
    return `${title}\n${lines.join('\n')}`;
  });
  return [
    'asset: models, genomes and data sets, with versions that never change',
    ...chapters,
    'An asset is NAME or NAMESPACE/NAME; a version of it NAME@SELECTOR, where a selector is\na label (3), an alias (champion), a stage (production), a digest (sha256:9f1c03aa81d2…)\nor latest.',
    'For more on a command: asset COMMAND --help',
  ].join('\n\n');
}

/** The page of one command. */
export function commandHelp(command: Command): string {
  const parts = [`${usageOf(command)}\n\n${command.summary}.`];
  for (const paragraph of command.details ?? []) parts.push(paragraph);
  if (command.args.length > 0) {
    parts.push(
      indent(formatTable(command.args.map(arg => [arg.name, arg.description]))),
    );
  }
  const options = Object.entries(command.options);
  if (options.length > 0) {
    parts.push(
      `Options\n${indent(
        formatTable(
          options.map(([name, spec]) => [
            optionTerm(name, spec),
            spec.description,
          ]),
        ),
      )}`,
    );
  }
  parts.push(
    `Options of every command\n${indent(
      formatTable(
        Object.entries(COMMON_OPTIONS).map(([name, spec]) => [
          optionTerm(name, spec),
          spec.description,
        ]),
      ),
    )}`,
  );
  parts.push(
    `Examples\n${indent(
      command.examples.map(({ line, does }) => `# ${does}\n${line}`).join('\n'),
    )}`,
  );
  return parts.join('\n\n');
}

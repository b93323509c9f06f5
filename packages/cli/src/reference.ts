import { Command, COMMON_OPTIONS, GROUPS } from './Command';
import { commands } from './commands';
import { EXIT, EXIT_MEANINGS } from './lib/exit';
import { optionTerm } from './lib/help';
import { usageOf } from './lib/parseLine';

const cell = (text: string) =>
  text.replaceAll('|', '\\|').replaceAll('\n', ' ');

function chapter(command: Command): string {
  const lines = [
    `### asset ${command.name}`,
    '',
    `\`${usageOf(command)}\``,
    '',
  ];
  lines.push(
    `${command.summary[0].toLocaleUpperCase('en-US')}${command.summary.slice(
      1,
    )}.`,
    '',
  );
  for (const paragraph of command.details ?? [])
    lines.push(paragraph.replaceAll('\n', ' '));
  if (command.details) lines.push('');
  const rows = [
    ...command.args.map(arg => [arg.name, arg.description]),
    ...Object.entries(command.options).map(([name, spec]) => [
      optionTerm(name, spec),
      spec.description,
    ]),
  ];
  if (rows.length > 0) {
    lines.push('| | |', '|---|---|');
    for (const [term, meaning] of rows)
      lines.push(`| \`${cell(term)}\` | ${cell(meaning)} |`);
    lines.push('');
  }
  lines.push('```sh');
  for (const { line, does } of command.examples) lines.push(`# ${does}`, line);
  lines.push('```', '');
  return lines.join('\n');
}

/** The page of the documentation that is made from the commands themselves. */
export function commandReference(): string {
  const parts = [
    '# Command line',
    '',
    '<!-- Written by `npm run docs` from the commands themselves; edit them instead. -->',
    '',
    'Data goes to standard output, everything else to standard error. A pipe gets no',
    'progress and no colour, and nothing asks a question.',
    '',
    'In this checkout the command is `npx --no asset`: without `--no`, npx would fetch an',
    'unrelated package of that name from the public registry. For the help of all commands type',
    '`npx --no -- asset --help`: npx takes options before the first word for its own.',
    '',
    '## References',
    '',
    '    [asset://][namespace/]name[@selector[/path/in/the/version]]',
    '',
    'Without a namespace it is `default`; without a selector it is `latest`. A selector is a',
    'digest (`sha256:` and twelve or more of its digits), a version label, an alias, a stage, or `latest`.',
    '`NAME@A..B` names two versions to compare.',
    '',
    '## Exit codes',
    '',
    '| code | meaning |',
    '|---|---|',
    ...Object.entries(EXIT).map(
      ([name, code]) =>
        `| ${code} | ${EXIT_MEANINGS[name as keyof typeof EXIT]} |`,
    ),
    '| 130 | stopped by Ctrl-C |',
    '',
    '## Environment',
    '',
    '| variable | meaning |',
    '|---|---|',
    '| `ASSET_SERVER` | the portal; the one of the last login when not set |',
    '| `ASSET_TOKEN` | a token for CI, instead of a login; never written to a disk |',
    '| `ASSET_SERVICE_ACCOUNT` | the service account that a CI job is, by the token that the CI system gives it |',
    '| `ASSET_ID_TOKEN`, `ASSET_ID_TOKEN_FILE` | that token, or the file where it stands; on GitHub Actions it is asked for |',
    '| `BASEASSET_CACHE` | where fetched bytes are kept; `$XDG_CACHE_HOME/baseasset` when not set |',
    '| `BASEASSET_CACHE_LIMIT` | how much the cache may hold, e.g. `50GiB`; no limit when not set |',
    '| `BASEASSET_STORES` | stores to read from where there are several copies, the nearest first, with commas between them; measured when it is not set |',
    '| `BASEASSET_TIMEOUT` | seconds that a line may be silent while bytes travel, before it is tried again; 120 when not set |',
    '| `NO_COLOR` | no colours |',
    '',
    '## Options of every command',
    '',
    '| | |',
    '|---|---|',
    ...Object.entries(COMMON_OPTIONS).map(
      ([name, spec]) =>
        `| \`${optionTerm(name, spec)}\` | ${spec.description} |`,
    ),
    '',
  ];
  for (const [group, title] of Object.entries(GROUPS)) {
    parts.push(`## ${title}`, '');
    for (const command of commands.filter(each => each.group === group))
      parts.push(chapter(command));
  }
  return `${parts.join('\n').trimEnd()}\n`;
}

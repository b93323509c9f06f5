import { commands } from './commands';
import { candidates } from './commands/completion';
import { Context } from './lib/Context';
import { CommandError, EXIT } from './lib/exit';
import { explainError } from './lib/explainError';
import { knownReferences } from './lib/knownReferences';
import { chapterHelp, commandHelp, overview } from './lib/help';
import { mistyped } from './lib/mistyped';
import { findCommand, parseLine } from './lib/parseLine';
import packageJson from '../package.json';

/** The streams and the environment that a program runs in. */
export interface Surroundings {
  environment: NodeJS.ProcessEnv;
  stdin: NodeJS.ReadStream;
  stdout: NodeJS.WriteStream;
  stderr: NodeJS.WriteStream;
  onInterrupt(listener: () => void): void;
}

/**
 * Runs one line.
 *
 * @returns the exit code
 */
export async function runCommandLine(
  words: string[],
  around: Surroundings,
): Promise<number> {
  const { environment, stdout, stderr } = around;
  const fail = (error: unknown, verbose: boolean): number => {
    const { code, message, hints } = explainError(error);
    if (message) stderr.write(`${code === 130 ? '' : 'error: '}${message}\n`);
    for (const hint of hints) stderr.write(`  ${hint}\n`);
    if (verbose && error instanceof Error) {
      stderr.write(`${error.stack}\n`);
      if (error.cause instanceof Error)
        stderr.write(`caused by ${error.cause.stack}\n`);
    }
    return code;
  };

  if (words[0] === '__complete') {
    const asked = words.slice(words[1] === '--' ? 2 : 1);
    const context = new Context({
      json: false,
      quiet: true,
      verbose: false,
      progress: false,
      server: undefined,
      environment,
      stdin: around.stdin,
      stdout,
      stderr,
    });
    // A shell that completes a line has no place for an error.
    const offered = await candidates(
      commands,
      asked,
      knownReferences(context),
    ).catch(() => []);
    stdout.write(offered.map(word => `${word}\n`).join(''));
    return EXIT.done;
  }
  if (words[0] === '--version') {
    stdout.write(`${packageJson.version}\n`);
    return EXIT.done;
  }
  const found = findCommand(commands, words);
  if (!found) {
    const isHelp = (word: string | undefined) =>
      word !== undefined && ['help', '--help', '-h'].includes(word);
    const asked = isHelp(words[0]) ? words.slice(1) : words;
    const chapter = commands.filter(command =>
      command.name.startsWith(`${asked[0]} `),
    );
    const about = findCommand(commands, asked);
    if (words.length === 0 || words.some(isHelp)) {
      let text = overview(commands);
      if (about) text = commandHelp(about.command);
      else if (chapter.length > 0) text = chapterHelp(chapter);
      stdout.write(`${text}\n`);
      return EXIT.done;
    }
    return fail(await mistyped(commands, chapter, words), false);
  }
  const { command, rest } = found;
  let verbose = rest.includes('--verbose') || rest.includes('-v');
  let interrupted: AbortSignal | undefined;
  try {
    const invocation = parseLine(command, rest);
    const { options } = invocation;
    verbose = options.flag('verbose');
    if (options.flag('help')) {
      stdout.write(`${commandHelp(command)}\n`);
      return EXIT.done;
    }
    const context = new Context({
      json: options.flag('json'),
      quiet: options.flag('quiet'),
      verbose,
      progress: !options.flag('no-progress'),
      server: options.text('server'),
      environment,
      stdin: around.stdin,
      stdout,
      stderr,
    });
    interrupted = context.signal;
    around.onInterrupt(() => context.interrupt());
    await command.run(context, invocation);
    return EXIT.done;
  } catch (error) {
    // Whatever it was that broke off.
    const stopped = interrupted?.aborted && !(error instanceof CommandError);
    return fail(stopped ? new CommandError(130, 'Stopped.') : error, verbose);
  }
}

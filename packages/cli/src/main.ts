import { createWriteStream, fstatSync } from 'node:fs';
import { EXIT } from './lib/exit';
import { runCommandLine } from './runCommandLine';

let ended = false;

/** Node's own way to write to a file takes for whole what a full disk has cut. */
function openOutput(): NodeJS.WriteStream {
  try {
    if (fstatSync(1).isFile())
      return createWriteStream('', {
        fd: 1,
      }) as unknown as NodeJS.WriteStream;
  } catch {
    // It is closed.
  }
  return process.stdout;
}

const stdout = openOutput();

stdout.on('error', error => {
  const { code } = error as { code?: string };
  ended = true;
  // A reader such as `head` that has seen enough is no error.
  if (code === 'EPIPE') process.exit(EXIT.done);
  process.stderr.write(
    `error: the output can't be written${
      code === 'ENOSPC' ? ': the disk is full' : ` (${code})`
    }\n`,
  );
  process.exit(EXIT.failed);
});

// Node ends a program that waits for what will never come, and calls that a success.
process.on('exit', code => {
  if (ended || code !== EXIT.done) return;
  process.stderr.write('error: the program ended in the middle of its work\n');
  process.exitCode = EXIT.failed;
});

/** Whatever hangs may not keep the program from ending. */
const GRACE_MS = 5000;
const giveUpSoon = () => setTimeout(() => process.exit(130), GRACE_MS).unref();

let interrupts = 0;
runCommandLine(process.argv.slice(2), {
  environment: process.env,
  stdin: process.stdin,
  stdout,
  stderr: process.stderr,
  onInterrupt(listener) {
    process.on('SIGINT', () => {
      interrupts++;
      // The second one does not wait for anything.
      if (interrupts > 1) process.exit(130);
      giveUpSoon();
      listener();
    });
    process.on('SIGTERM', () => {
      giveUpSoon();
      listener();
    });
  },
}).then(code => {
  ended = true;
  process.exitCode = code;
  // Handlers of signals and idle connections keep a program alive.
  const end = () => process.exit(code);
  if (stdout.writableLength === 0) end();
  // Not when it drains: that takes less than all of it where much was waiting.
  else
    stdout.write('', error => {
      // Whoever listens to errors says so, and ends the program.
      if (!error) end();
    });
});

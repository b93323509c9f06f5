/**
 * The commands of `asset` as `backstage-cli asset …`.
 *
 * @packageDocumentation
 */
import { createCliModule } from '@backstage/cli-node';
import { commands, runCommandLine } from '@baseasset/cli';
import packageJson from '../package.json';

export default createCliModule({
  packageJson,
  init: async registry => {
    for (const command of commands) {
      const words = command.name.split(' ');
      registry.addCommand({
        path: ['asset', ...words],
        description: command.summary,
        execute: async ({ args }) => {
          process.exitCode = await runCommandLine([...words, ...args], {
            environment: process.env,
            stdin: process.stdin,
            stdout: process.stdout,
            stderr: process.stderr,
            onInterrupt: listener => process.once('SIGINT', listener),
          });
        },
      });
    }
  },
});

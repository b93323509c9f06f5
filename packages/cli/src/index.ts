/**
 * The commands of the asset manager's command line, for what hosts them.
 *
 * @packageDocumentation
 */
export type { Command } from './Command';
export { commands } from './commands';
export { runCommandLine } from './runCommandLine';

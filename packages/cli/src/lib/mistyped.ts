import type { Command } from '../Command';
import { UsageError } from './exit';

/**
 * What to say of a line that begins with no command.
 *
 * @param chapter - the commands that begin with its first word
 */
export async function mistyped(
  commands: readonly Command[],
  chapter: readonly Command[],
  words: readonly string[],
): Promise<UsageError> {
  const { closeTo } = await import(
    '@baseasset/backstage-plugin-asset-manager-common'
  );
  const [first, second] = words;
  const toSeeAll = `to see all: asset ${
    chapter.length > 0 ? `${first} ` : ''
  }--help`;
  if (first.startsWith('-'))
    return new UsageError(`there is no option '${first}'`, [toSeeAll]);
  const hasSecond = second !== undefined && !second.startsWith('-');
  const known = [
    ...new Set(commands.flatMap(({ name }) => [name, name.split(' ')[0]])),
  ];
  const meant =
    chapter.length > 0
      ? closeTo(
          hasSecond ? second : '',
          chapter.map(({ name }) => name.split(' ')[1]),
        ).map(word => `${first} ${word}`)
      : closeTo(first, known);
  const hints = [
    ...(meant.length > 0
      ? [`did you mean ${meant.map(each => `asset ${each}`).join(', or ')}?`]
      : []),
    toSeeAll,
  ];
  if (chapter.length === 0)
    return new UsageError(`there is no command '${first}'`, hints);
  return new UsageError(
    hasSecond
      ? `there is no command '${first} ${second}'`
      : `'${first}' wants one more word: ${chapter
          .map(({ name }) => name.split(' ')[1])
          .join(', ')}`,
    hints,
  );
}

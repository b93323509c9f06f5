import { readFileSync } from 'node:fs';
import path from 'node:path';
import {
  formatReference,
  parseReference,
  parseVersionRange,
} from './reference';

const golden = JSON.parse(
  readFileSync(
    path.join(__dirname, '../../../fixtures/references.json'),
    'utf8',
  ),
);

describe('references keep the golden cases:', () => {
  it.each(
    golden.valid as { text: string; reference: object; formatted: string }[],
  )('$text', ({ text, reference, formatted }) => {
    expect(parseReference(text)).toEqual(reference);
    expect(formatReference(parseReference(text))).toBe(formatted);
    expect(parseReference(formatted)).toEqual(reference);
  });

  it.each(golden.invalid as string[])('%j is none', text => {
    expect(() => parseReference(text)).toThrow();
  });

  it.each(golden.ranges as { text: string; range: object | null }[])(
    'range $text',
    ({ text, range }) => {
      expect(parseVersionRange(text) ?? null).toEqual(range);
    },
  );
});

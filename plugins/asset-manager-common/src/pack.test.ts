import { readFileSync } from 'node:fs';
import path from 'node:path';
import { digestOf } from './digest';
import {
  layOutPack,
  MAX_PACK_BLOBS,
  packHeader,
  parsePackHeader,
} from './pack';

const golden = JSON.parse(
  readFileSync(path.join(__dirname, '../../../fixtures/packs.json'), 'utf8'),
);
const bytesOf = (text: string) => new TextEncoder().encode(text);
const blob = (text: string) => ({ digest: digestOf(text), size: text.length });

describe('packs', () => {
  it.each(golden.packs as { name: string; texts: string[]; digest: string }[])(
    'keep the golden case: $name',
    ({ texts, digest }) => {
      const pack = packHeader(texts.map(blob)) + texts.join('');
      expect(digestOf(pack)).toBe(digest);
      const { blobs, size } = parsePackHeader(bytesOf(pack));
      expect(size).toBe(pack.length);
      expect(
        blobs.map(each => pack.slice(each.offset, each.offset + each.size)),
      ).toEqual(texts);
    },
  );

  it('can not be empty, hold a blob twice, or hold too many', () => {
    expect(() => layOutPack([])).toThrow('1 to 4096 blobs');
    expect(() => layOutPack([blob('a'), blob('a')])).toThrow('twice');
    const many = Array.from({ length: MAX_PACK_BLOBS + 1 }, (_, index) =>
      blob(`${index}`),
    );
    expect(() => layOutPack(many)).toThrow('not 4097');
    expect(layOutPack(many.slice(1)).blobs).toHaveLength(MAX_PACK_BLOBS);
  });

  it.each([
    ['', 'not JSON'],
    ['hello\n', 'not JSON'],
    ['{"blobs":[]', 'not JSON'],
    ['null\n', 'no pack of the format'],
    ['{"blobs":[],"format":"baseasset-pack/2"}\n', 'no pack of the format'],
    ['{"blobs":[],"format":"baseasset-pack/1"}\n', '1 to 4096'],
    ['{"blobs":[null],"format":"baseasset-pack/1"}\n', 'no digest or size'],
    [packHeader([blob('a')]).replace('"size":1', '"size":-1'), 'blob 0'],
    [packHeader([blob('a')]).replace('"size":1', '"size":1.0'), 'canonical'],
    [packHeader([blob('a')]).replace('{', '{ '), 'canonical'],
  ])('refuse a header that is none: %j', (text, problem) => {
    expect(() => parsePackHeader(bytesOf(text))).toThrow(problem);
  });
});

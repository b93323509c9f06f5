import type { AssetFile } from '@baseasset/backstage-plugin-asset-manager-common';
import type { ViewerDefinition } from './types';
import { ViewerRegistry } from './ViewerRegistry';

const viewer = (
  id: string,
  more: Partial<ViewerDefinition>,
): ViewerDefinition => ({
  id,
  title: id,
  match: {},
  loader: async () => () => null,
  ...more,
});

const file = (path: string, mediaType: string, size = 10): AssetFile => ({
  path,
  mediaType,
  size,
  digest: `sha256:${'0'.repeat(64)}`,
});

const registry = new ViewerRegistry([
  viewer('any', { priority: 'fallback' }),
  viewer('text', { match: { mediaTypes: ['text/*'] } }),
  viewer('csv', { match: { mediaTypes: ['text/csv'] }, maxBytes: 100 }),
  viewer('gz', { match: { extensions: ['gz'] } }),
  viewer('vcf', { match: { extensions: ['vcf.gz'] } }),
  viewer('card', { match: { names: ['README.md'] }, priority: 'option' }),
]);

const ids = (of: AssetFile) =>
  registry.choose(of).map(choice => choice.viewer.id);

describe('ViewerRegistry', () => {
  it('prefers the viewer that names the media type whole', () => {
    expect(ids(file('a.csv', 'text/csv'))).toEqual(['csv', 'text', 'any']);
  });

  it('prefers the longest extension', () => {
    expect(ids(file('a.vcf.gz', 'application/gzip'))).toEqual([
      'vcf',
      'gz',
      'any',
    ]);
  });

  it('lists options after defaults, and the fallback for anything', () => {
    expect(ids(file('docs/readme.MD', 'text/markdown'))).toEqual([
      'text',
      'card',
      'any',
    ]);
    expect(ids(file('weights.bin', 'application/octet-stream'))).toEqual([
      'any',
    ]);
  });

  it('keeps a viewer in the list that the file is too large for, and says so', () => {
    const [first] = registry.choose(file('a.csv', 'text/csv', 101));
    expect(first).toMatchObject({
      viewer: { id: 'csv' },
      refusal: { kind: 'too-large', maxBytes: 100 },
    });
  });
});

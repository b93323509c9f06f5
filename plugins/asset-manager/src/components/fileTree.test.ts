import type { AssetFile } from '@baseasset/backstage-plugin-asset-manager-common';
import { buildTree, foldersOf, visibleRows } from './fileTree';

const file = (path: string, size: number): AssetFile => ({
  path,
  size,
  mediaType: 'text/plain',
  digest: `sha256:${'0'.repeat(64)}`,
});

const tree = buildTree([
  file('a10', 1),
  file('a2', 1),
  file('w/x/1.bin', 10),
  file('w/2.bin', 20),
]);

describe('buildTree', () => {
  it('counts the files and bytes under every folder', () => {
    expect(tree).toMatchObject({ fileCount: 4, size: 32 });
    expect(tree.children[0]).toMatchObject({
      path: 'w',
      fileCount: 2,
      size: 30,
    });
  });

  it('puts folders first, and numbers in the order of their values', () => {
    expect(tree.children.map(child => child.name)).toEqual(['w', 'a2', 'a10']);
  });
});

describe('visibleRows', () => {
  it('shows the children of open folders alone', () => {
    const shown = (open: string[]) =>
      visibleRows(tree, new Set(open)).map(
        row => `${row.depth}${row.node.path}`,
      );
    expect(shown([])).toEqual(['0w', '0a2', '0a10']);
    expect(shown(['w'])).toEqual(['0w', '1w/x', '1w/2.bin', '0a2', '0a10']);
    expect(shown(['w/x'])).toEqual(['0w', '0a2', '0a10']);
  });
});

describe('foldersOf', () => {
  it('names every folder above a path', () => {
    expect(foldersOf('a/b/c.txt')).toEqual(['a', 'a/b']);
    expect(foldersOf('c.txt')).toEqual([]);
  });
});

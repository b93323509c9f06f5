import type { AssetFile } from '@baseasset/backstage-plugin-asset-manager-common';

/** A folder of a version, with what is in it. */
export interface FolderNode {
  kind: 'folder';
  name: string;
  /** Without a slash at its end; empty for the top. */
  path: string;
  children: TreeNode[];
  fileCount: number;
  /** Bytes of all files under it. */
  size: number;
}

export interface FileNode {
  kind: 'file';
  name: string;
  path: string;
  file: AssetFile;
}

export type TreeNode = FolderNode | FileNode;

/** A line of the tree as it is shown. */
export interface TreeRow {
  node: TreeNode;
  depth: number;
  expanded: boolean;
}

/** Files as folders in folders; folders first, both in the order of their names. */
export function buildTree(files: readonly AssetFile[]): FolderNode {
  const top: FolderNode = {
    kind: 'folder',
    name: '',
    path: '',
    children: [],
    fileCount: 0,
    size: 0,
  };
  const folders = new Map<string, FolderNode>([['', top]]);
  const folderAt = (path: string): FolderNode => {
    const known = folders.get(path);
    if (known) return known;
    const slash = path.lastIndexOf('/');
    const parent = folderAt(slash < 0 ? '' : path.slice(0, slash));
    const folder: FolderNode = {
      kind: 'folder',
      name: path.slice(slash + 1),
      path,
      children: [],
      fileCount: 0,
      size: 0,
    };
    parent.children.push(folder);
    folders.set(path, folder);
    return folder;
  };
  for (const file of files) {
    const slash = file.path.lastIndexOf('/');
    const folder = folderAt(slash < 0 ? '' : file.path.slice(0, slash));
    folder.children.push({
      kind: 'file',
      name: file.path.slice(slash + 1),
      path: file.path,
      file,
    });
    for (
      let at = folder.path;
      ;
      at = at.slice(0, Math.max(0, at.lastIndexOf('/')))
    ) {
      const each = folders.get(at)!;
      each.fileCount++;
      each.size += file.size;
      if (at === '') break;
    }
  }
  const names = new Intl.Collator('en', { numeric: true });
  for (const folder of folders.values()) {
    folder.children.sort((a, b) =>
      a.kind === b.kind
        ? names.compare(a.name, b.name)
        : Number(b.kind === 'folder') - Number(a.kind === 'folder'),
    );
  }
  return top;
}

/** The lines that are to be seen: the children of open folders. */
export function visibleRows(
  top: FolderNode,
  open: ReadonlySet<string>,
): TreeRow[] {
  const rows: TreeRow[] = [];
  const add = (folder: FolderNode, depth: number) => {
    for (const node of folder.children) {
      const expanded = node.kind === 'folder' && open.has(node.path);
      rows.push({ node, depth, expanded });
      if (node.kind === 'folder' && expanded) add(node, depth + 1);
    }
  };
  add(top, 0);
  return rows;
}

/** All folders that a path stands in. */
export function foldersOf(path: string): string[] {
  const folders: string[] = [];
  for (
    let slash = path.indexOf('/');
    slash >= 0;
    slash = path.indexOf('/', slash + 1)
  ) {
    folders.push(path.slice(0, slash));
  }
  return folders;
}

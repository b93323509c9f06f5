import type { AssetFile } from '@baseasset/backstage-plugin-asset-manager-common';
import { Bytes } from '@baseasset/backstage-plugin-asset-manager-react';
import {
  RiArrowDownSLine,
  RiArrowRightSLine,
  RiFile3Line,
  RiFolder3Line,
} from '@remixicon/react';
import { useEffect, useMemo, useState } from 'react';
import { buildTree, foldersOf, TreeNode, visibleRows } from './fileTree';
import styles from './FileTree.module.css';
import { useVirtualTree } from './useVirtualTree';

const ROW_HEIGHT = 30;

/** The files of a version as a tree that shows only what is on the screen; arrow keys walk it. */
export function FileTree(props: {
  files: readonly AssetFile[];
  filter: string;
  selected: string | undefined;
  onSelect: (path: string) => void;
}) {
  const { files, filter, selected, onSelect } = props;
  const words = filter.toLocaleLowerCase('en-US').split(/\s+/).filter(Boolean);
  const key = words.join(' ');
  const tree = useMemo(() => {
    const wanted = key.split(' ').filter(Boolean);
    return buildTree(
      wanted.length === 0
        ? files
        : files.filter(file =>
            wanted.every(word =>
              file.path.toLocaleLowerCase('en-US').includes(word),
            ),
          ),
    );
  }, [files, key]);
  const [open, setOpen] = useState<ReadonlySet<string>>(
    () => new Set(selected === undefined ? [] : foldersOf(selected)),
  );
  useEffect(() => {
    if (selected !== undefined)
      setOpen(before => new Set([...before, ...foldersOf(selected)]));
  }, [selected]);
  const rows = useMemo(() => {
    if (key === '') return visibleRows(tree, open);
    // What was searched for is shown, wherever it stands.
    const all = new Set<string>();
    const collect = (node: TreeNode) => {
      if (node.kind === 'folder') {
        all.add(node.path);
        node.children.forEach(collect);
      }
    };
    collect(tree);
    return visibleRows(tree, all);
  }, [tree, open, key]);
  const toggle = (path: string, expand: boolean) =>
    setOpen(before => {
      const after = new Set(before);
      if (expand) after.add(path);
      else after.delete(path);
      return after;
    });
  const act = (index: number) => {
    const row = rows[index];
    if (!row) return;
    if (row.node.kind === 'file') onSelect(row.node.path);
    else toggle(row.node.path, !row.expanded);
  };
  const { list, virtual, active, setActive, move, onKeyDown } = useVirtualTree({
    count: rows.length,
    rowHeight: ROW_HEIGHT,
    onKey(pressed, at) {
      const row = rows[at];
      const isFolder = row?.node.kind === 'folder';
      if (pressed === 'Enter' || pressed === ' ') act(at);
      else if (pressed === 'ArrowRight' && isFolder && row.expanded)
        move(at + 1);
      else if (pressed === 'ArrowRight' && isFolder)
        toggle(row.node.path, true);
      else if (pressed === 'ArrowLeft' && isFolder && row.expanded)
        toggle(row.node.path, false);
      else if (pressed === 'ArrowLeft') {
        const above = rows
          .slice(0, at)
          .findLastIndex(each => each.depth < (row?.depth ?? 0));
        if (above >= 0) move(above);
      } else return false;
      return true;
    },
  });

  if (rows.length === 0)
    return <p className={styles.empty}>No file matches.</p>;
  return (
    <div
      ref={list}
      className={styles.tree}
      role="tree"
      aria-label="Files"
      tabIndex={0}
      aria-activedescendant={`file-row-${active}`}
      onKeyDown={onKeyDown}
    >
      <div style={{ height: virtual.getTotalSize(), position: 'relative' }}>
        {virtual.getVirtualItems().map(({ index, start }) => {
          const { node, depth, expanded } = rows[index];
          const isFolder = node.kind === 'folder';
          const Arrow = expanded ? RiArrowDownSLine : RiArrowRightSLine;
          const state = [
            styles.row,
            node.path === selected ? styles.selected : '',
            index === active ? styles.active : '',
          ];
          return (
            // The keyboard is served by the tree, whose active descendant this is.
            // eslint-disable-next-line jsx-a11y/click-events-have-key-events
            <div
              key={node.path}
              id={`file-row-${index}`}
              role="treeitem"
              tabIndex={-1}
              aria-level={depth + 1}
              aria-selected={node.path === selected}
              aria-expanded={isFolder ? expanded : undefined}
              className={state.join(' ')}
              style={{
                top: start,
                height: ROW_HEIGHT,
                paddingLeft: 8 + depth * 16,
              }}
              onClick={() => {
                setActive(index);
                act(index);
              }}
            >
              {isFolder ? (
                <Arrow size={16} aria-hidden />
              ) : (
                <span className={styles.gap} />
              )}
              {isFolder ? (
                <RiFolder3Line size={16} aria-hidden />
              ) : (
                <RiFile3Line size={16} aria-hidden />
              )}
              <span className={styles.name} title={node.path}>
                {node.name}
              </span>
              <span className={styles.size}>
                {isFolder ? `${node.fileCount} · ` : ''}
                <Bytes value={isFolder ? node.size : node.file.size} />
              </span>
            </div>
          );
        })}
      </div>
    </div>
  );
}

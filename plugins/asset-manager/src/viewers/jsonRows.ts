/** A line of a JSON document shown as a tree. */
export interface JsonRow {
  /** A JSON pointer (RFC 6901). */
  pointer: string;
  depth: number;
  /** The property's name, or the place in the list. */
  name: string | undefined;
  value: unknown;
  /** How many children it has; undefined for what can have none. */
  size: number | undefined;
  expanded: boolean;
}

function childrenOf(value: unknown): [string, unknown][] | undefined {
  if (Array.isArray(value))
    return value.map((child, index) => [`${index}`, child]);
  if (typeof value === 'object' && value !== null) return Object.entries(value);
  return undefined;
}

/** The lines that are to be seen: the children of open objects and lists. */
export function jsonRows(data: unknown, open: ReadonlySet<string>): JsonRow[] {
  const rows: JsonRow[] = [];
  const add = (
    name: string | undefined,
    value: unknown,
    pointer: string,
    depth: number,
  ) => {
    const isOpen = open.has(pointer);
    const size =
      typeof value === 'object' && value !== null
        ? (Array.isArray(value) ? value : Object.keys(value)).length
        : undefined;
    rows.push({
      pointer,
      depth,
      name,
      value,
      size,
      expanded: isOpen && size !== undefined,
    });
    if (!isOpen) return;
    for (const [key, child] of childrenOf(value) ?? []) {
      add(
        key,
        child,
        `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`,
        depth + 1,
      );
    }
  };
  add(undefined, data, '', 0);
  return rows;
}

import { useVirtualizer } from '@tanstack/react-virtual';
import { KeyboardEvent, useRef, useState } from 'react';

/**
 * A tree of which only the lines on the screen are drawn, walked by keyboard:
 * arrows, j and k, Home and End move; left and right are the caller's.
 *
 * @param options.rowHeight - pixels
 * @param options.onKey - hears the other keys with the line that is active
 */
export function useVirtualTree(options: {
  count: number;
  rowHeight: number;
  onKey: (key: string, active: number) => boolean;
}) {
  const { count, rowHeight, onKey } = options;
  const [active, setActive] = useState(0);
  const list = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count,
    getScrollElement: () => list.current,
    estimateSize: () => rowHeight,
    overscan: 20,
  });
  const move = (to: number) => {
    const index = Math.max(0, Math.min(count - 1, to));
    setActive(index);
    virtual.scrollToIndex(index);
  };
  const targets: Record<string, () => number> = {
    ArrowDown: () => active + 1,
    ArrowUp: () => active - 1,
    j: () => active + 1,
    k: () => active - 1,
    Home: () => 0,
    End: () => count - 1,
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const target = targets[event.key];
    if (target) move(target());
    else if (!onKey(event.key, active)) return;
    event.preventDefault();
  };
  return { list, virtual, active, setActive, move, onKeyDown };
}

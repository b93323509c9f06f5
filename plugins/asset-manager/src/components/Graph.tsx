import {
  DependencyGraph,
  DependencyGraphTypes,
} from '@backstage/core-components';
import { useMemo } from 'react';
import { Link } from 'react-router-dom';
import styles from './Graph.module.css';

/** A box of a graph. */
export interface GraphNode {
  id: string;
  title: string;
  /** A second line. */
  detail?: string;
  /** Whether the second line is bad news. */
  warning?: boolean;
  /** Drawn as something else than the rest, as runs are among versions. */
  round?: boolean;
  /** The one that it is all about. */
  here?: boolean;
  /** Where it leads. */
  href?: string;
}

interface GraphEdge {
  from: string;
  to: string;
}

const WIDTH = 190;
/** Of boxes with a word in each. */
const NARROW = 116;
const HEIGHT = 46;
/** Width of the picture, in pixels, for each box: a few are not blown up. */
const WIDEST = 280;
/** Height of the picture, in pixels, for so many boxes above each other. */
const heightOf = (nodes: number, each: number) =>
  Math.min(480, Math.max(160, nodes * each));

/** Boxes and arrows from left to right, which can be moved and zoomed. */
export function Graph(props: {
  /** What it shows, for those who do not see it. */
  label: string;
  nodes: readonly GraphNode[];
  edges: readonly GraphEdge[];
  /** For many boxes with a word in each. */
  compact?: boolean;
}) {
  const { label, nodes, edges, compact } = props;
  const width = compact ? NARROW : WIDTH;
  // Laid out anew only when it says something else: it is blank for a moment then.
  const said = JSON.stringify({ nodes, edges });
  const drawn = useMemo<{ nodes: GraphNode[]; edges: GraphEdge[] }>(
    () => JSON.parse(said),
    [said],
  );
  return (
    <div
      className={styles.graph}
      role="figure"
      aria-label={label}
      style={{ maxWidth: nodes.length * (compact ? NARROW + 60 : WIDEST) }}
    >
      <DependencyGraph
        nodes={drawn.nodes}
        edges={drawn.edges}
        direction={DependencyGraphTypes.Direction.LEFT_RIGHT}
        nodeMargin={16}
        rankMargin={compact ? 24 : 48}
        paddingX={16}
        paddingY={16}
        zoom="enable-on-click"
        fit="contain"
        showArrowHeads
        style={{
          width: '100%',
          height: heightOf(nodes.length, compact ? 24 : 40),
        }}
        renderNode={({ node }) => (
          <foreignObject width={width} height={HEIGHT}>
            <Box {...node} />
          </foreignObject>
        )}
      />
    </div>
  );
}

function Box(node: GraphNode) {
  const { title, detail, href } = node;
  const className = [
    styles.node,
    node.round && styles.round,
    node.here && styles.here,
  ]
    .filter(Boolean)
    .join(' ');
  const text = (
    <>
      <span className={styles.title}>{title}</span>
      {detail && (
        <span
          className={`${styles.detail} ${node.warning ? styles.warning : ''}`}
        >
          {detail}
        </span>
      )}
    </>
  );
  const words = [title, detail].filter(Boolean).join(', ');
  if (href)
    return (
      <Link className={className} to={href} title={words}>
        {text}
      </Link>
    );
  return (
    <div className={className} title={words}>
      {text}
    </div>
  );
}

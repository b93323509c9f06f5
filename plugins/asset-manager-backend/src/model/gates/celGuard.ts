import { parse } from '@bufbuild/cel';

const LONGEST = 4_000;
const MOST_NODES = 500;
/** Loops in each other. */
const DEEPEST_LOOP = 2;

/** What keeps an expression from being used; undefined when nothing does. */
export function expressionProblem(expression: string): string | undefined {
  if (expression.length > LONGEST)
    return `it is longer than ${LONGEST} characters`;
  let parsed: unknown;
  try {
    parsed = parse(expression).expr;
  } catch (error) {
    return `it is no expression: ${(error as Error).message.split('\n')[0]}`;
  }
  let nodes = 0;
  let deepest = 0;
  // Each part of an expression is an object with an `exprKind`.
  const visit = (value: unknown, loops: number) => {
    if (typeof value !== 'object' || value === null) return;
    const { exprKind } = value as { exprKind?: { case?: string } };
    if (exprKind) nodes++;
    const inside = exprKind?.case === 'comprehensionExpr' ? loops + 1 : loops;
    deepest = Math.max(deepest, inside);
    if (nodes <= MOST_NODES && inside <= DEEPEST_LOOP)
      Object.values(value).forEach(each => visit(each, inside));
  };
  visit(parsed, 0);
  if (nodes > MOST_NODES) return `it has more than ${MOST_NODES} parts`;
  if (deepest > DEEPEST_LOOP)
    return `it has more than ${DEEPEST_LOOP} loops in each other`;
  return undefined;
}

import { parse } from '@bufbuild/cel';

const LONGEST = 4_000;
const MOST_NODES = 500;
/** Loops in each other. */
const DEEPEST_LOOP = 2;

/** What an expression may name. */
export const EXPRESSION_NAMES: readonly string[] = [
  'asset',
  'version',
  'metadata',
  'checks',
  'inputs',
  'from',
  'to',
  'since',
  'now',
];
/** Names of types, which are values as well. */
const KNOWN = [
  ...EXPRESSION_NAMES,
  ...['int', 'uint', 'double', 'bool', 'string', 'bytes', 'list', 'map'],
  ...['type', 'null_type'],
];

interface Part {
  case?: string;
  value?: { name?: string; iterVar?: string; iterVar2?: string };
}

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
  const known = new Set(KNOWN);
  const used = new Set<string>();
  let deepest = 0;
  // Each part of an expression is an object with an `exprKind`.
  const visit = (value: unknown, loops: number) => {
    if (typeof value !== 'object' || value === null) return;
    const { exprKind } = value as { exprKind?: Part };
    if (exprKind) nodes++;
    if (exprKind?.case === 'identExpr') used.add(exprKind.value?.name ?? '');
    if (exprKind?.case === 'comprehensionExpr')
      for (const name of [exprKind.value?.iterVar, exprKind.value?.iterVar2])
        if (name) known.add(name);
    const inside = exprKind?.case === 'comprehensionExpr' ? loops + 1 : loops;
    deepest = Math.max(deepest, inside);
    if (nodes <= MOST_NODES && inside <= DEEPEST_LOOP)
      Object.values(value).forEach(each => visit(each, inside));
  };
  visit(parsed, 0);
  if (nodes > MOST_NODES) return `it has more than ${MOST_NODES} parts`;
  if (deepest > DEEPEST_LOOP)
    return `it has more than ${DEEPEST_LOOP} loops in each other`;
  const unknown = [...used].find(
    name => !known.has(name) && !name.startsWith('@'),
  );
  return unknown === undefined
    ? undefined
    : `it knows no '${unknown}'; there are ${EXPRESSION_NAMES.join(', ')}`;
}

import type {
  GateResult,
  TransitionRequest,
} from '@baseasset/backstage-plugin-asset-manager-common';
import { formatEntity, formatTable, printable } from './format';

/** A table of gates, or nothing when there are none. */
export function formatGates(
  gates: readonly GateResult[],
  indent = '  ',
): string | undefined {
  if (gates.length === 0) return undefined;
  return formatTable(
    gates.map(gate => [
      `${indent}${gate.state}`,
      gate.name,
      gate.mode === 'enforce' ? '' : gate.mode,
      printable(gate.message),
    ]),
  );
}

/** `models/basecaller@4  staging → production`. */
export function formatWay(request: TransitionRequest): string {
  const { namespace, name, label, from, to } = request;
  return `${namespace}/${name}@${label}  ${from} → ${to}`;
}

/** A request with its gates and what was decided, in lines. */
export function formatRequest(request: TransitionRequest): string {
  const { state, requestedBy, requestedAt, reason, blocked } = request;
  const lines = [
    formatWay(request),
    `  ${state}, asked for by ${formatEntity(requestedBy)} on ${requestedAt}${
      reason ? `: ${printable(reason)}` : ''
    }`,
  ];
  if (blocked) lines.push(`  blocked: ${printable(blocked)}`);
  const gates = formatGates(request.gates);
  if (gates) lines.push(gates);
  if (request.decisions.length > 0)
    lines.push(
      formatTable(
        request.decisions.map(each => [
          `  ${each.decision}`,
          formatEntity(each.by),
          each.at,
          printable(each.meaning),
          printable(each.comment ?? ''),
          each.void ? `void: ${printable(each.void)}` : '',
        ]),
      ),
    );
  return lines.join('\n');
}

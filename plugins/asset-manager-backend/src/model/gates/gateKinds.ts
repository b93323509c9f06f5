import type { JsonObject } from '@backstage/types';
import type { GateRule } from '@baseasset/backstage-plugin-asset-manager-common';
import type { GateKind } from '@baseasset/backstage-plugin-asset-manager-node';
import Ajv, { ValidateFunction } from 'ajv/dist/2020';
import { approvalsGate } from './approvalsGate';
import { celGate, ExpressionEvaluator } from './celGate';
import { checkGate } from './checkGate';
import { inputsGate } from './inputsGate';
import { metadataGate } from './metadataGate';
import { waitGate } from './waitGate';

/** The kinds of gates by the names that rules call them. */
export type GateKinds = ReadonlyMap<string, GateKind>;

/** Those that the product has itself. */
export function builtInGateKinds(evaluator: ExpressionEvaluator): GateKinds {
  return new Map([
    ['metadata', metadataGate],
    ['check', checkGate],
    ['approvals', approvalsGate],
    ['inputs', inputsGate],
    ['wait', waitGate],
    ['cel', celGate(evaluator)],
  ]);
}

const ajv = new Ajv({
  allErrors: true,
  strictRequired: false,
  verbose: true,
});
const validators = new WeakMap<GateKind, ValidateFunction>();

/** What a rule says besides what all rules may. */
export function optionsOf(rule: GateRule): JsonObject {
  const {
    name: _name,
    kind: _kind,
    mode: _mode,
    message: _message,
    waiver: _waiver,
    ...options
  } = rule;
  return options;
}

/** What keeps a rule from being used, by where in the rule it stands; nothing when nothing does. */
export function ruleProblems(
  kinds: GateKinds,
  rule: GateRule,
): { path: string; message: string }[] {
  const kind = kinds.get(rule.kind);
  if (!kind)
    return [
      {
        path: '/kind',
        message: `there is no kind of gate '${rule.kind}'; there are ${[
          ...kinds.keys(),
        ].join(', ')}`,
      },
    ];
  const validate = validators.get(kind) ?? compile(kind);
  validators.set(kind, validate);
  const options = optionsOf(rule);
  if (!validate(options))
    return (validate.errors ?? []).map(
      ({ instancePath, keyword, params, message, parentSchema }) =>
        keyword === 'additionalProperties'
          ? {
              path: `${instancePath}/${params.additionalProperty}`,
              message: `a gate of the kind '${rule.kind}' has no '${params.additionalProperty}'`,
            }
          : {
              path: instancePath,
              message:
                keyword === 'pattern' && parentSchema?.description
                  ? `it has to be ${parentSchema.description}`
                  : `it ${message}`,
            },
    );
  const problem = kind.problem?.(options);
  return problem ? [{ path: '', message: problem }] : [];
}

function compile({ options }: GateKind): ValidateFunction {
  return ajv.compile({
    type: 'object',
    additionalProperties: false,
    properties: options.properties,
    required: options.required ?? [],
  });
}

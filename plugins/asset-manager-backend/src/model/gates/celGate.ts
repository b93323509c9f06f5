import type { JsonObject } from '@backstage/types';
import type {
  GateFacts,
  GateKind,
} from '@baseasset/backstage-plugin-asset-manager-node';
import { expressionProblem } from './celGuard';

interface Options extends JsonObject {
  expression: string;
}

/** Evaluates expressions somewhere where they can be stopped. */
export interface ExpressionEvaluator {
  /** @throws Error when it can't be evaluated, or not in time */
  evaluate(expression: string, variables: object): Promise<unknown>;
}

/** The names that an expression may use. */
function variablesOf(facts: GateFacts): object {
  const checks: Record<string, unknown> = {};
  for (const check of facts.checks) {
    const { name, status, at, by, evidence = {} } = check;
    checks[name] ??= { status, at, by, evidence };
  }
  const { asset, version, from, to, since, now } = facts;
  const { metadata } = version;
  const inputs = facts.inputs.map(({ memberOf: _, ...input }) => input);
  return { asset, version, metadata, checks, inputs, from, to, since, now };
}

/** An expression of the Common Expression Language is true. */
export function celGate(evaluator: ExpressionEvaluator): GateKind {
  return {
    options: {
      properties: {
        expression: { type: 'string', minLength: 1, maxLength: 4000 },
      },
      required: ['expression'],
    },
    problem: ({ expression }: Options) => expressionProblem(expression),
    async judge({ expression }: Options, facts) {
      const value = await evaluator.evaluate(expression, variablesOf(facts));
      if (value === true)
        return { state: 'passed', message: `${expression} is true` };
      return {
        state: 'failed',
        message:
          value === false
            ? `${expression} is false`
            : `${expression} is neither true nor false`,
      };
    },
  };
}

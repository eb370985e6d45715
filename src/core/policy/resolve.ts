/**
 * The policy that the layers organisation, team, repository and run make together.
 * Rule: limits only tighten from layer to layer, and within them the nearest default wins. A lower layer that is looser
 * than a limit is an error, never ignored.
 */
import { boundSilence } from './decision-fields.ts';
import type { Sourced } from './fields.ts';
import type { EffectivePolicy, Policy } from './policy.ts';
import { fieldOf, isLooser, NAMES, nameIn, nest, readField, showValue } from './policy.ts';

/** The layers, the farthest first. */
export type LayerName = 'organisation' | 'team' | 'repository' | 'run';
export interface Layer {
  name: LayerName;
  limits?: Policy | undefined;
  defaults?: Policy | undefined;
}

const BUILT_IN = 'built-in';

/** A problem of a layer. `path` leads to the field in its file. */
export interface PolicyProblem {
  layer: LayerName;
  path: string[];
  problem: string;
}
export type PolicyResult =
  | { kind: 'ok'; policy: EffectivePolicy }
  | { kind: 'bad'; problems: string[]; where: PolicyProblem[] };

/** The built-in policy with a run's own settings. */
export function resolvePolicy(run: Policy | undefined): PolicyResult {
  return resolveLayers([{ name: 'run', defaults: run }]);
}

/**
 * The policy that layers make, the farthest first. A value that is looser than a limit above it is a problem; with
 * `tighten` that limit counts instead.
 */
export function resolveLayers(layers: readonly Layer[], looser: 'refuse' | 'tighten' = 'refuse'): PolicyResult {
  const where: PolicyProblem[] = [];
  const fields = NAMES.map((name) => [name, resolveField(name, layers, { looser, where })] as const);
  if (where.length > 0) {
    const problems = where.map(({ layer, problem }) => (layer === 'run' ? problem : `${layer}: ${problem}`));
    return { kind: 'bad', problems, where };
  }
  const policy = nest(Object.fromEntries(fields));
  const { decisions } = policy;
  return { kind: 'ok', policy: decisions ? { ...policy, decisions: boundSilence(decisions, layers) } : policy };
}

/** Two sets of limits as one: in each field the stricter value. */
export function mergeLimits(one: Policy, other: Policy): Policy {
  const merged = NAMES.flatMap((name): [string, unknown][] => {
    const [a, b] = [readField(one, name), readField(other, name)];
    const value = a === undefined ? b : b === undefined ? a : fieldOf(name).tighten(a, b);
    return value === undefined ? [] : [[name, value]];
  });
  return nest(Object.fromEntries(merged)) as unknown as Policy;
}

/** Settings with each value tightened by its limit, if there is one. */
export function tightenBy(settings: Policy, limits: Policy): Policy {
  const tight = NAMES.flatMap((name): [string, unknown][] => {
    const [value, limit] = [readField(settings, name), readField(limits, name)];
    return value === undefined ? [] : [[name, limit === undefined ? value : fieldOf(name).tighten(value, limit)]];
  });
  return nest(Object.fromEntries(tight)) as unknown as Policy;
}

/** Whether a set of limits is at least as strict as another, in each field of the other. */
export function isAsStrict(one: Policy, other: Policy): boolean {
  return NAMES.every((name) => {
    const [mine, theirs] = [readField(one, name), readField(other, name)];
    return theirs === undefined || (mine !== undefined && !isLooser(fieldOf(name), mine, theirs));
  });
}

function resolveField(
  name: string,
  layers: readonly Layer[],
  { looser, where }: { looser: 'refuse' | 'tighten'; where: PolicyProblem[] },
): Sourced<unknown> {
  const field = fieldOf(name);
  let limit: Sourced<unknown> = { value: field.builtIn.limit, from: BUILT_IN };
  let value: Sourced<unknown> = { value: field.builtIn.value, from: BUILT_IN };
  for (const layer of layers) {
    for (const part of ['limits', 'defaults'] as const) {
      const written = nameIn(layer[part], name);
      const said = readField(layer[part], name);
      if (said === undefined) continue;
      if (field.only && !field.only.includes(layer.name)) {
        const problem = `${name}: only a file of the ${field.only.join(' or ')} layer may have it`;
        where.push({ layer: layer.name, path: [part, ...name.split('.')], problem });
        continue;
      }
      if (!field.accumulates && isLooser(field, said, limit.value)) {
        if (looser === 'tighten') {
          if (part === 'defaults') value = { value: field.tighten(said, limit.value), from: limit.from };
          continue;
        }
        const path = layer.name === 'run' ? `policy.${written}` : `${part}.${written}`;
        const problem = `${path}: ${showValue(said)} is looser than the limit ${showValue(limit.value)} of the ${limit.from} layer`;
        where.push({ layer: layer.name, path: [part, ...written.split('.')], problem });
      } else if (part === 'limits') limit = { value: field.tighten(limit.value, said), from: layer.name };
      else value = { value: field.accumulates ? field.tighten(value.value, said) : said, from: layer.name };
    }
  }
  const tight = field.tighten(value.value, limit.value);
  return isLooser(field, value.value, limit.value) ? { value: tight, from: limit.from } : value;
}

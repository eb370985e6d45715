import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Policy } from '../../../src/core/policy/policy.ts';
import type { Layer, LayerName } from '../../../src/core/policy/resolve.ts';
import { listFields, policySchema } from '../../../src/core/policy/policy.ts';
import { isAsStrict, mergeLimits, resolveLayers } from '../../../src/core/policy/resolve.ts';

const gates = fc.option(fc.constantFrom('allow', 'ask', 'deny'), { nil: undefined });
const number = fc.option(fc.integer({ min: 1, max: 100 }), { nil: undefined });
const host = fc.constantFrom('a.org', 'b.org', '*.a.org', 'x.a.org', '*.x.a.org', 'a.org:443', 'a.org:8080');
const network = fc.option(fc.oneof(fc.boolean(), fc.record({ hosts: fc.uniqueArray(host, { maxLength: 4 }) })), {
  nil: undefined,
});

const answer = fc.option(fc.constantFrom('ask', 'deny'), { nil: undefined });
const rule = fc.record({
  id: fc.constantFrom('one', 'other'),
  effect: fc.constantFrom('ask', 'deny'),
  programs: fc.constant(['tool']),
  reason: fc.constantFrom('first', 'second'),
  match: fc.constant(['tool x']),
  notMatch: fc.constant([]),
});
const rules = fc.option(fc.array(rule, { maxLength: 3 }), { nil: undefined });

const sharedBudget = fc.record({
  account: fc.constantFrom('team', 'all'),
  per: fc.constantFrom('day', 'month'),
  tokens: fc.integer({ min: 1, max: 9 }),
  usd: number,
});
const accounts = fc.option(fc.array(sharedBudget, { maxLength: 3 }), { nil: undefined });

/** Settings as a layer may have them. */
const settings = fc
  .record({
    gates: fc.record({ plan: gates, delivery: gates, commands: gates, scope: gates }),
    network: fc.record({ setup: network }),
    lfs: fc.option(fc.constantFrom('pointers', 'content'), { nil: undefined }),
    model: fc.record({ background: fc.option(fc.boolean(), { nil: undefined }) }),
    maxParallelAgents: number,
    task: fc.record({ maxSteps: number, maxTokens: number, maxFiles: number, maxLines: number }),
    budget: fc.record({ tokens: number }),
    protectedPaths: fc.option(fc.uniqueArray(fc.constantFrom('a', 'b/**', 'c')), { nil: undefined }),
    rules: fc.record({ commands: rules }),
    effects: fc.record({ secret: answer, binary: answer }),
    sharedBudgets: accounts,
    review: fc.record({ actions: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined }) }),
  })
  .map((policy) => JSON.parse(JSON.stringify(policy)) as Policy);

/** Compares lists as sets if their order means nothing. */
function normal(policy: Policy): string {
  return JSON.stringify(policy, (_, value: unknown) =>
    Array.isArray(value) ? value.map((one) => JSON.stringify(one)).toSorted((a, b) => (a < b ? -1 : 1)) : value,
  );
}

describe('limits of two layers as one', () => {
  test('are never looser than either', () => {
    fc.assert(
      fc.property(settings, settings, (one, other) => {
        const merged = mergeLimits(one, other);
        expect(isAsStrict(merged, one) && isAsStrict(merged, other)).toBe(true);
        expect(policySchema.safeParse(merged).success).toBe(true);
      }),
    );
  });

  test('are the same in whichever order layers are joined', () => {
    fc.assert(
      fc.property(settings, settings, settings, (a, b, c) => {
        expect(normal(mergeLimits(mergeLimits(a, b), c))).toBe(normal(mergeLimits(a, mergeLimits(b, c))));
      }),
    );
  });

  test('are the layer itself where it is said twice', () => {
    fc.assert(
      fc.property(settings, (one) => {
        const once = mergeLimits(one, one);
        expect(normal(mergeLimits(once, one))).toBe(normal(once));
        expect(normal(mergeLimits(once, once))).toBe(normal(once));
      }),
    );
  });
});

const ORDER: LayerName[] = ['organisation', 'team', 'repository', 'run'];

test('layers that tighten are accepted, and what they make is never looser than any of their limits', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(settings, settings), { minLength: 4, maxLength: 4 }), (parts) => {
      let limits: Policy = { gates: { plan: 'ask', delivery: 'ask', scope: 'ask' } };
      const layers = ORDER.map((name, index) => {
        const [limit = {}, value = {}] = parts[index] ?? [];
        limits = mergeLimits(limits, limit);
        const mayName = name === 'organisation' || name === 'team';
        const fit = ({ sharedBudgets, ...rest }: Policy): Policy =>
          mayName ? { ...rest, ...(sharedBudgets ? { sharedBudgets } : {}) } : rest;
        limits = fit(limits);
        return { name, limits, defaults: fit(mergeLimits(limits, value)) };
      });
      const result = resolveLayers(layers);
      if (result.kind === 'bad') throw new Error(result.problems.join('; '));
      const effective = readBack(listFields(result.policy));
      for (const layer of layers) expect(isAsStrict(effective, layer.limits)).toBe(true);
    }),
  );
});

/** The effective values as settings. */
function readBack(fields: readonly { name: string; value: unknown }[]): Policy {
  const policy: Record<string, unknown> = {};
  for (const { name, value } of fields) {
    const [group = '', field] = name.split('.');
    policy[group] = field === undefined ? value : { ...(policy[group] as object | undefined), [field]: value };
  }
  return policy as Policy;
}

test('no repository and no run may take from an account', () => {
  const sharedBudgets = [{ account: 'team-b', per: 'month' as const, tokens: 5 }];
  for (const name of ['repository', 'run'] as const) {
    for (const part of ['limits', 'defaults'] as const) {
      const result = resolveLayers([{ name, [part]: { sharedBudgets } }]);
      expect(result).toMatchObject({
        kind: 'bad',
        where: [
          { layer: name, path: [part, 'sharedBudgets'], problem: expect.stringContaining('organisation or team') },
        ],
      });
    }
  }
});

describe('layers', () => {
  const layersOf = (change: Partial<Record<LayerName, Omit<Layer, 'name'>>>): Layer[] =>
    ORDER.map((name) => ({ name, ...change[name] }));

  test('the nearest default wins within the limits, and each field says where it came from', () => {
    const result = resolveLayers(
      layersOf({
        organisation: { limits: { maxParallelAgents: 3 }, defaults: { maxParallelAgents: 2 } },
        team: { defaults: { gates: { commands: 'ask' } } },
        repository: { defaults: { maxParallelAgents: 3 } },
        run: { defaults: { gates: { commands: 'deny' } } },
      }),
    );
    expect(result).toMatchObject({
      kind: 'ok',
      policy: {
        maxParallelAgents: { value: 3, from: 'repository' },
        gates: { commands: { value: 'deny', from: 'run' }, plan: { value: 'ask', from: 'built-in' } },
      },
    });
  });

  test('a limit holds where nobody said anything', () => {
    const result = resolveLayers(layersOf({ team: { limits: { gates: { commands: 'ask' }, maxParallelAgents: 1 } } }));
    expect(result).toMatchObject({
      policy: { gates: { commands: { value: 'ask', from: 'team' } }, maxParallelAgents: { value: 1, from: 'team' } },
    });
  });

  test('a looser lower layer is refused with the field, both values and the layer that limits it', () => {
    const result = resolveLayers(
      layersOf({
        organisation: { limits: { gates: { commands: 'ask' }, network: { setup: { hosts: ['*.a.org'] } } } },
        repository: { limits: { gates: { commands: 'allow' } } },
        run: { defaults: { network: { setup: { hosts: ['x.a.org', 'b.org'] } } } },
      }),
    );
    expect(result).toMatchObject({
      kind: 'bad',
      problems: [
        'repository: limits.gates.commands: "allow" is looser than the limit "ask" of the organisation layer',
        'policy.network.setup: {"hosts":["x.a.org","b.org"]} is looser than the limit {"hosts":["*.a.org"]} of the organisation layer',
      ],
    });
  });

  test('an organisation can forbid that a provider stores answers, which otherwise a run may want', () => {
    const run = { defaults: { model: { background: true } } };
    expect(resolveLayers(layersOf({ run }))).toMatchObject({
      policy: { model: { background: { value: true, from: 'run' } } },
    });
    const organisation = { limits: { model: { background: false } } };
    expect(resolveLayers(layersOf({ organisation, run }))).toMatchObject({
      kind: 'bad',
      problems: ['policy.model.background: true is looser than the limit false of the organisation layer'],
    });
  });

  test('prohibitions of all layers count', () => {
    const result = resolveLayers(
      layersOf({ organisation: { limits: { protectedPaths: ['a'] } }, run: { defaults: { protectedPaths: ['b'] } } }),
    );
    expect(result).toMatchObject({ policy: { protectedPaths: { value: ['a', 'b'] } } });
  });
});

/** Each attempt on each worker describes a stored response again, so no call of a model may make that throw or hang. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { applyRules, propose } from '../../src/activities/attempt/propose.ts';
import { ruleOnCall } from '../../src/core/agent/rule-on-call.ts';
import type { CommandRule } from '../../src/core/commands/rule-on-command.ts';
import { resolvePolicy } from '../../src/core/policy/resolve.ts';

const call = (tool: string, value: string): Parameters<typeof propose>[1] => ({
  kind: 'call',
  callId: 'c1',
  tool,
  arguments: value,
});
const DEEP = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;

test.each([
  ['shell', JSON.stringify({ command: 'find . -exec '.repeat(4600).trim() })],
  ['shell', JSON.stringify({ command: `echo ${'$(('.repeat(13_000)}` })],
  ['shell', `{"command":${DEEP}}`],
  ['shell', DEEP],
  ['finish', `{"plan":${DEEP}}`],
  ['finish', `{"plan":{"summary":"s","tasks":[{"id":"a","title":"A","instructions":"Do","paths":["(a+)+b"]}]}}`],
  ['apply_patch', JSON.stringify({ patch: '*** Add File: a\n'.repeat(20_000) })],
  ['x'.repeat(100_000), '{}'],
])('a call of %s that is hard to judge is judged at once', (tool, value) => {
  for (const profile of ['work', 'plan'] as const) {
    const { summary } = propose(profile, call(tool, value));
    expect(summary.length).toBeLessThanOrEqual(1000);
  }
});

test('any call of a model becomes a proposal of small facts', () => {
  const tools = fc.constantFrom('shell', 'apply_patch', 'ask', 'finish', 'decline', 'toString', '__proto__');
  const values = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.json(),
    fc.record({ command: fc.string({ unit: 'binary', maxLength: 200 }) }).map((value) => JSON.stringify(value)),
    fc.record({ plan: fc.anything(), patch: fc.string() }).map((value) => JSON.stringify(value) ?? ''),
  );
  fc.assert(
    fc.property(fc.constantFrom('work' as const, 'plan' as const), tools, values, (profile, tool, value) => {
      const { summary, problem = '' } = propose(profile, call(tool, value));
      expect(summary.length + problem.length).toBeLessThanOrEqual(2200);
    }),
  );
});

test('a judge that throws asks a person, whatever policy allows, and says why', () => {
  const broken = new Proxy<CommandRule[]>([], {
    get: () => {
      throw new RangeError('Maximum call stack size exceeded');
    },
  });
  const judged = applyRules('ls', broken);
  const resolved = resolvePolicy({ gates: { commands: 'allow' } });
  if (resolved.kind !== 'ok') throw new Error('the policy is good');
  const proposal = { callId: 'c1', tool: 'shell', digest: 'd', summary: 'ls', ...judged };
  expect(ruleOnCall(resolved.policy, proposal)).toMatchObject({
    outcome: 'ask',
    reason: "can't be judged: its judge failed: Maximum call stack size exceeded",
  });
});

import { describe, expect, test } from 'vitest';
import { createAgent, nextAgentCommand } from '../../../src/core/agent/next.ts';
import { advanceAgent } from '../../../src/core/agent/advance.ts';
import { receiveForAgent } from '../../../src/core/agent/messages.ts';
import type { AgentState } from '../../../src/core/agent/state.ts';
import { ruleOnEffects } from '../../../src/core/agent/gate-effects.ts';
import type { Finding } from '../../../src/core/effects/findings.ts';
import { findingKey, listFresh } from '../../../src/core/effects/findings.ts';
import { listOpenDecisions } from '../../../src/core/decisions/open-decisions.ts';
import type { Policy } from '../../../src/core/policy/policy.ts';
import { acted, policyOf, sha, shell, specOf, thought } from '../builders.ts';

const SECRET: Finding = {
  kind: 'secret',
  path: 'lib/keys.js',
  line: 3,
  excerpt: "+ const key = 'AKIA…'",
  risk: 'high',
  why: 'it looks like an AWS access key',
};
const SCRIPT: Finding = { ...SECRET, kind: 'executable-configuration', risk: 'medium', why: 'a script' };

/** The agent after an act with these findings and these changed paths outside its task. */
function after(findings: Finding[], outside: string[] = [], policy: Policy = {}): AgentState {
  const spec = specOf({ policy: policyOf(policy) });
  const began = advanceAgent(createAgent('r/lib.1', spec), { kind: 'began', at: 1, head: sha('begin') });
  const gated = advanceAgent(began, thought(began, 2, shell('c1', 'edit it')));
  const event = acted(gated, 3, outside);
  if (event.kind !== 'acted') throw new Error('not an act');
  return advanceAgent(gated, { ...event, outcome: { ...event.outcome, findings } });
}

describe('what an act left', () => {
  test('of high risk holds the agent; the decision opens with the bytes, and says by which call they came', () => {
    const asked = after([SECRET]);
    expect(nextAgentCommand(asked)).toEqual({ kind: 'wait', why: { kind: 'decision', id: 'lib/effects@1' } });
    const [decision] = listOpenDecisions(asked.control);
    expect(decision).toMatchObject({ kind: 'effects', risk: 'high' });
    expect(decision?.about.split('\n')).toEqual([
      'HIGH secret lib/keys.js:3: it looks like an AWS access key',
      "    + const key = 'AKIA…'",
      'by: edit it',
    ]);
  });

  test('goes on when a person keeps it, and is undone when they do not, with the reason told', () => {
    const kept = receiveForAgent(after([SECRET]), 'approve', [], 5).state;
    expect(nextAgentCommand(kept)).toMatchObject({ kind: 'think', input: { restore: null, nudges: [] } });
    expect(kept.keptEffects).toEqual([findingKey(SECRET)]);
    const asked = after([SECRET]);
    const undone = receiveForAgent(asked, 'reject', [{ note: 'use the vault' }], 5).state;
    expect(nextAgentCommand(undone)).toMatchObject({
      kind: 'think',
      input: { restore: asked.beforeAct, nudges: [expect.stringMatching(/use the vault[^]*AWS access key[^]*undone/)] },
    });
  });

  test('is undone at once where policy denies its kind, at medium risk too', () => {
    const policy: Policy = { effects: { secret: 'deny', 'executable-configuration': 'deny' } };
    for (const finding of [SECRET, SCRIPT]) {
      const denied = after([finding], [], policy);
      expect(nextAgentCommand(denied)).toMatchObject({
        kind: 'think',
        input: { restore: denied.beforeAct, nudges: [expect.stringContaining(finding.why)] },
      });
    }
  });

  test('of medium risk passes, unless policy asks about its kind', () => {
    expect(nextAgentCommand(after([SCRIPT])).kind).toBe('think');
    expect(nextAgentCommand(after([SCRIPT], [], { effects: { 'executable-configuration': 'ask' } }))).toMatchObject({
      kind: 'wait',
    });
  });

  test('outside of the paths and worth a look is one decision, which settles both', () => {
    const asked = after(
      [{ ...SECRET, kind: 'outside-paths', path: 'README.md', why: 'not its file' }, SECRET],
      ['README.md'],
    );
    expect(listOpenDecisions(asked.control)).toMatchObject([
      { id: 'lib/effects@1', about: expect.stringMatching(/^HIGH secret[^]*README\.md[^]*outside the task's paths/) },
    ]);
    const kept = receiveForAgent(asked, 'approve', [], 5).state;
    expect(kept.extraPaths).toEqual(['README.md']);
  });

  test('only outside of the paths is what the gate for scope says', () => {
    const outside: Finding = { ...SECRET, kind: 'outside-paths', path: 'README.md', why: 'not its file' };
    expect(ruleOnEffects(policyOf(), { outside: ['README.md'], findings: [outside] }).outcome).toBe('ask');
    expect(
      ruleOnEffects(policyOf({ gates: { scope: 'deny' } }), { outside: ['README.md'], findings: [outside] }).outcome,
    ).toBe('deny');
    expect(after([outside], ['README.md']).control.opened).toEqual({ 'lib/scope': 1 });
  });
});

test('what was there before is not found again, at whatever line it stands now', () => {
  expect(listFresh([{ ...SECRET, line: 30 }], [SECRET])).toEqual([]);
  expect(listFresh([SECRET, { ...SECRET, excerpt: '+ another' }], [SECRET])).toHaveLength(1);
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createAgent, nextAgentCommand } from '../../../src/core/agent/next.ts';
import { passAgentDeadlines } from '../../../src/core/agent/decisions.ts';
import { advanceAgent } from '../../../src/core/agent/advance.ts';
import type { AgentState } from '../../../src/core/agent/state.ts';
import type { Proposal } from '../../../src/core/agent/step.ts';
import type { Silence } from '../../../src/core/policy/approvers.ts';
import { rulesOf } from '../../../src/core/policy/decision-fields.ts';
import { DECISION_KINDS } from '../../../src/core/policy/decision-kinds.ts';
import { createControl } from '../../../src/core/decisions/control.ts';
import { listOpenDecisions, openDecision } from '../../../src/core/decisions/open-decisions.ts';
import { passRefactorDeadlines } from '../../../src/core/refactor/decisions.ts';
import type { Policy } from '../../../src/core/policy/policy.ts';
import { nextDeadline, passDeadlines } from '../../../src/core/decisions/silence.ts';
import { listNeeds, viewAgent, viewRefactor } from '../../../src/core/views/status.ts';
import { planOf, policyOf, randomFrom, sha, shell, specOf, thought } from '../builders.ts';
import { Keys, plainKeys } from '../signers.ts';
import { World } from '../world.ts';

const keys = new Keys(plainKeys);
const SECOND = 1000;

/** An agent that asked a question at time 0. */
function asking(decisions: Policy['decisions'], call: Proposal = shell('c', 'rm -r lib')): AgentState {
  let state = createAgent('r/lib.1', specOf({ policy: policyOf({ gates: { commands: 'ask' }, decisions }) }));
  state = advanceAgent(state, { kind: 'began', at: 0, head: sha('root') });
  return advanceAgent(state, thought(state, 0, call));
}
const question: Proposal = { callId: 'q', tool: 'ask', digest: 'q'.repeat(64), summary: 'tabs or blanks?' };

function planGate(decisions: Policy['decisions']): World {
  const run = new World(
    { plan: planOf({ id: 'a' }), random: randomFrom(1), callsPerTask: 1 },
    { policy: { decisions } },
  );
  run.settle();
  return run;
}

/** Lets this much time pass after the refactor opened a decision. */
function wait(run: World, seconds: number): void {
  const opened = listOpenDecisions(run.refactor.control)[0]?.openedAt ?? 0;
  run.refactor = passRefactorDeadlines(run.refactor, opened + seconds * SECOND);
}

describe('when nobody decides', () => {
  test('nothing happens where policy says nothing: there is no moment to wait for', () => {
    const run = planGate({});
    expect(nextDeadline(run.refactor.control, rulesOf(run.refactor.policy))).toBeNull();
    const before = run.refactor;
    wait(run, 1e9);
    expect(run.refactor).toEqual(before);
  });

  test('hold: it stays open, and is seen to wait for too long', () => {
    const run = planGate({ silence: { plan: { after: 60, means: 'hold' } } });
    wait(run, 59);
    expect(viewRefactor(run.refactor).needs).toMatchObject([
      { silence: expect.stringContaining('hold at 1970-01-01T00:01') },
    ]);
    wait(run, 60);
    const open = listOpenDecisions(run.refactor.control);
    expect(open).toMatchObject([{ id: 'plan@1' }]);
    expect(listNeeds(open, null)).toEqual(['overdue', 'plan']);
    expect(run.refactor.control.log.at(-1)?.text).toBe('plan@1: nobody decided in 60 s; it holds');
    expect(nextDeadline(run.refactor.control, rulesOf(run.refactor.policy))).toBeNull();
    expect(run.send('approve', { by: 'ann' })).toMatchObject({ kind: 'applied' });
  });

  test('escalate: the next approvers may decide too, from then on', () => {
    const approvers = [keys.approver('ann'), keys.approver('boss', { may: ['delivery'] })];
    const run = planGate({ approvers, silence: { plan: { after: 60, means: 'escalate', to: ['boss'] } } });
    expect(run.send('approve', { by: 'boss' })).toMatchObject({ kind: 'refused' });
    wait(run, 60);
    const open = listOpenDecisions(run.refactor.control);
    expect(listNeeds(open, null)).toEqual(['escalated', 'plan']);
    expect(viewRefactor(run.refactor).needs).toMatchObject([
      { mayDecide: ['ann', 'boss'], silence: expect.stringContaining('escalated to boss') },
    ]);
    expect(run.send('approve', { by: 'boss' })).toMatchObject({ kind: 'applied' });
  });

  test('deny: it is rejected by policy, and says so', () => {
    const run = planGate({ silence: { plan: { after: 60, means: 'deny' } } });
    wait(run, 60);
    run.settle();
    expect(run.refactor.outcome).toMatchObject({ kind: 'failed', reason: 'policy (silence) rejected plan@1' });
    const agent = passAgentDeadlines(asking({ silence: { call: { after: 5, means: 'deny' } } }), 5 * SECOND);
    expect(listOpenDecisions(agent.control)).toEqual([]);
    expect(nextAgentCommand(agent)).toMatchObject({
      kind: 'think',
      input: { results: [{ callId: 'c', output: expect.stringContaining('Nobody decided in 5 s.') }] },
    });
  });

  test('proceed: a question goes on without an answer; what is not of low risk holds all the same', () => {
    const silence = { question: { after: 5, means: 'proceed' }, call: { after: 5, means: 'proceed' } } as const;
    const asked = passAgentDeadlines(asking({ silence }, question), 5 * SECOND);
    expect(nextAgentCommand(asked)).toMatchObject({
      input: { results: [{ output: expect.stringContaining('Go on by your own judgement') }] },
    });
    const held = passAgentDeadlines(asking({ silence }), 5 * SECOND);
    expect(nextAgentCommand(held)).toMatchObject({ kind: 'wait' });
    expect(viewAgent(held).needs).toMatchObject([{ id: 'lib/call@1', risk: 'medium' }]);
  });
});

test('whatever policy says and whenever one looks, silence approves only what is of low risk, and each decision has it once', () => {
  const silence = fc.record({
    after: fc.integer({ min: 1, max: 20 }),
    means: fc.constantFrom<Silence['means']>('hold', 'escalate', 'deny', 'proceed'),
  });
  const opened = fc.record({
    kind: fc.constantFrom(...DECISION_KINDS),
    risk: fc.option(fc.constantFrom('low' as const, 'medium' as const, 'high' as const), { nil: undefined }),
    at: fc.nat(20_000),
  });
  fc.assert(
    fc.property(
      fc.dictionary(fc.constantFrom(...DECISION_KINDS), silence),
      fc.array(opened, { maxLength: 8 }),
      fc.array(fc.nat(60_000), { maxLength: 6 }),
      (said, decisions, looks) => {
        const rules = rulesOf(policyOf({ decisions: { silence: said } }));
        let state = { control: createControl() };
        for (const { kind, risk, at } of decisions) {
          const about = { name: kind, kind, about: '', digest: '', ...(risk ? { risk } : {}) };
          state = { control: openDecision(state.control, at, about) };
        }
        const ended: string[] = [];
        for (const at of looks.toSorted((a, b) => a - b)) {
          state = passDeadlines(state, rules, at, (before, decision, outcome) => {
            ended.push(decision.id);
            const lowRisk = (decision.risk ?? (decision.kind === 'question' ? 'low' : 'more')) === 'low';
            if (outcome === 'approved') expect(lowRisk && said[decision.kind]?.means === 'proceed').toBe(true);
            const control = {
              ...before.control,
              decisions: before.control.decisions.filter(({ id }) => id !== decision.id),
            };
            return { control };
          });
          expect(nextDeadline(state.control, rules) ?? Infinity).toBeGreaterThan(at);
        }
        expect(new Set(ended).size).toBe(ended.length);
      },
    ),
    { numRuns: 500 },
  );
});

import { describe, expect, test } from 'vitest';
import { createAgent, nextAgentCommand } from '../../src/core/agent/next.ts';
import { MAX_OUTPUT_TOKENS, RESERVED_OUTPUT_TOKENS } from '../../src/core/agent/output-room.ts';
import { advanceAgent } from '../../src/core/agent/advance.ts';
import type { AgentState } from '../../src/core/agent/state.ts';
import { beginCommand, tokensLeft } from '../../src/core/refactor/budget.ts';
import { openDecision } from '../../src/core/decisions/open-decisions.ts';
import type { RefactorState } from '../../src/core/refactor/state.ts';
import { nextRefactorCommand } from '../../src/core/refactor/next.ts';
import { receiveForRefactor } from '../../src/core/refactor/messages.ts';
import { planOf, sha, shell, specOf, thought } from '../core/builders.ts';
import { World } from '../core/world.ts';

/** A refactor with one agent that asks for more tokens. */
function asking(tokens: number): World {
  const plan = planOf({ id: 'a' }, { id: 'b' });
  plan.tasks.forEach((task) => Object.assign(task, { maxTokens: 30_000 }));
  const usage = () => ({ inputTokens: 1000, cachedTokens: 0, outputTokens: 9000, costUsd: null });
  const run = new World({ plan, random: () => 0.5, callsPerTask: 9, usage }, { policy: { budget: { tokens } } });
  run.settle();
  run.send('approve', { decision: 'plan@1' });
  run.stepRefactor();
  for (let step = 0; step < 20; step++) run.stepAgent('r/a.1');
  return run;
}

function agentOf(state: RefactorState): RefactorState['agents'][number] {
  const agent = state.agents.find(({ id }) => id === 'r/a.1');
  if (!agent) throw new Error('no agent');
  return agent;
}

describe('more tokens for an agent', () => {
  test('are not those of another one that is just being started, even when a decision of the refactor’s own opened meanwhile', () => {
    const { refactor } = asking(5_090_000);
    const command = nextRefactorCommand(refactor);
    expect(command).toMatchObject({ kind: 'startAgent', id: 'r/b.1' });
    const left = tokensLeft(refactor);
    const begun = beginCommand(refactor, command);
    expect(tokensLeft(begun)).toBe(left - 30_000);
    const own = { name: 'x', kind: 'checks' as const, about: 'red', digest: 'd' };
    const busy = { ...begun, control: openDecision(begun.control, 5, own) };
    const tight = {
      ...busy,
      policy: { ...busy.policy, budget: { tokens: { value: 5_090_000 - left + 50_000, from: 'run' } } },
    };
    const { answer } = receiveForRefactor(tight, 'approve', [{ decision: 'a/budget@1' }], 6);
    expect(answer).toMatchObject({ kind: 'refused', detail: expect.stringContaining('20000 tokens of the') });
  });

  test('are set aside once for a decision, however often it is approved before the agent hears of it', () => {
    const { refactor } = asking(20_000_000);
    const once = receiveForRefactor(refactor, 'approve', [{ decision: 'a/budget@1' }], 5);
    const twice = receiveForRefactor(once.state, 'approve', [{ decision: 'a/budget@1' }], 6);
    expect([once.answer.kind, twice.answer.kind]).toEqual(['forwarded', 'forwarded']);
    expect(agentOf(once.state).granted).toBe(60_000);
    expect(agentOf(twice.state).granted).toBe(60_000);
  });

  test('are not set aside for steps', () => {
    const { refactor } = asking(20_000_000);
    const agent = agentOf(refactor);
    const decisions = agent.report?.decisions.map((decision) => ({ ...decision, resource: 'steps' as const })) ?? [];
    const report = agent.report && { ...agent.report, decisions };
    const agents = refactor.agents.map((one) => (one.id === agent.id ? { ...one, report } : one));
    const { state } = receiveForRefactor({ ...refactor, agents }, 'approve', [{ decision: 'a/budget@1' }], 5);
    expect(agentOf(state).granted).toBe(30_000);
  });
});

describe('a model call whose answer nobody has', () => {
  const began = (): AgentState => {
    const price = { inputPerMillionUsd: 1, outputPerMillionUsd: 10 };
    const state = createAgent('r/lib.1', specOf({ maxUsd: 5, price }));
    return { ...advanceAgent(state, { kind: 'began', at: 1, head: sha('begin') }), chargesCuts: true };
  };

  test('is charged at all that was reserved for it, in tokens and in dollars', () => {
    const event = thought(began(), 2, shell('c1', 'ls'));
    if (event.kind !== 'thought') throw new Error('no thought');
    const { spend } = advanceAgent(began(), { ...event, outcome: { ...event.outcome, lost: 2 } });
    expect(spend).toMatchObject({
      modelCalls: 3,
      inputTokens: 2 * 4000 + 100,
      outputTokens: 2 * RESERVED_OUTPUT_TOKENS + 20,
    });
    expect(spend.costUsd).toBeCloseTo(2 * (0.004 + 0.16), 9);
  });

  test('also if a person interrupted it', () => {
    const cut = advanceAgent(began(), { kind: 'cut', at: 3, what: 'think' });
    expect(cut.spend).toMatchObject({ modelCalls: 1, outputTokens: RESERVED_OUTPUT_TOKENS });
    expect(advanceAgent(began(), { kind: 'cut', at: 3, what: 'act' }).spend.modelCalls).toBe(0);
  });

  test('and a response gets the room that the budget leaves, from what is reserved up to 64,000 tokens', () => {
    const roomOf = (change: object): unknown => {
      const command = nextAgentCommand({ ...began(), maxUsd: 5, roomy: true, ...change });
      return command.kind === 'think' ? command.input.maxOutputTokens : command;
    };
    expect(roomOf({})).toBe(64_000);
    // The input is counted as 4,000 tokens at most.
    expect(roomOf({ maxTokens: 54_000 })).toBe(50_000);
    expect(roomOf({ maxTokens: 20_000 })).toBe(16_000);
    // Half a dollar at 10 dollars per million, less 4,000 tokens of input at 1 dollar.
    expect(roomOf({ maxUsd: 0.5 })).toBe(49_600);
    // An agent of an older version has what it always had.
    expect(roomOf({ roomy: undefined })).toBeUndefined();
    const cut = advanceAgent({ ...began(), roomy: true }, { kind: 'cut', at: 3, what: 'think' });
    expect(cut.spend).toMatchObject({ modelCalls: 1, outputTokens: MAX_OUTPUT_TOKENS });
  });
});

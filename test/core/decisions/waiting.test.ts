import { expect, test } from 'vitest';
import { createAgent, nextAgentCommand } from '../../../src/core/agent/next.ts';
import { isShortOfBudget, nextRefactorCommand } from '../../../src/core/refactor/next.ts';
import type { RefactorState } from '../../../src/core/refactor/state.ts';
import { viewAgent, viewRefactor } from '../../../src/core/views/status.ts';
import { planOf, specOf } from '../builders.ts';
import { World } from '../world.ts';

function workingRefactor(): RefactorState {
  const run = new World({ plan: planOf({ id: 'a' }), random: () => 0.5, callsPerTask: 1 });
  run.settle();
  return run.refactor;
}

test('a hold whose reason reads like a shortage asks for no budget', () => {
  const held: RefactorState = { ...workingRefactor(), hold: { reason: 'the budget of the account is gone', at: 1 } };
  expect(nextRefactorCommand(held)).toEqual({
    kind: 'wait',
    why: { kind: 'held', reason: 'the budget of the account is gone' },
  });
  expect(isShortOfBudget(held)).toBe(false);
});

test('status says what a run waits for in words that follow "waits for"', () => {
  const open = workingRefactor();
  expect(viewRefactor(open).waitingFor).toBe('the decision plan@1');
  const paused = { ...open, control: { ...open.control, paused: { by: 'ann', at: 1, reason: '' } } };
  expect(viewRefactor(paused).waitingFor).toBe('resume: it is paused');
  const agent = createAgent('r/a.1', specOf());
  const held = { ...agent, hold: { reason: 'think failed', at: 1 } };
  expect(nextAgentCommand(held)).toEqual({ kind: 'wait', why: { kind: 'held', reason: 'think failed' } });
  expect(viewAgent(held).doing).toBe('waits for resume: think failed');
});

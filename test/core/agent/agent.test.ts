import { describe, expect, test } from 'vitest';
import { createAgent, nextAgentCommand } from '../../../src/core/agent/next.ts';
import { reserveBudget } from '../../../src/core/agent/budget.ts';
import { advanceAgent } from '../../../src/core/agent/advance.ts';
import { MAX_REPAIRS } from '../../../src/core/agent/work.ts';
import { receiveForAgent, restartAt } from '../../../src/core/agent/messages.ts';
import type { AgentEvent, AgentState } from '../../../src/core/agent/state.ts';
import { listOpenDecisions } from '../../../src/core/decisions/open-decisions.ts';
import { acted, evidence, finish, policyOf, sha, shell, specOf, thought } from '../builders.ts';

function began(change: Parameters<typeof specOf>[0] = {}): AgentState {
  return advanceAgent(createAgent('r/lib.1', specOf(change)), { kind: 'began', at: 1, head: sha('begin') });
}

function run(state: AgentState, ...events: ((state: AgentState) => AgentEvent)[]): AgentState {
  return events.reduce((next, event) => advanceAgent(next, event(next)), state);
}

const think =
  (...proposals: Parameters<typeof thought> extends [unknown, unknown, ...infer P] ? P : never) =>
  (state: AgentState) =>
    thought(state, 2, ...proposals);
const act =
  (outside: string[] = []) =>
  (state: AgentState) =>
    acted(state, 3, outside);

describe('a step', () => {
  test('thinks, gates and acts in this order, and only on the call that was allowed', () => {
    const idle = began();
    expect(nextAgentCommand(idle)).toMatchObject({ kind: 'think', input: { head: sha('begin'), key: 'think/1' } });
    const gated = run(idle, think(shell('c1', 'ls')));
    expect(nextAgentCommand(gated)).toMatchObject({
      kind: 'act',
      input: {
        callId: 'c1',
        key: 'act/1',
        digest: shell('c1', 'ls').digest,
        decision: { by: 'policy gates.commands (built-in)' },
      },
    });
    expect(nextAgentCommand(run(gated, act()))).toMatchObject({
      kind: 'think',
      input: { key: 'think/2', results: [] },
    });
  });

  test('runs one call of several and tells the model of the others', () => {
    const gated = run(began(), think(shell('c1', 'a'), shell('c2', 'b')), act());
    expect(nextAgentCommand(gated)).toMatchObject({ input: { results: [{ callId: 'c2' }] } });
  });

  test('asks for each command where policy says so, and runs none before the answer', () => {
    const asked = run(began({ policy: policyOf({ gates: { commands: 'ask' } }) }), think(shell('c1', 'rm x')));
    expect(nextAgentCommand(asked)).toEqual({ kind: 'wait', why: { kind: 'decision', id: 'lib/call@1' } });
    const approved = receiveForAgent(asked, 'approve', [{ decision: 'lib/call@1', by: 'ann' }], 5).state;
    expect(nextAgentCommand(approved)).toMatchObject({ kind: 'act', input: { decision: { by: 'ann (lib/call@1)' } } });
    const rejected = receiveForAgent(asked, 'reject', [{ note: 'no' }], 5).state;
    expect(nextAgentCommand(rejected)).toMatchObject({
      kind: 'think',
      input: { results: [{ callId: 'c1', output: 'A supervisor rejected this call: no. It was not run.' }] },
    });
  });

  test('denies where policy denies', () => {
    const denied = run(began({ policy: policyOf({ gates: { commands: 'deny' } }) }), think(shell('c1', 'ls')));
    expect(nextAgentCommand(denied)).toMatchObject({ kind: 'think', input: { results: [{ callId: 'c1' }] } });
  });
});

describe('answers without a usable call', () => {
  test('that were cut off are called so, to the model and to people, with what helps', () => {
    const cut = (state: AgentState): AgentEvent => {
      const event = thought(state, 2);
      if (event.kind !== 'thought') throw new Error('no thought');
      return { ...event, outcome: { ...event.outcome, stop: 'truncated' } };
    };
    const told = nextAgentCommand(run(began(), cut));
    expect(told).toMatchObject({
      kind: 'think',
      input: { nudges: [expect.stringMatching(/cut off at the limit of output tokens.*make one smaller call/)] },
    });
    expect(run(began(), cut, cut, cut).hold?.reason).toMatch(
      /3 answers in a row.*cut off at the limit of output tokens.*COXSWAIN_REASONING_EFFORT/,
    );
  });

  test('are repaired a bounded number of times, then the agent holds and says why', () => {
    let state = began();
    for (let round = 1; round < MAX_REPAIRS; round++) {
      state = run(state, think());
      expect(nextAgentCommand(state).kind).toBe('think');
    }
    state = run(state, think());
    expect(nextAgentCommand(state)).toEqual({
      kind: 'wait',
      why: {
        kind: 'held',
        reason: '3 answers in a row had no usable call; the last: the model answered without a call',
      },
    });
    const resumed = receiveForAgent(state, 'resume', [], 9).state;
    expect(nextAgentCommand(resumed).kind).toBe('think');
  });

  test('are told to the model with the reason', () => {
    const state = run(began(), think({ ...shell('c1', ''), problem: 'the arguments of shell are not valid JSON' }));
    expect(nextAgentCommand(state)).toMatchObject({
      input: {
        results: [{ callId: 'c1', output: 'This call was not run: the arguments of shell are not valid JSON' }],
      },
    });
  });
});

describe('finish', () => {
  test('counts only after the checks were green on its tree', () => {
    const claimed = run(began({ checks: ['npm test'] }), think(finish('f1')));
    expect(nextAgentCommand(claimed)).toMatchObject({ kind: 'check', input: { checks: ['npm test'] } });
    const red = advanceAgent(claimed, { kind: 'checked', at: 4, evidence: [evidence('npm test', false)] });
    expect(nextAgentCommand(red)).toMatchObject({
      kind: 'think',
      input: { results: [{ callId: 'f1', output: expect.stringContaining('Not confirmed: 1 of 1 checks are red') }] },
    });
    const green = advanceAgent(claimed, {
      kind: 'checked',
      at: 4,
      evidence: [evidence('npm test', false), evidence('npm test', true)],
    });
    expect(nextAgentCommand(green)).toMatchObject({ kind: 'end', outcome: { kind: 'finished', summary: 'done' } });
  });
});

describe('the plan binds', () => {
  test('changes outside of the paths hold until a person allows exactly these', () => {
    const outside = run(began(), think(shell('c1', 'x')), act(['README.md']));
    expect(nextAgentCommand(outside)).toEqual({ kind: 'wait', why: { kind: 'decision', id: 'lib/scope@1' } });
    const allowed = receiveForAgent(outside, 'approve', [], 5).state;
    const next = run(allowed, think(shell('c2', 'y')));
    expect(nextAgentCommand(next)).toMatchObject({ kind: 'act', input: { paths: ['lib/**', 'README.md'] } });
  });

  test('a refused change is taken back and the model is told why', () => {
    const gated = run(began(), think(shell('c1', 'x')));
    const refused = receiveForAgent(run(gated, act(['README.md'])), 'reject', [], 5).state;
    expect(nextAgentCommand(refused)).toMatchObject({
      kind: 'think',
      input: { restore: gated.head, nudges: [expect.stringContaining('README.md')] },
    });
  });

  test('the step budget is asked for before it is exceeded', () => {
    const used = { ...began({ maxSteps: 2 }), step: 3 };
    const asked = reserveBudget(used, 7);
    expect(listOpenDecisions(asked.control)).toMatchObject([
      { id: 'lib/budget@1', about: 'all 2 steps are used; approve 2 more?' },
    ]);
    expect(nextAgentCommand(asked).kind).toBe('wait');
    const more = receiveForAgent(asked, 'approve', ['lib/budget@1'], 8).state;
    expect(nextAgentCommand(reserveBudget(more, 9))).toMatchObject({ kind: 'think' });
    const ended = receiveForAgent(asked, 'reject', ['lib/budget@1'], 8).state;
    expect(nextAgentCommand(ended)).toMatchObject({ kind: 'end', outcome: { kind: 'failed' } });
  });

  test('tokens are reserved before a call, its longest answer included', () => {
    const state = began({ maxTokens: 15_000 });
    expect(nextAgentCommand(reserveBudget(state, 1)).kind).toBe('wait');
  });
});

describe('steering', () => {
  test('a steer reaches the next model call and its receipt says which', () => {
    const steered = receiveForAgent(began(), 'steer', ['use const'], 2).state;
    expect(steered.control.receipts).toMatchObject([{ id: 'steer-1', state: 'accepted' }]);
    expect(nextAgentCommand(steered)).toMatchObject({ input: { steers: [{ id: 'steer-1', text: 'use const' }] } });
    const delivered = run(steered, think(shell('c1', 'ls')));
    expect(delivered.control.receipts).toMatchObject([{ state: 'delivered', detail: 'delivered to model call 1' }]);
    expect(delivered.steers).toEqual([]);
  });

  test('a steer that comes while the model thinks waits for the call after', () => {
    const state = began();
    const event = thought(state, 2, shell('c1', 'ls'));
    const late = receiveForAgent(state, 'steer', ['late'], 2).state;
    const after = advanceAgent(late, event);
    expect(after.steers).toMatchObject([{ text: 'late' }]);
    expect(after.control.receipts).toMatchObject([{ state: 'accepted' }]);
  });

  test('an interrupting steer cuts the act, which then has no effect', () => {
    const gated = run(began(), think(shell('c1', 'sleep 100')));
    const steered = receiveForAgent(gated, 'steer', [{ text: 'stop that', interrupt: true }], 3).state;
    expect(steered.cut).toBe(true);
    const cut = advanceAgent(steered, { kind: 'cut', at: 4, what: 'act' });
    expect(nextAgentCommand(cut)).toMatchObject({
      kind: 'think',
      input: { head: gated.head, results: [{ callId: 'c1' }], steers: [{ text: 'stop that' }] },
    });
  });

  test('no step starts while paused', () => {
    const paused = receiveForAgent(began(), 'pause', [], 2).state;
    expect(nextAgentCommand(paused)).toEqual({ kind: 'wait', why: { kind: 'paused' } });
    expect(nextAgentCommand(receiveForAgent(paused, 'resume', [], 3).state).kind).toBe('think');
  });

  test('the same id counts once', () => {
    const once = receiveForAgent(began(), 'steer', [{ text: 'a', id: 'x' }], 2).state;
    const twice = receiveForAgent(once, 'steer', [{ text: 'a', id: 'x' }], 3);
    expect(twice.state.steers).toHaveLength(1);
    expect(twice.answer).toMatchObject({ kind: 'applied', detail: expect.stringContaining('already received') });
  });

  test.each([
    ['steer', [42]],
    ['steer', [{ text: 'x', colour: 'red' }]],
    ['steer', ['a', 'b']],
    ['steer', [{ coxswainUnreadable: true }]],
    ['approve', []],
    ['rewind', [{ task: 'lib', to: 99 }]],
    ['revisePlan', [{ version: 1 }]],
    ['resume', []],
    ['resume', [{ from: 'main' }]],
  ] as const)('a %s that does not fit leaves a refused receipt and nothing else: %j', (verb, inputs) => {
    const before = began();
    const { state, answer } = receiveForAgent(before, verb, inputs, 2);
    expect(answer.kind).toBe('refused');
    expect({ ...state, control: before.control }).toEqual(before);
    expect(state.control.receipts).toMatchObject([{ verb, state: 'refused' }]);
  });
});

test('a question waits for its answer and the model gets it', () => {
  const asked = run(began(), think({ callId: 'q1', tool: 'ask', digest: 'd'.repeat(64), summary: 'tabs or spaces?' }));
  expect(receiveForAgent(asked, 'approve', [], 3).answer).toMatchObject({ kind: 'refused' });
  const answered = receiveForAgent(asked, 'answer', [{ text: 'spaces', by: 'ann' }], 3).state;
  expect(nextAgentCommand(answered)).toMatchObject({
    kind: 'think',
    input: { results: [{ callId: 'q1', output: 'Answer from ann: spaces' }] },
  });
});

test('stop ends the agent, supersedes what was not delivered, and a late activity changes nothing', () => {
  const gated = run(began(), think(shell('c1', 'x')));
  const steered = receiveForAgent(gated, 'steer', ['y'], 3).state;
  const stopped = receiveForAgent(steered, 'stop', ['enough'], 4).state;
  expect(nextAgentCommand(stopped)).toMatchObject({
    kind: 'end',
    outcome: { kind: 'stopped', head: gated.head, reason: 'enough' },
  });
  expect(stopped.control.receipts).toMatchObject([{ verb: 'steer', state: 'superseded' }, { verb: 'stop' }]);
  expect(advanceAgent(stopped, acted(gated, 5))).toBe(stopped);
});

test('rewind goes back to a checkpoint: head, step and pending work', () => {
  const two = run(began(), think(shell('c1', 'a')), act(), think(shell('c2', 'b')), act());
  const first = two.checkpoints.find(({ step, what }) => step === 1 && what === 'a');
  const asked = receiveForAgent(two, 'rewind', [{ to: 1 }], 9);
  expect(asked.answer.kind).toBe('applied');
  expect(nextAgentCommand(asked.state)).toEqual({ kind: 'restart' });
  const again = restartAt(asked.state, 10);
  expect(nextAgentCommand(again)).toMatchObject({ kind: 'think', input: { head: first?.head, key: 'think/2' } });
});

test('an activity that failed for good becomes a hold with its reason, and resume tries again', () => {
  const failed = advanceAgent(began(), { kind: 'failed', at: 3, what: 'think', reason: 'ModelRefused: no such model' });
  expect(nextAgentCommand(failed)).toEqual({
    kind: 'wait',
    why: { kind: 'held', reason: 'think failed: ModelRefused: no such model' },
  });
  expect(nextAgentCommand(receiveForAgent(failed, 'resume', [], 4).state).kind).toBe('think');
});

test('a model call that is lost costs nothing where the model has cost nothing, and an unknown amount before that is known', () => {
  const lose = (state: AgentState): AgentState =>
    advanceAgent({ ...state, chargesCuts: true }, { kind: 'cut', at: 4, what: 'think' });
  const once = run(began(), think(shell('c1', 'a')), act());
  expect(lose(once).spend).toMatchObject({ costUsd: 0, modelCalls: 2 });
  expect(lose(began()).spend).toMatchObject({ costUsd: null, modelCalls: 1 });
});

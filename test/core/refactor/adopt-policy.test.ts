import { expect, test } from 'vitest';
import { adoptForRefactor } from '../../../src/core/refactor/adopt-policy.ts';
import { adoptForAgent } from '../../../src/core/agent/adopt-policy.ts';
import { createAgent } from '../../../src/core/agent/next.ts';
import { receiveForAgent } from '../../../src/core/agent/messages.ts';
import { listPolicyChanges } from '../../../src/core/policy/changes.ts';
import type { PolicyReading } from '../../../src/core/policy/changes.ts';
import type { Policy } from '../../../src/core/policy/policy.ts';
import { receiveForRefactor } from '../../../src/core/refactor/messages.ts';
import { planOf, policyOf, sha, specOf } from '../builders.ts';
import { World } from '../world.ts';

const reading = (policy: Policy): PolicyReading => ({
  kind: 'read',
  read: { commit: sha('base'), policy: policyOf(policy) },
});

function running(): World {
  const run = new World({ plan: planOf({ id: 'a' }), random: () => 0.5, callsPerTask: 1 });
  run.refactor = { ...run.refactor, policyFrom: sha('base') };
  run.settle();
  return run;
}

test('an adoption waits for the layers, and its receipt says what became of it', () => {
  const { refactor } = running();
  const asked = receiveForRefactor(refactor, 'adoptPolicy', [{ by: 'ann', id: 'x' }], 50);
  expect(asked).toMatchObject({ reads: { receipt: 'x', by: 'ann', input: { base: sha('base') } } });
  expect(asked.state.policy).toEqual(refactor.policy);
  const { state, answer } = adoptForRefactor(
    asked.state,
    { receipt: 'x', by: 'ann', at: 51 },
    reading({ maxParallelAgents: 1 }),
  );
  expect(answer).toEqual({ kind: 'applied', detail: 'adopted: maxParallelAgents: 4 → 1 (run)', receipt: 'x' });
  expect(state.policy.maxParallelAgents.value).toBe(1);
  expect(state.control.receipts.at(-1)).toMatchObject({ id: 'x', state: 'applied' });
  const bad = adoptForRefactor(
    asked.state,
    { receipt: 'x', by: 'ann', at: 51 },
    { kind: 'bad', reason: 'a.yaml:3: no' },
  );
  expect(bad.answer).toMatchObject({ kind: 'refused', detail: 'a.yaml:3: no' });
  expect(bad.state.policy).toEqual(refactor.policy);
});

test("a run that began under an organisation's policy adopts nothing that was read without one, and keeps which it has", () => {
  const adoption = { receipt: 'x', by: 'ann', at: 51 };
  const read = (organisation: string | null): PolicyReading => ({
    kind: 'read',
    read: { commit: sha('base'), policy: policyOf({ maxParallelAgents: 1 }), organisation },
  });
  const refactor = { ...running().refactor, organisation: 'one' };
  const agent = createAgent('r/a.1', specOf({ run: null, organisation: 'one' }));
  for (const { answer, state } of [
    adoptForRefactor(refactor, adoption, read(null)),
    adoptForAgent(agent, adoption, read(null)),
  ]) {
    expect(answer).toMatchObject({ kind: 'refused', detail: expect.stringContaining('COXSWAIN_POLICIES') });
    expect('policy' in state ? state.policy : state.spec.policy).toEqual(
      'policy' in state ? refactor.policy : agent.spec.policy,
    );
  }
  const adopted = adoptForRefactor(refactor, adoption, read('two'));
  expect(adopted).toMatchObject({ answer: { kind: 'applied' }, state: { organisation: 'two' } });
  expect(adoptForAgent(agent, adoption, read('two')).state.spec.organisation).toBe('two');
  expect(adoptForRefactor({ ...refactor, organisation: null }, adoption, read('two')).answer.kind).toBe('applied');
});

test('a delivery that was approved under other rules is asked for again', () => {
  const { refactor } = running();
  const approved = { ...refactor, deliveryApproved: { by: 'ann', digest: 'd' }, evidenceFor: sha('line') };
  const adoption = { receipt: 'x', by: 'bob', at: 51 };
  const bound = reading({ decisions: { bound: 'required' } });
  expect(adoptForRefactor(approved, adoption, bound).state).toMatchObject({
    deliveryApproved: null,
    evidenceFor: null,
  });
  expect(adoptForRefactor(approved, adoption, reading({ maxParallelAgents: 1 })).state.deliveryApproved).not.toBeNull();
});

test('an agent is told by its refactor to read, never what: a policy in a message is refused', () => {
  const agent = createAgent('r/a.1', specOf({ run: null }));
  const forged = receiveForAgent(agent, 'adoptPolicy', [{ policy: policyOf() }], 5, true);
  expect(forged.answer.kind).toBe('refused');
  expect(forged.reads).toBeUndefined();
  const asked = receiveForAgent(agent, 'adoptPolicy', [{ id: 'x' }], 5, true);
  expect(asked.reads?.input).toEqual({ repository: '/repo', base: sha('base'), team: null, run: null, begun: true });
  const adopted = adoptForAgent(
    asked.state,
    { receipt: 'x', by: 'ann', at: 6 },
    reading({ gates: { commands: 'deny' } }),
  );
  expect(adopted.state.spec.policy.gates.commands.value).toBe('deny');
});

test('each change is said with its field, both values and the layer', () => {
  expect(listPolicyChanges(policyOf(), policyOf({ effects: { secret: 'deny' }, gates: { commands: 'ask' } }))).toEqual([
    'gates.commands: "allow" → "ask" (run)',
    'effects.secret: null → "deny" (run)',
  ]);
});

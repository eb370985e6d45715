import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createAgent } from '../../src/core/agent.ts';
import { advanceAgent } from '../../src/core/agent-events.ts';
import { receiveForAgent } from '../../src/core/agent-messages.ts';
import type { Answer, Decision } from '../../src/core/control.ts';
import { listOpenDecisions } from '../../src/core/control.ts';
import type { Control } from '../../src/core/control.ts';
import type { Policy } from '../../src/core/policy.ts';
import { receiveForRefactor } from '../../src/core/refactor-messages.ts';
import type { Subject } from '../../src/core/signed-text.ts';
import { planOf, policyOf, randomFrom, sha, shell, specOf, thought } from './builders.ts';
import { approver, armor, deliver, sign } from './signers.ts';
import { World } from './world.ts';

/** Workflow time of everything here, so that a key may have expired. */
const NOW = Date.parse('2026-06-01T00:00:00Z');
const PAST = '2026-05-01T00:00:00Z';

/** Ann and Bob may decide all; Carl only answers; Dora's key has expired; Rita asked for it all; Mallory is nobody. */
const DECISIONS: Policy['decisions'] = {
  signatures: 'required',
  selfApproval: 'deny',
  approvers: [
    approver('ann'),
    approver('bob'),
    approver('carl', { may: ['question'] }),
    approver('dora', { validBefore: PAST }),
    approver('rita'),
  ],
};

interface Gate {
  control(): Control;
  subject(decision: Decision): Subject;
  send(input: object, meanwhile?: () => void): Answer;
}

function refactorGate(run: World): Gate {
  return {
    control: () => run.refactor.control,
    subject: (decision) => ({ ...decision, workflow: 'r' }),
    send: (input, meanwhile) =>
      deliver(
        () => run.refactor,
        (state) => (run.refactor = state),
        (state, verified) => receiveForRefactor(state, 'approve', [input], NOW, verified),
        meanwhile,
      ),
  };
}

function newWorld(): World {
  const script = { plan: planOf({ id: 'a' }), random: randomFrom(1), callsPerTask: 1 };
  const run = new World(script, { requestedBy: 'Rita', policy: { decisions: DECISIONS } });
  run.now = NOW;
  run.settle();
  return run;
}

let nonce = 0;
const freshId = (): string => `m${nonce++}`;

/** Approves what is open, as Ann should. */
function approve(gate: Gate): Answer {
  const [decision] = listOpenDecisions(gate.control());
  if (!decision) throw new Error('nothing is open');
  return gate.send(sign('ann', gate.subject(decision), 'approve', { id: freshId(), decision: decision.id }));
}

/** Every kind of state in which somebody may send an approval. */
const STATES: Record<string, () => Gate> = {
  'plan gate': () => refactorGate(newWorld()),
  'plan gate of a revised plan': () => {
    const run = newWorld();
    const version = 1;
    const plan = planOf({ id: 'z' });
    const { state } = receiveForRefactor(run.refactor, 'reject', ['plan@1'], NOW);
    run.refactor = { ...state, control: { ...state.control, decisions: [] } };
    const revise = { version, plan, id: freshId() };
    const digest = run.refactor.plan?.digest ?? '';
    deliver(
      () => run.refactor,
      (next) => (run.refactor = next),
      (next, verified) =>
        receiveForRefactor(
          next,
          'revisePlan',
          [sign('bob', subjectOfPlan('r', { version, digest }, plan), 'revisePlan', revise)],
          NOW,
          verified,
        ),
    );
    return refactorGate(run);
  },
  'delivery gate': () => {
    const run = newWorld();
    const gate = refactorGate(run);
    approve(gate);
    run.settle();
    return gate;
  },
  'call of an agent': () => {
    const policy = policyOf({ gates: { commands: 'ask' }, decisions: DECISIONS });
    let state = createAgent('r/lib.1', specOf({ policy, requestedBy: 'rita' }));
    state = advanceAgent(state, { kind: 'began', at: NOW, head: sha('root') });
    state = advanceAgent(state, thought(state, NOW, shell('c1', 'rm -r lib')));
    return {
      control: () => state.control,
      subject: (decision) => ({ ...decision, workflow: 'r/lib.1' }),
      send: (input, meanwhile) =>
        deliver(
          () => state,
          (next) => (state = next),
          (next, verified) => receiveForAgent(next, 'approve', [input], NOW, true, verified),
          meanwhile,
        ),
    };
  },
};

import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { AgentState } from '../../src/core/agent/state.ts';
import { ruleOnCall } from '../../src/core/agent/rule-on-call.ts';
import { digestDelivery } from '../../src/core/refactor/delivery.ts';
import type { Finding } from '../../src/core/effects/findings.ts';
import { isScopeKind } from '../../src/core/policy/decision-kinds.ts';
import type { Policy } from '../../src/core/policy/policy.ts';
import { deliverySubject } from '../../src/core/refactor/warrants.ts';
import type { Proposal } from '../../src/core/agent/step.ts';
import { viewRefactor } from '../../src/core/views/status.ts';
import { planOf, randomFrom, shell } from './builders.ts';
import { World } from './world.ts';
import { sweep } from '../sweep.ts';

const FINDINGS: Finding[] = [
  { kind: 'secret', path: 'a/x', line: 1, excerpt: '+ key', risk: 'high', why: 'it looks like a key' },
  { kind: 'binary', path: 'a/y', excerpt: '', risk: 'medium', why: 'bytes' },
];
const POLICIES: Policy[] = [
  {},
  { gates: { commands: 'ask' } },
  { effects: { secret: 'deny' } },
  { effects: { binary: 'ask' }, gates: { scope: 'deny' } },
  { decisions: { bound: 'required' } },
  { review: { model: 'second', actions: 1 } },
];

/** A call that the built-in rules allow, ask about or deny. */
function anyCall(random: () => number): (state: AgentState) => Proposal {
  return ({ step }) => {
    const call = shell(`c${step}`, `work ${step}`);
    const roll = random();
    if (roll < 0.6) return { ...call, judged: { outcome: 'allow', rule: null, reason: 'nothing' } };
    if (roll < 0.8) return { ...call, judged: { outcome: 'ask', rule: 'r', reason: 'it asks' } };
    return roll < 0.9 ? { ...call, judged: { outcome: 'deny', rule: 'r', reason: 'it is denied' } } : call;
  };
}

/** Approves and rejects open decisions as people do, mostly with the right digest. */
function answer(run: World, random: () => number): void {
  for (const { id, kind, digest } of viewRefactor(run.refactor).needs) {
    const seen = random() < 0.1 ? 'f'.repeat(64) : digest;
    const roll = random();
    if (kind === 'question') run.send('answer', { question: id, text: 'yes' });
    else if (roll < 0.75) run.send('approve', { decision: id, digest: seen, by: 'ann' });
    else if (roll < 0.95) run.send('reject', { decision: id, note: 'no', by: 'bob' });
  }
  if (random() < 0.3) run.send('resume');
}

function play(seed: number): World {
  const random = randomFrom(seed);
  const policy = POLICIES[Math.floor(random() * POLICIES.length)] ?? {};
  const script = {
    plan: planOf({ id: 'a' }, { id: 'b' }, { id: 'c', dependsOn: ['a'] }),
    random,
    callsPerTask: 3,
    checks: ['t'],
    command: anyCall(random),
    findings: () => FINDINGS.filter(() => random() < 0.2),
    isOutside: () => random() < 0.2,
    isRed: () => random() < 0.2,
  };
  const run = new World(script, { policy });
  for (let round = 0; round < 60 && run.done === null; round++) {
    for (let moves = Math.floor(random() * 12); moves > 0; moves--) {
      run.stepRefactor();
      for (const id of run.agents.keys()) run.stepAgent(id);
    }
    answer(run, random);
  }
  return run;
}

/** Whether exactly this act's call was decided: by a person if anything asked, else by policy. */
function isDecided({ state, allowedBy }: World['acts'][number]): boolean {
  const { pending, spec, control } = state;
  if (pending?.gate !== 'allowed') return false;
  const { outcome } = ruleOnCall(spec.policy, pending);
  const review = state.reviews?.findLast(({ head }) => head === state.head);
  if (spec.policy.review?.actions?.value === 1 && !review) return false;
  if (outcome === 'allow' && !review?.asked) return allowedBy.startsWith('policy gates.commands');
  const decision = control.decisions.find(({ id }) => id === pending.decision);
  return outcome !== 'deny' && decision?.closed?.outcome === 'approved' && decision.digest === pending.digest;
}

test('in random runs no act is without its decision, and no commit is delivered that was not approved as it is', () => {
  const seen = { acts: 0, asked: 0, deliveries: 0, overreaches: 0 };
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const run = play(seed);
      for (const act of run.acts) expect(isDecided(act)).toBe(true);
      for (const { commit, state } of run.deliveries) {
        const digest = digestDelivery(deliverySubject(state, commit));
        const approved = state.control.decisions.some(
          (one) => one.kind === 'delivery' && one.digest === digest && one.closed?.outcome === 'approved',
        );
        expect(approved).toBe(true);
        expect(state.evidenceFor).toBe(commit);
      }
      for (const { path, allowed } of run.overreaches) expect(allowed).toContain(path);
      seen.acts += run.acts.length;
      seen.asked += run.acts.filter(({ allowedBy }) => allowedBy.startsWith('ann')).length;
      seen.deliveries += run.deliveries.length;
      seen.overreaches += run.overreaches.length;
    }),
    { numRuns: sweep(80, 300) },
  );
  // Each of these must have happened, or the test showed nothing.
  expect(Math.min(seen.acts, seen.asked, seen.deliveries, seen.overreaches)).toBeGreaterThan(0);
});

test('in random runs no agent finishes with effects that policy denied, or that a person was asked about and did not keep', () => {
  let undone = 0;
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      for (const { control, restore, outcome, nudges } of play(seed).agents.values()) {
        const rejected = control.decisions.filter(
          ({ kind, closed }) => isScopeKind(kind) && closed?.outcome === 'rejected',
        );
        undone += rejected.length;
        // The next think puts files back, so no restore may be left when the agent ends.
        if (outcome?.kind === 'finished') expect({ restore, nudges }).toEqual({ restore: null, nudges: [] });
        const open = control.decisions.filter(({ closed }) => !closed);
        if (outcome) expect(open).toEqual([]);
      }
    }),
    { numRuns: sweep(40, 150) },
  );
  expect(undone).toBeGreaterThan(0);
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { listOpenDecisions } from '../../../src/core/decisions/open-decisions.ts';
import {
  approvalBy,
  ATTACKS,
  decisionsOf,
  newWorld,
  openAt,
  refactorGate,
  sceneAt,
  STATES,
} from '../approval-attacks.ts';
import type { Gate } from '../approval-attacks.ts';
import { policyOf } from '../builders.ts';
import { Keys, plainKeys } from '../signers.ts';

const keys = new Keys(plainKeys);

test('with signatures required, of thousands of stale, replayed, forged, self-made, foreign or unauthorised approvals none counts', async () => {
  let sent = 0;
  const tried = new Set<string>();
  const attack = fc.tuple(fc.constantFrom(...Object.keys(ATTACKS)), fc.constantFrom('ann' as const, 'bob' as const));
  const attacks = fc.array(attack, { minLength: 1, maxLength: 15 });
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...Object.keys(STATES)), attacks, async (place, made) => {
      const gate = (await STATES[place]?.(keys)) as Gate;
      for (const [kind, who] of made) {
        const before = listOpenDecisions(gate.control());
        const input = ATTACKS[kind]?.(sceneAt(gate), who) ?? {};
        expect(await gate.send(input), `${kind} at the ${place}`).toMatchObject({ kind: 'refused' });
        expect(listOpenDecisions(gate.control())).toEqual(before);
        expect(gate.control().receipts.at(-1)).toMatchObject({ state: 'refused' });
        tried.add(`${place}: ${kind}`);
        sent++;
      }
      // They were refused for their fault: an approval without a fault counts at once.
      expect(await gate.send(approvalBy(gate, 'ann'))).toMatchObject({ kind: 'applied' });
      expect(listOpenDecisions(gate.control())).toEqual([]);
    }),
    { numRuns: 600 },
  );
  expect(sent).toBeGreaterThan(2000);
  expect(tried.size).toBe(Object.keys(STATES).length * Object.keys(ATTACKS).length);
});

describe('what changes while a signature is being verified', () => {
  test.each(Object.keys(STATES))('leaves an approval without effect where another was faster: %s', async (place) => {
    const gate = (await STATES[place]?.(keys)) as Gate;
    const { id } = openAt(gate);
    const answer = await gate.send(approvalBy(gate, 'bob'), () => gate.send(approvalBy(gate, 'ann')));
    expect(answer).toMatchObject({ kind: 'refused' });
    const closed = gate.control().decisions.find((decision) => decision.id === id)?.closed;
    expect(closed).toMatchObject({ outcome: 'approved', by: 'ann' });
  });

  test('leaves it without effect where its signer is no approver any more', async () => {
    const run = newWorld(decisionsOf(keys));
    const gate = refactorGate(keys, run);
    const answer = await gate.send(approvalBy(gate, 'ann'), () => {
      const policy = policyOf({ decisions: { ...decisionsOf(keys), approvers: [keys.approver('bob')] } });
      run.refactor = { ...run.refactor, policy };
    });
    const detail = expect.stringContaining('changed while the signature was verified') as string;
    expect(answer).toMatchObject({ kind: 'refused', detail });
    expect(openAt(gate)).toMatchObject({ id: 'plan@1' });
  });
});

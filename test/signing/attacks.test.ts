import { expect, test } from 'vitest';
import { listOpenDecisions } from '../../src/core/decisions/open-decisions.ts';
import type { Gate } from '../core/approval-attacks.ts';
import { approvalBy, ATTACKS, sceneAt, STATES } from '../core/approval-attacks.ts';
import { Keys } from '../core/signers.ts';
import { realKeys } from './real-keys.ts';

test.each(Object.keys(STATES))('no faulty approval counts, with real keys either: %s', async (place) => {
  const gate = (await STATES[place]?.(new Keys(realKeys()))) as Gate;
  const before = listOpenDecisions(gate.control());
  for (const [kind, attack] of Object.entries(ATTACKS)) {
    expect(await gate.send(attack(sceneAt(gate), 'ann')), kind).toMatchObject({ kind: 'refused' });
    expect(listOpenDecisions(gate.control()), kind).toEqual(before);
  }
  expect(await gate.send(approvalBy(gate, 'ann'))).toMatchObject({ kind: 'applied' });
  expect(listOpenDecisions(gate.control())).toEqual([]);
});

/**
 * What tests of signed decisions share: a run of one task, and messages that somebody signs by hand.
 * Rule: the text is made of what a query shows, as the documentation says, and not by the code that verifies it.
 */
import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import type { NeedView } from '../../src/core/views/status.ts';
import type { Policy } from '../../src/core/policy/policy.ts';
import type { MessageResult } from '../../src/core/decisions/receipts.ts';
import { updates } from '../../src/workflows/messages.ts';
import { Keys } from '../core/signers.ts';
import type { RealKeys } from '../signing/real-keys.ts';
import type { Script } from './harness.ts';
import { finish, onePlan, planned, shell, until } from './harness.ts';

export const ONE_TASK: Script = ({ task, turn }) => {
  if (task === 'plan') return planned(onePlan({ id: 'a', paths: ['a/**'] }));
  return turn === 0 ? shell('echo new > a/new.txt') : finish();
};

/** Policy by which ann and bob decide, by signature. */
export function decisionsOf(keys: RealKeys, rest: Policy['decisions'] = {}): Policy {
  const people = new Keys(keys);
  return {
    decisions: { signatures: 'required', approvers: [people.approver('ann'), people.approver('bob')], ...rest },
  };
}

/** What somebody signs who has nothing but the documentation, `jq` and ssh-keygen. */
export function textOf(verdict: string, message: string, { toSign }: NeedView, more: object = {}): string {
  const text = { ...toSign, expiresAt: null, message, noteDigest: null, verdict, ...more };
  return JSON.stringify(Object.fromEntries(Object.entries(text).toSorted(([a], [b]) => (a < b ? -1 : 1))));
}

export async function needOf(handle: WorkflowHandle, id: string): Promise<NeedView> {
  const { needs } = await until(handle, (now) => now.needs.some((need) => need.id === id));
  return needs.find((need) => need.id === id) as NeedView;
}

/** A signed message about an open decision. */
export async function signed(keys: RealKeys, who: string, handle: WorkflowHandle, decision: string): Promise<object> {
  const need = await needOf(handle, decision);
  const id = randomUUID();
  const signature = keys.signText(who, textOf('approve', id, need));
  return { decision, id, by: who, signature };
}

export async function approveAs(
  keys: RealKeys,
  who: string,
  handle: WorkflowHandle,
  decision: string,
): Promise<MessageResult> {
  return await handle.executeUpdate(updates.approve, { args: [await signed(keys, who, handle, decision)] });
}

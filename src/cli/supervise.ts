/**
 * Watches a refactor live and, where somebody decides, asks them: plan with ticks, each step as a line, spend, elapsed.
 * Rule: it only reads and sends verbs; ending it leaves the run as it is.
 */
import { createInterface } from 'node:readline/promises';
import { setTimeout as wait } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { Snapshot } from '../client/refactors.ts';
import { queryRun, readSnapshot, sendVerb } from '../client/refactors.ts';
import { showSpend } from '../core/details.ts';
import type { Plan } from '../core/plan.ts';
import { asBlock, asLine as safe } from '../core/text/lines.ts';
import type { RefactorStatus } from '../core/views.ts';
import { showElapsed, showPlan, showTicks, sumSpend } from './show.ts';
import { signDecision } from './sign-decision.ts';

/** Often enough to look live, seldom enough to cost nothing: each look is a few queries. */
const POLL_MS = 400;

type Need = RefactorStatus['needs'][number];

/** Answers a decision, or leaves it open for others. */
export type Decide = (
  need: Need,
  plan: Plan | undefined,
) => Promise<{ verb: 'approve' | 'reject'; note?: string } | undefined>;

export interface Supervision {
  client: Client;
  id: string;
  by: string;
  say: (line: string) => void;
  decide?: Decide;
  /** Stops watching when it is aborted. */
  signal?: AbortSignal;
}

/** Shows what happens until the refactor ends or the watching is aborted; gives the last status. */
export async function supervise(supervision: Supervision): Promise<RefactorStatus | undefined> {
  const { client, id, say, signal } = supervision;
  const startedAt = Date.now();
  const said = new Set<string>();
  const asked = new Set<string>();
  let ticks = '';
  let snapshot: Snapshot | undefined;
  while (!signal?.aborted) {
    snapshot = await readSnapshot(client, id, snapshot);
    const { status } = snapshot;
    for (const { at, text } of snapshot.log) {
      const key = `${at} ${text}`;
      if (!said.has(key)) say(`  ${safe(text)}`);
      said.add(key);
    }
    const now = showTicks(status);
    if (now !== ticks && now !== '') {
      say(`${now}   ${showSpend(sumSpend(snapshot))}, ${showElapsed(Date.now() - startedAt)}`);
    }
    ticks = now;
    if (['done', 'failed', 'stopped'].includes(status.state)) return status;
    for (const need of status.needs) {
      if (asked.has(need.id)) continue;
      asked.add(need.id);
      await answer(supervision, need);
    }
    await wait(POLL_MS, undefined, signal ? { signal } : {}).catch(() => undefined);
  }
  return undefined;
}

async function answer({ client, id, by, say, decide }: Supervision, need: Need): Promise<void> {
  const plan = need.kind === 'plan' ? (await queryRun<{ plan: Plan } | null>(client, id, 'plan'))?.plan : undefined;
  say(`DECIDE ${safe(need.id)}`);
  say(plan ? showPlan(plan) : asBlock(need.about));
  const choice = await decide?.(need, plan);
  if (!choice) {
    const verbs =
      need.kind === 'question'
        ? `cox answer ${id} "…"`
        : `cox approve ${id} ${need.id}   or   cox reject ${id} ${need.id}`;
    say(`  waits for: ${verbs}`);
    return;
  }
  const { verb, note } = choice;
  const input = { decision: need.id, digest: need.digest, by, ...(note ? { note } : {}) };
  const signed = await signDecision({ client, id, verb, fields: input, say });
  const { kind, detail } = await sendVerb(client, id, verb, signed);
  say(`  ${kind}: ${safe(detail)}`);
}

/** Asks the person at the terminal: y approves, n rejects, anything else rejects with these words as the note. */
export const askPerson: Decide = async (need) => {
  if (need.kind === 'question') return undefined;
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const text = (
      await terminal.question(`Approve ${need.id}? [y = yes, n = no, or a note to reject it with] `)
    ).trim();
    if (/^y(es)?$/i.test(text)) return { verb: 'approve' };
    if (text === '') return undefined;
    return /^no?$/i.test(text) ? { verb: 'reject' } : { verb: 'reject', note: text };
  } finally {
    terminal.close();
  }
};

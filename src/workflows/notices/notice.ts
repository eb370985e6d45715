/**
 * The workflow type `notice`: tells one receiver one piece of news of a refactor, also after that has ended.
 * Rule: at least once, with the same id in each attempt. A receiver that does not take it is tried again for a day; its
 * refactor is told why, and nothing waits for it.
 */
import { getExternalWorkflowHandle, proxyActivities, sleep } from '@temporalio/workflow';
import type { ControlActivities } from '../../activities/attempt/contract.ts';
import type { NoticeReport } from '../../core/notices/due.ts';
import type { NotifyInput } from '../../core/refactor/exchange.ts';
import { sealed } from '../../core/sealed.ts';
import { noticeSignal } from '../messages.ts';
import { exchangeWith } from '../sealed-activities.ts';
import type { Starter } from '../seals.ts';
import { openNotice } from '../seals.ts';

/** An activity whose worker died is done again; what a receiver says is a value. */
const SHARED = {
  startToCloseTimeout: '2 minutes',
  retry: { initialInterval: '1 second', maximumInterval: '1 minute' },
} as const;
/** Between two attempts, twice as long after each. */
const FIRST_WAIT_MS = 5_000;
const LAST_WAIT_MS = 3_600_000;
/** A receiver that is away for longer is not one that people rely on. */
const MAX_WAIT_MS = 86_400_000;

export async function notice(...inputs: unknown[]): Promise<'sent' | 'given up'> {
  const { input, starter } = openNotice<NotifyInput>(inputs[0]);
  const control = exchangeWith(proxyActivities<ControlActivities>(SHARED), true);
  const summary = `${input.notice.kind} to ${input.to}`;
  let told: string | null = null;
  for (let waited = 0, wait = FIRST_WAIT_MS; ; ) {
    const outcome = await control.notify.executeWithOptions({ summary }, [input]);
    if (outcome.kind === 'quiet') {
      await sleep(outcome.forMs, { summary: 'quiet hours' });
      continue;
    }
    const problem = outcome.kind === 'sent' ? null : outcome.reason;
    if (problem !== told) await report(starter, { to: input.to, problem });
    told = problem;
    if (outcome.kind === 'sent') return 'sent';
    if (outcome.isFinal || waited >= MAX_WAIT_MS) return 'given up';
    await sleep(wait, { summary: `again to ${input.to}` });
    waited += wait;
    wait = Math.min(2 * wait, LAST_WAIT_MS);
  }
}

/** Tells the refactor. One that has ended hears nothing any more. */
async function report({ workflow, company }: Starter, news: NoticeReport): Promise<void> {
  const said = sealed(['noticeReport', company, String(Date.now())], news);
  await getExternalWorkflowHandle(workflow)
    .signal(noticeSignal, said)
    .catch(() => undefined);
}

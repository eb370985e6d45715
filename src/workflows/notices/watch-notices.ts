/**
 * Starts a `notice` workflow for each piece of news of a refactor and each receiver, and notices when it stands still.
 * Rule: no command of the refactor waits for a receiver. News counts as told once its workflows have started, so that a
 * run that continues as new, or ends, forgets none.
 */
import { CancellationScope, condition, ParentClosePolicy, sleep, startChild, workflowInfo } from '@temporalio/workflow';
import { nextNotice, noteStall, noteTold } from '../../core/notices/due.ts';
import { isAtWork, progressOf, usualMsOf } from '../../core/notices/stalls.ts';
import { receiversOf } from '../../core/policy/notify-field.ts';
import type { NotifyInput } from '../../core/refactor/exchange.ts';
import type { RefactorState } from '../../core/refactor/state.ts';
import { runMark, sealed } from '../../core/sealed.ts';
import { code } from '../../core/text/markdown.ts';
import { refactorState } from '../../core/views/status.ts';
import { companyMark } from '../hear.ts';
import { notice } from './notice.ts';

type Read = () => RefactorState;
type Update = (state: RefactorState) => void;

/** Tells receivers what there is to tell. It goes on until its workflow ends. */
export function watchNotices(read: Read, update: Update): void {
  void CancellationScope.nonCancellable(async () => await tellNews(read, update));
  void CancellationScope.nonCancellable(async () => await findStalls(read, update));
}

/** Whether there is news that nobody was told of yet. */
export function hasNews(state: RefactorState): boolean {
  return nextNotice(state, 0) !== undefined;
}

async function tellNews(read: Read, update: Update): Promise<never> {
  for (;;) {
    await condition(() => hasNews(read()));
    const due = nextNotice(read(), Date.now());
    if (!due) continue;
    const { key, notice: news, receivers } = due;
    await Promise.all(receivers.map(async ({ to, quiet }) => await begin({ notice: news, to, quiet })));
    update(noteTold(read(), key));
  }
}

async function begin(input: NotifyInput): Promise<void> {
  const { workflowId, runId } = workflowInfo();
  try {
    await startChild(notice, {
      workflowId: `${workflowId}/notice-${input.notice.id}-${input.to}`,
      args: [sealed(['notice', runMark(runId), companyMark()], input)],
      // It outlives the run that it tells of.
      parentClosePolicy: ParentClosePolicy.ABANDON,
      staticSummary: code(input.notice.text, 150),
    });
  } catch {
    // The run before this one has started it already.
  }
}

/** Looks now and then whether anything has moved since the last look. */
async function findStalls(read: Read, update: Update): Promise<never> {
  const isWanted = (): boolean => receiversOf(read().policy.notify?.value ?? [], 'stalls').length > 0;
  for (;;) {
    await condition(() => isWanted() && isAtWork(read()));
    const before = progressOf(read());
    await sleep(usualMsOf(refactorState(read())), { summary: 'does anything move?' });
    if (isWanted() && isAtWork(read()) && progressOf(read()) === before) update(noteStall(read(), before));
  }
}

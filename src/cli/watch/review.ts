/**
 * `cox review`: what reviewers said of a refactor's results, and what reviews were worth over many refactors.
 * Rule: figures come from what runs themselves keep; a run that can't be asked any more is counted as such.
 */
import type { Client } from '@temporalio/client';
import type { Command } from 'commander';
import { queryRun } from '../../client/refactors.ts';
import { escapeForPeople as safe } from '../../core/text/escape.ts';
import type { Review } from '../../core/review/review.ts';
import { renderVerdict } from '../../core/review/review.ts';
import type { ReviewedRefactor, ReviewStats } from '../../core/review/stats.ts';
import { measureReviews } from '../../core/review/stats.ts';
import { shorten } from '../../core/text/lines.ts';
import { agentQueries, refactorQueries } from '../../workflows/messages.ts';
import type { Action } from '../command/action.ts';
import { addExample, EXAMPLE_ID } from '../command/help.ts';
import { withStack } from '../stack/open-stack.ts';

/** Refactors that are asked: the newest. */
const MOST = 500;
const QUERY = "WorkflowType = 'refactor'";

/** Adds `review show` and `review stats` to the program. */
export function addReview(program: Command, action: Action): void {
  const review = program.command('review').description('what the second model said, and what it was worth');
  const shown = review
    .command('show')
    .description("its verdicts on a refactor's calls and results, and what people decided")
    .argument('<id>', 'the refactor')
    .action(action(async (id: string) => await withStack(async ({ client }) => await show(client, id))));
  addExample(shown, [EXAMPLE_ID]);
  const measured = review
    .command('stats')
    .description('override rate, false alarms and misses over the newest refactors')
    .option('--json', 'as JSON')
    .action(
      action(async ({ json }: { json?: boolean }) => await withStack(async ({ client }) => await stats(client, json))),
    );
  addExample(measured, []);
}

async function show(client: Client, id: string): Promise<number> {
  for (const review of await readReviews(client, id)) console.log(showReview(review));
  return 0;
}

/** The reviews of a refactor's results, and before them those of its agents' calls. */
async function readReviews(client: Client, id: string): Promise<Review[]> {
  const results = await queryRun(client, id, refactorQueries.reviews);
  const calls: Review[][] = [];
  const query = `WorkflowType = 'agent' AND WorkflowId STARTS_WITH '${id.replaceAll(/['\\]/g, '\\$&')}/'`;
  for await (const { workflowId } of client.workflow.list({ query }))
    calls.push(await queryRun(client, workflowId, agentQueries.reviews));
  return [...calls.flat(), ...results];
}

/** One review as lines. */
export function showReview(review: Review): string {
  const { task, head, call, missing, decided } = review;
  const about = `${safe(task)} ${call === undefined ? head.slice(0, 10) : `call ${safe(shorten(call, 100))}`}`;
  if (missing === 'not due') return `${about}: not due`;
  const said = renderVerdict(review).map((line) => `  ${line}`);
  const end = decided ? [`  ${decided.outcome} by ${safe(decided.by)}`] : [];
  return [`${about}:`, ...said, ...end].join('\n');
}

async function stats(client: Client, json = false): Promise<number> {
  const known: ReviewedRefactor[] = [];
  let silent = 0;
  for await (const { workflowId } of client.workflow.list({ query: QUERY, pageSize: MOST })) {
    const read = await readRefactor(client, workflowId).catch(() => undefined);
    if (read) known.push(read);
    else silent += 1;
    if (known.length + silent >= MOST) break;
  }
  const measured = measureReviews(known);
  console.log(json ? JSON.stringify(measured, null, 2) : showStats(measured));
  if (silent > 0) console.error(`${silent} refactors could not be asked: no worker answers for them`);
  return 0;
}

async function readRefactor(client: Client, id: string): Promise<ReviewedRefactor> {
  const reviews = await readReviews(client, id);
  const { closed } = await queryRun(client, id, refactorQueries.decisions);
  const wasRejected = closed.some(
    (decision) => decision.kind === 'delivery' && decision.closed?.outcome === 'rejected',
  );
  return { reviews, wasRejected };
}

/** The figures as lines. */
export function showStats(measured: ReviewStats): string {
  const percent = (rate: number | null): string => (rate === null ? 'none yet' : `${(rate * 100).toFixed(1)} %`);
  const rows: [string, string][] = [
    ['refactors', String(measured.refactors)],
    ['reviewed', `${measured.reviewed}, and ${measured.notDue} that were not due`],
    ['people were asked', `${measured.asked} times (${percent(measured.askRate)}), ${measured.open} not answered yet`],
    ['doubt confirmed', String(measured.confirmed)],
    ['false alarms', `${measured.overridden} (override rate ${percent(measured.overrideRate)})`],
    ['misses', `${measured.missed} results and calls let pass that people then rejected`],
  ];
  return rows.map(([name, value]) => `${name.padEnd(18)} ${value}`).join('\n');
}

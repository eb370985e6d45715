/**
 * `review`: another model looks at a task's result before it is integrated.
 * Rule: a verdict is kept in the hub before the workflow hears of it, and one that is there is never asked for again;
 * where none can be had, a person has to look.
 */
import { MAX_DIFF_BYTES, MAX_REVIEW_OUTPUT, renderReviewRequest, REVIEW_INSTRUCTIONS } from '../core/review.ts';
import type { Review, ReviewInput, Verdict } from '../core/review.ts';
import { digestText } from '../core/digest.ts';
import { safeJson } from '../core/escape.ts';
import { worse, worstRisk } from '../core/findings.ts';
import { checkToolCall } from '../core/tools.ts';
import type { Sha } from '../core/transcript.ts';
import { commitTree } from '../git/commit-tree.ts';
import { diffText } from '../git/diff-stat.ts';
import { moveRef } from '../git/move-ref.ts';
import { readLink } from '../git/read-chain.ts';
import { readRef } from '../git/read-ref.ts';
import type { Store } from '../git/store.ts';
import { ensureCommit, treeOf } from '../git/store.ts';
import type { ModelAnswer } from '../model/call-model.ts';
import { ownWorkflowId, refBeside } from './chain.ts';
import type { ActivityContext } from './context.ts';
import { storeOf } from './context.ts';
import type { ModelActivities } from './contract.ts';
import { findEffects } from './look-at-effects.ts';
import { withHeartbeats } from './perform.ts';

/** Tries of a reviewer that hands in nothing that can be read. */
const TRIES = 2;

export function createReview(context: ActivityContext): ModelActivities['review'] {
  return (input) =>
    withHeartbeats(async (signal) => {
      const store = await storeOf(context, input.repository);
      for (const commit of [input.start, input.head]) await ensureCommit(store, { commit });
      const ref = refBeside('refactors', ownWorkflowId(), `review-${input.head.slice(0, 16)}`);
      const at = await readRef(store, ref);
      if (at) return await readReview(store, ref, at);
      const review = await makeReview(context, store, input, signal);
      await keepReview(store, ref, review);
      return review;
    });
}

async function makeReview(
  { model }: ActivityContext,
  store: Store,
  { task, start, head, model: name, sample, atRisk }: ReviewInput,
  signal: AbortSignal,
): Promise<Review> {
  const context = { paths: task.paths, task: `${task.title}\n${task.instructions}` };
  const { findings } = await findEffects(store, start, head, context);
  const risk = worstRisk(findings);
  const none = { task: task.id, head, verdict: null, model: null, usage: null };
  const isDue = worse(risk, atRisk) === risk || drawOf(head) < sample;
  if (!isDue) return { ...none, missing: 'not due' };
  const text = renderReviewRequest(
    task,
    findings,
    await diffText(store, { from: start, to: head, maxBytes: MAX_DIFF_BYTES }),
  );
  const usage = { inputTokens: 0, cachedTokens: 0, outputTokens: 0, costUsd: 0 as number | null };
  let said = name;
  for (let tries = 0; tries < TRIES; tries += 1) {
    const answer = await model.call({
      model: name,
      instructions: REVIEW_INSTRUCTIONS,
      items: [{ kind: 'user', text }],
      profile: 'review',
      cacheKey: 'review',
      maxOutputTokens: MAX_REVIEW_OUTPUT,
      signal,
    });
    said = answer.model;
    usage.inputTokens += answer.usage.inputTokens;
    usage.cachedTokens += answer.usage.cachedTokens;
    usage.outputTokens += answer.usage.outputTokens;
    usage.costUsd =
      usage.costUsd === null || answer.usage.costUsd === null ? null : usage.costUsd + answer.usage.costUsd;
    const verdict = readVerdict(answer);
    if (verdict) return { ...none, verdict, missing: null, model: said, usage };
  }
  return { ...none, missing: 'no answer', model: said, usage };
}

/** Where in a draw from 0 to 1 a result stands: the same for each attempt, and not the agent's to choose twice. */
function drawOf(head: Sha): number {
  return Number.parseInt(digestText(`review ${head}`).slice(0, 8), 16) / 2 ** 32;
}

function readVerdict({ items }: ModelAnswer): Verdict | null {
  const call = items.find((item) => item.kind === 'call');
  if (!call) return null;
  const checked = checkToolCall('review', call.tool, call.arguments);
  return checked.kind === 'ok' ? (checked.arguments as Verdict) : null;
}

/** One commit on the result, of its very tree: the message has the review. Beside the refs of its refactor. */
async function keepReview(store: Store, ref: string, review: Review): Promise<void> {
  const { head, verdict, missing } = review;
  const subject = `review of ${review.task}: ${verdict ? `suspicion ${verdict.suspicion}` : missing}`;
  const message = `${subject}\n\n${safeJson(review)}\n`;
  const commit = await commitTree(store, { tree: await treeOf(store, head), parents: [head], message });
  await moveRef(store, { ref, to: commit, from: null });
}

async function readReview(store: Store, ref: string, at: Sha): Promise<Review> {
  await ensureCommit(store, { commit: at, ref });
  const { message } = await readLink(store, at);
  return JSON.parse(message.slice(message.indexOf('\n\n') + 2)) as Review;
}

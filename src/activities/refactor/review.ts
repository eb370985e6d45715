/**
 * `review` and `reviewCall`: a second model looks at a task's result before it is integrated, and at a call before it
 * runs.
 * Rule: a verdict is stored in the hub before the workflow hears of it, and a stored verdict is never asked for again.
 * Without a verdict, a person has to look.
 */
import {
  CALL_REVIEW_INSTRUCTIONS,
  MAX_DIFF_BYTES,
  renderCallReviewRequest,
  renderReviewRequest,
  REVIEW_INSTRUCTIONS,
  REVIEW_OUTPUT_TOKENS,
} from '../../core/review/review.ts';
import type { CallReviewInput, Review, ReviewInput } from '../../core/review/review.ts';
import { digestCall, drawFrom } from '../../core/digest.ts';
import { safeJson } from '../../core/text/escape.ts';
import { worstRisk } from '../../core/effects/findings.ts';
import { worse } from '../../core/risk.ts';
import { harmless } from '../../core/text/harmless.ts';
import { checkToolCall } from '../../core/agent/tools.ts';
import type { Sha, Usage } from '../../core/transcript.ts';
import { addUsage } from '../../core/spend.ts';
import type { Verdict } from '../../core/review/verdict.ts';
import { commitTree } from '../../git/write/commit-tree.ts';
import { diffText } from '../../git/read/diff-stat.ts';
import { ensureCommit } from '../../git/remote/fetch-commit.ts';
import { moveRef } from '../../git/remote/move-ref.ts';
import { readChain, readLink } from '../../git/read/read-chain.ts';
import { readRef } from '../../git/remote/read-ref.ts';
import type { Store } from '../../git/store.ts';
import { treeOf } from '../../git/objects/tree-of.ts';
import type { ModelResponse } from '../../model/call-model.ts';
import { ownWorkflowId, refBeside, runRef } from '../attempt/chain.ts';
import type { ActivityContext } from '../attempt/context.ts';
import { storeOf } from '../attempt/context.ts';
import type { ModelActivities } from '../attempt/contract.ts';
import { fail } from '../attempt/failures.ts';
import { findEffects } from '../attempt/look-at-effects.ts';
import { withHeartbeats } from '../attempt/heartbeats.ts';

/** Earlier calls that the reviewer also sees, because one deed can be split into many calls. */
const EARLIER_CALLS = 20;

export function createReview(context: ActivityContext): ModelActivities['review'] {
  return (input) =>
    withHeartbeats(async (signal) => {
      const store = await storeOf(context, input.repository);
      for (const commit of [input.start, input.head]) await ensureCommit(store, { commit });
      const ref = refBeside('refactors', ownWorkflowId(), `review-${input.head.slice(0, 16)}`);
      return await readOrMake(store, ref, async () => await makeReview(context, store, input, signal));
    });
}

export function createReviewCall(context: ActivityContext): ModelActivities['reviewCall'] {
  return (input) =>
    withHeartbeats(async (signal) => {
      const store = await storeOf(context, input.repository);
      await ensureCommit(store, { commit: input.head, ref: runRef('agents') });
      const ref = refBeside('agents', ownWorkflowId(), `review-${input.head.slice(0, 16)}`);
      return await readOrMake(store, ref, async () => await makeCallReview(context, store, input, signal));
    }, input);
}

/** The review that an earlier attempt stored, or a new one. */
async function readOrMake(store: Store, ref: string, make: () => Promise<Review>): Promise<Review> {
  const at = await readRef(store, ref);
  if (at) return await readReview(store, ref, at);
  const review = await make();
  await storeReview(store, ref, review);
  return review;
}

async function makeCallReview(
  context: ActivityContext,
  store: Store,
  input: CallReviewInput,
  signal: AbortSignal,
): Promise<Review> {
  const { task, head, start, callId, digest, summary, model } = input;
  const chain = await readChain(store, { base: start, head });
  const calls = chain.flatMap(({ entry }) => entry?.items.filter((item) => item.kind === 'call') ?? []);
  const call = calls.findLast((one) => one.callId === callId);
  if (!call || digestCall(call) !== digest)
    throw fail('DigestMismatch', `call ${callId} is not reviewed: its digest is not the one that was asked for`);
  const shown = calls.slice(0, calls.lastIndexOf(call)).map((one) => `${one.tool} ${one.arguments}`);
  const text = renderCallReviewRequest(input, `${call.tool} ${call.arguments}`, shown.slice(-EARLIER_CALLS));
  const reviewed = await askReviewer(context, { instructions: CALL_REVIEW_INSTRUCTIONS, text, model, signal });
  return { task: task.id, head, call: summary, ...reviewed };
}

async function makeReview(
  reviewers: ActivityContext,
  store: Store,
  { task, start, head, model, sample, atRisk }: ReviewInput,
  signal: AbortSignal,
): Promise<Review> {
  const context = { paths: task.paths, task: `${task.title}\n${task.instructions}` };
  const { findings } = await findEffects(store, start, head, context);
  const risk = worstRisk(findings);
  const about = { task: task.id, head };
  const isDue = worse(risk, atRisk) === risk || drawFrom(`review ${head}`) < sample;
  if (!isDue) return { ...about, verdict: null, model: null, usage: null, missing: 'not due' };
  const text = renderReviewRequest(
    task,
    findings,
    await diffText(store, { from: start, to: head, maxBytes: MAX_DIFF_BYTES }),
  );
  return { ...about, ...(await askReviewer(reviewers, { instructions: REVIEW_INSTRUCTIONS, text, model, signal })) };
}

async function askReviewer(
  { model }: ActivityContext,
  {
    instructions,
    text,
    model: name,
    signal,
  }: { instructions: string; text: string; model: string; signal: AbortSignal },
): Promise<Pick<Review, 'verdict' | 'missing' | 'model' | 'usage'>> {
  let usage: Usage = { inputTokens: 0, cachedTokens: 0, outputTokens: 0, costUsd: 0 };
  let said = name;
  // A second call, with more room, where the first response was cut off or has no readable verdict.
  for (const maxOutputTokens of REVIEW_OUTPUT_TOKENS) {
    const response = await model.call({
      model: name,
      instructions,
      items: [{ kind: 'user', text }],
      profile: 'review',
      cacheKey: 'review',
      maxOutputTokens,
      signal,
    });
    said = response.model;
    usage = addUsage(usage, response.usage);
    const verdict = readVerdict(response);
    if (verdict) return { verdict, missing: null, model: said, usage };
  }
  return { verdict: null, missing: 'no answer', model: said, usage };
}

function readVerdict({ items, stop }: ModelResponse): Verdict | null {
  if (stop === 'truncated') return null;
  const call = items.find((item) => item.kind === 'call');
  if (!call) return null;
  const checked = checkToolCall('review', call.tool, call.arguments);
  return checked.kind === 'ok' ? harmless(checked.arguments as Verdict) : null;
}

/** Stores a review as the message of a commit: a child of the result, with the same tree. */
async function storeReview(store: Store, ref: string, review: Review): Promise<void> {
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

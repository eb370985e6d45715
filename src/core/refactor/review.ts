/**
 * How a refactor orders and applies reviews: one for each result of a task, before it is integrated.
 * Rule: a missing verdict approves nothing. A verdict can make a person look, and nothing else.
 */
import type { Decision } from '../decisions/control.ts';
import { digestValue } from '../digest.ts';
import { canReview, describeHolders } from './budget.ts';
import { openDecision } from '../decisions/open-decisions.ts';
import type { RefactorCommand, RefactorState, TaskState } from './state.ts';
import { log, workAgain, findTask } from './work.ts';
import { isAsking, MAX_REVIEWS, renderVerdict } from '../review/review.ts';
import type { Review } from '../review/review.ts';
import type { Spend } from '../spend.ts';
import { NOTHING_SPENT, spendOn } from '../spend.ts';

/**
 * The review that a finished task needs before it is integrated. Undefined if policy names no reviewer, or the review
 * is done.
 */
export function orderReview(state: RefactorState, work: TaskState): RefactorCommand | undefined {
  const { review } = state.policy;
  const { start, head, task } = work;
  if (!review || review.model.value === null || !start || !head) return undefined;
  if (state.reviews.some((done) => done.head === head)) return undefined;
  if (!canReview(state)) return { kind: 'wait', why: { kind: 'budget', holders: describeHolders(state) } };
  const { id, title, instructions, paths } = task;
  const input = {
    repository: state.input.repository,
    task: { id, title, instructions, paths: [...paths, ...work.conflicts] },
    start,
    head,
    model: review.model.value,
    sample: review.sample.value,
    atRisk: review.atRisk.value,
  };
  return { kind: 'review', input };
}

/** Applies a review. If it makes a person look, the task's result waits for the decision. */
export function takeReview(state: RefactorState, at: number, review: Review): RefactorState {
  const isAsked = review.missing !== 'not due' && isAsking(review, state.policy.review?.askAt.value ?? 0);
  const reviews = [...state.reviews, { ...review, asked: isAsked }].slice(-MAX_REVIEWS);
  const [said = ''] = renderVerdict(review);
  const add = (to: Spend): Spend => (review.usage ? spendOn(to, review.usage) : to);
  const { reviewSpend = NOTHING_SPENT, spend } = state;
  const next = { ...state, reviews, reviewSpend: add(reviewSpend), spend: add(spend) };
  if (review.missing === 'not due') return next;
  const logged = log(next, at, `${review.task}: ${said}`);
  if (!isAsked) return logged;
  const control = openDecision(logged.control, at, {
    kind: 'review',
    task: review.task,
    about: renderVerdict(review).join('\n'),
    digest: digestValue({ head: review.head, verdict: review.verdict }),
    risk: 'high',
  });
  return { ...logged, control };
}

/**
 * Applies a person's decision: the result may be integrated, or another agent tries. The review records it for the
 * reviewer's statistics.
 */
export function decideReview(
  state: RefactorState,
  decision: Decision,
  outcome: 'approved' | 'rejected',
  by: string,
  at: number,
  note?: string,
): RefactorState {
  const { task } = decision;
  const last = state.reviews.findLast((review) => review.task === task);
  const reviews = state.reviews.map((review) => (review === last ? { ...review, decided: { outcome, by } } : review));
  const next = { ...state, reviews };
  const work = findTask(state, task);
  if (outcome === 'approved' || !work) return next;
  return workAgain(next, at, work, `${by} rejected the result of ${work.task.id} after its review`, { by, note });
}

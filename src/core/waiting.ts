/**
 * Why a run does nothing now: one closed union for agents and refactors, and its words for people.
 * Rule: code looks at `kind`; the sentence is made here alone, and nothing reads it.
 */

export type Waiting =
  | { kind: 'paused' }
  /** Until somebody resumes or stops it. */
  | { kind: 'held'; reason: string }
  /** On an open decision, by its id. */
  | { kind: 'decision'; id: string }
  | { kind: 'planner' }
  /** On tasks that agents work on, or that depend on such. */
  | { kind: 'tasks'; count: number }
  /** On tokens or dollars that agents hold; `holders` says who has how many. */
  | { kind: 'budget'; holders: string }
  /** The run has its outcome, and its agents still have to end. */
  | { kind: 'agents'; count: number }
  | { kind: 'nothing' };

/** What a run waits for, as it follows "waits for" in a sentence. */
export function describeWaiting(why: Waiting): string {
  switch (why.kind) {
    case 'paused':
      return 'resume: it is paused';
    case 'held':
      return `resume: ${why.reason}`;
    case 'decision':
      return `the decision ${why.id}`;
    case 'planner':
      return 'the planner';
    case 'tasks':
      return why.count === 1 ? '1 task' : `${why.count} tasks`;
    case 'budget':
      return `the budget: ${why.holders}`;
    case 'agents':
      return why.count === 1 ? '1 agent to end' : `${why.count} agents to end`;
    case 'nothing':
      return 'nothing';
  }
}

/**
 * Why a run does nothing now: one closed union for agents and refactors, and the words for people.
 * Rule: code reads `kind`. The sentence is made only here, and no code reads it.
 */
import { counted } from '../text/lines.ts';

export type Waiting =
  | { kind: 'paused' }
  /** Until somebody resumes or stops it. */
  | { kind: 'held'; reason: string }
  /** For an open decision, by its id. */
  | { kind: 'decision'; id: string }
  | { kind: 'planner' }
  /** For running tasks, and tasks that depend on them. */
  | { kind: 'tasks'; count: number }
  /** For tokens or dollars that agents have; `holders` says which agents have how much. */
  | { kind: 'budget'; holders: string }
  /** The run has its outcome, but its agents must still end. */
  | { kind: 'agents'; count: number }
  | { kind: 'nothing' };

/** What a run waits for, as the words after "waits for". */
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
      return counted(why.count, 'task');
    case 'budget':
      return `the budget: ${why.holders}`;
    case 'agents':
      return `${counted(why.count, 'agent')} to end`;
    case 'nothing':
      return 'nothing';
  }
}

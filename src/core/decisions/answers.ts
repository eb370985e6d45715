/**
 * What each answer to a decision does, in words for the person who is asked, and which answers are refused.
 * Rule: these words say what the run really does. An answer that can't be taken back must name its decision.
 */
import type { Decision } from './control.ts';
import type { MessageOf } from './messages.ts';

export interface Answers {
  approve: string;
  reject: string;
  /** What happens if some files are left out of an approval; only for decisions that allow this. */
  part?: string;
  /** Whether a rejection needs a note that says what to change. */
  note: 'required' | 'optional';
}

type Answered = Pick<Decision, 'id' | 'kind'>;

/** Rules of a refactor. In older runs a rejection ends the refactor, and no file can be left out of a result. */
export interface AnswerRules {
  rejectsForChanges?: true;
  leavesOut?: true;
}

/** The answers to a refactor's own decision. */
export function answersOfRefactor({ kind }: Answered, rules: AnswerRules): Answers | undefined {
  const changes = rules.rejectsForChanges === true;
  const ends = 'ends the refactor as failed; nothing is delivered';
  const own = (approve: string, reject: string): Answers =>
    changes ? { approve, reject, note: 'required' } : { approve, reject: ends, note: 'optional' };
  switch (kind) {
    case 'plan':
      return {
        approve: 'the agents begin to work on this plan',
        reject: changes ? 'the planner plans again with your note' : `with a note it is planned again; else it ${ends}`,
        note: changes ? 'required' : 'optional',
      };
    case 'delivery':
      return own(
        'the branch is made from exactly this commit',
        'an agent changes what your note says; then you are asked again',
      );
    case 'baseline':
      return own('the work goes on from red checks', 'the planner gets your note, and plans that first');
    case 'checks':
      return own(
        'the delivery is asked for with these checks red',
        'an agent works on the checks once more with your note',
      );
    case 'budget':
      return {
        approve: 'as much again is added to the budget',
        reject: changes ? 'no more is spent on what is left; what is done is offered for delivery' : ends,
        note: 'optional',
      };
    case 'integration':
    case 'review': {
      const all = 'the result is integrated with all that it changed';
      const partly = {
        approve: `${all}, but for files that you leave out (leaveOut)`,
        part: 'the result is integrated, but the files that you name are as before it; checks run again',
      };
      const whole = rules.leavesOut ? partly : { approve: all };
      return {
        ...(kind === 'review' ? { approve: 'the result is integrated' } : whole),
        reject: changes
          ? 'another agent tries: at once with your note, without a note when you resume'
          : 'another agent tries when you resume',
        note: 'optional',
      };
    }
    case 'choice':
      return changes
        ? {
            approve: 'choose: the work of one agent counts, the others are left aside',
            reject: 'none of them counts: another agent tries with your note',
            note: 'required',
          }
        : undefined;
    default:
      return undefined;
  }
}

/** The answers to an agent's decision. */
export function answersOfAgent({ kind }: Answered): Answers | undefined {
  switch (kind) {
    case 'call':
      return {
        approve: 'the agent does exactly this, once',
        reject: 'it is not done; the agent reads your note and goes on',
        note: 'optional',
      };
    case 'outside':
    case 'effects':
      return {
        approve: 'what the agent changed is kept, but for files that you leave out (leaveOut)',
        part: 'what the agent changed is kept, but the files that you name are as before it; the agent is told',
        reject: 'what the agent changed is undone; it reads your note and goes on',
        note: 'optional',
      };
    case 'budget':
      return {
        approve: 'the agent gets as much again',
        reject: 'this agent ends; its task waits until you resume it or stop',
        note: 'optional',
      };
    default:
      return undefined;
  }
}

/**
 * Why an answer is refused. A delivery, and the refusal of a budget, can't be taken back, so such an answer must name
 * the decision that its sender looked at. A rejection that asks for changes needs a note.
 */
export function findAnswerProblem(
  decision: Answered,
  answers: Answers | undefined,
  { verb, decision: named, digest, note }: MessageOf<'approve' | 'reject'>,
): string | undefined {
  const { id, kind } = decision;
  const isFinal = kind === (verb === 'approve' ? 'delivery' : 'budget');
  if (isFinal && named === undefined && digest === undefined)
    return `name the decision that you looked at: ${JSON.stringify({ decision: id })}. This can't be taken back, and what is open changes`;
  if (verb === 'approve' || note !== undefined || answers?.note !== 'required') return undefined;
  return `a rejection of ${id} asks for changes, so say which: ${JSON.stringify({ decision: id, note: '…' })}. To end the run, send stop`;
}

/**
 * Replies to questions, remembered for agents that ask the same: of those that wait for it now, and that ask it later.
 * Rule: an agent gets a reply by itself only once, so that one that asks again reaches a person.
 */
import type { Decision } from './control.ts';

/** Most replies that are remembered, the newest ones. */
const MAX_REPLIES = 50;

/** What a person said to a question, and the questions that got it. */
export interface KnownReply {
  /** Of the question: equal for the same words. */
  digest: string;
  text: string;
  by: string;
  given: { agent: string; question: string }[];
}

/** A question, and the agent that asks it. */
export type Question = Pick<Decision, 'id' | 'digest'> & { agent: string };

/** Remembers what a person said. A newer reply takes the place of an older one. */
export function noteReply(
  replies: readonly KnownReply[],
  { id, digest, agent }: Question,
  said: { text: string; by: string },
): KnownReply[] {
  const given = [...(replies.find((one) => one.digest === digest)?.given ?? []), { agent, question: id }];
  return [...replies.filter((one) => one.digest !== digest), { digest, ...said, given }].slice(-MAX_REPLIES);
}

/** The reply to a question that was asked before by others; undefined also if this agent has got it already. */
export function findReply(replies: readonly KnownReply[], { digest, agent }: Question): KnownReply | undefined {
  return replies.find((one) => one.digest === digest && !one.given.some((given) => given.agent === agent));
}

/** Whether this very question has got this text. */
export function hasReply(replies: readonly KnownReply[], { id, agent }: Question, text: string): boolean {
  return replies.some(
    (one) => one.text === text && one.given.some((given) => given.agent === agent && given.question === id),
  );
}

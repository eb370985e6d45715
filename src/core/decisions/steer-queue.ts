/**
 * How many steers may wait for a model call.
 * Rule: waiting steers are part of the state that a run passes on when it continues as new, so their size is bounded.
 */
import type { Control } from './control.ts';

/** Most steers that wait in one place, and most characters of them together. People write fewer. */
const MAX_STEERS = 100;
const MAX_CHARACTERS = 200_000;
/** Most characters of a steer in the report. All of it is in the agent's conversation. */
export const MAX_STEER_SHOWN = 2000;

/** The newest steers that a refactor keeps for agents that start later, with one more. */
export function addStanding<S extends { text: string }>(standing: readonly S[], steer: S): S[] {
  const kept = [...standing, steer].slice(-MAX_STEERS);
  while (kept.length > 1 && kept.reduce((sum, { text }) => sum + text.length, 0) > MAX_CHARACTERS) kept.shift();
  return kept;
}

/** Why no further steer can wait; undefined if it can. Older runs have no such bound. */
export function findFullQueue(
  { border }: Control,
  waiting: readonly { text: string }[],
  { text }: { text: string },
): string | undefined {
  if (!border) return undefined;
  const characters = waiting.reduce((sum, steer) => sum + steer.text.length, text.length);
  if (waiting.length < MAX_STEERS && characters <= MAX_CHARACTERS) return undefined;
  return `${waiting.length} steers are waiting already (at most ${MAX_STEERS}, with ${MAX_CHARACTERS} characters in all): send it again after agents have received them`;
}

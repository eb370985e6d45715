/**
 * How many steers may wait for a model call.
 * Rule: they stand in the state that a run hands on when it continues as new, so they are bounded.
 */
import type { Control } from './control.ts';

/** Steers, and characters of all of them together, that wait at one place; more than people write. */
const MAX_STEERS = 100;
const MAX_CHARACTERS = 200_000;
/** Characters of a steer in the report; the whole is in the agent's conversation. */
export const MAX_STEER_SHOWN = 2000;

/** The newest steers that a run keeps for agents which start later, with one more. */
export function keepStanding<S extends { text: string }>(standing: readonly S[], steer: S): S[] {
  const kept = [...standing, steer].slice(-MAX_STEERS);
  while (kept.length > 1 && kept.reduce((sum, { text }) => sum + text.length, 0) > MAX_CHARACTERS) kept.shift();
  return kept;
}

/** Why no other steer can wait; undefined where it can. Runs from before there was such a bound have none. */
export function findFullQueue(
  { border }: Control,
  waiting: readonly { text: string }[],
  { text }: { text: string },
): string | undefined {
  if (!border) return undefined;
  const characters = waiting.reduce((sum, steer) => sum + steer.text.length, text.length);
  if (waiting.length < MAX_STEERS && characters <= MAX_CHARACTERS) return undefined;
  return `${waiting.length} steers wait already, as many as can (${MAX_STEERS}, with ${MAX_CHARACTERS} characters in all): send it once they were taken`;
}

/**
 * Finds the steer that a message takes back or edits.
 * Rule: only a steer that no model call has read yet can change. The words of a refusal say what became of the others.
 */
import type { Control, Receipt } from './control.ts';
import { isPending } from './receipts.ts';

/** Fewest characters of an id that stand for the whole. */
const MIN_BEGINNING = 4;

/** The one steer that `named` means: an id, the beginning of one, or nothing where only one waits. */
export function findWaitingSteer({ receipts }: Control, named: string | undefined): Receipt | string {
  const steers = receipts.filter(({ verb }) => verb === 'steer');
  const waiting = steers.filter(isPending);
  const listed = waiting.map(({ id, text }) => (text === undefined ? id : `${id} (${text.slice(0, 40)})`)).join(', ');
  const open = `steers that no model call has read: ${listed || 'none'}`;
  if (named === undefined) return waiting.length === 1 && waiting[0] ? waiting[0] : `name the steer; ${open}`;
  const found = steers.filter(({ id }) => id === named || (named.length >= MIN_BEGINNING && id.startsWith(named)));
  const [steer, other] = found;
  if (!steer) return `there is no steer "${named.slice(0, 80)}"; ${open}`;
  return other && steer.id !== named ? `"${named}" begins the ids of several steers; ${open}` : steer;
}

/** What a receipt says after a person took its steer back. */
export function describeTakenBack(by: string | undefined): string {
  return `taken back by ${by ?? 'unknown'}`;
}

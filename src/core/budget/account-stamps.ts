/**
 * Which messages about a holder an account has received already, by their stamps. Each newer message has a larger
 * stamp.
 * Rule: a message counts once, and not after a newer one. Old stamps are forgotten; only the time is kept up to which
 * no message counts.
 */

/** The server's time of the attempt that sends it in milliseconds, the attempt's number, and a count within it. */
export type Stamp = readonly [at: number, attempt: number, count: number];

export interface Stamps {
  /**
   * The last stamp of each holder, the newest last. A holder that is missing was last heard at `heardBefore` or
   * earlier.
   */
  heard?: Record<string, Stamp>;
  heardBefore?: number;
}

const MAX_HEARD = 1000;

/** Why a message does not count; undefined if it does. */
export function findStampProblem(
  { heard = {}, heardBefore = 0 }: Stamps,
  holder: string,
  stamp: Stamp,
): string | undefined {
  if (!stamp.every((part) => Number.isSafeInteger(part) && part >= 0)) return 'it has no stamp';
  const last = heard[holder];
  if (last ? isLater(stamp, last) : stamp[0] > heardBefore) return undefined;
  return 'it was received already, or a newer one was';
}

/** The state after a message that counts. */
export function rememberStamp<S extends Stamps>(state: S, holder: string, stamp: Stamp): S {
  const { [holder]: _, ...others } = state.heard ?? {};
  const all = Object.entries({ ...others, [holder]: stamp });
  const old = all.slice(0, Math.max(0, all.length - MAX_HEARD));
  const heardBefore = Math.max(state.heardBefore ?? 0, ...old.map(([, [at]]) => at));
  return { ...state, heard: Object.fromEntries(all.slice(old.length)), ...(heardBefore > 0 ? { heardBefore } : {}) };
}

function isLater(one: Stamp, other: Stamp): boolean {
  const index = one.findIndex((part, at) => part !== other[at]);
  return index >= 0 && (one[index] ?? 0) > (other[index] ?? 0);
}

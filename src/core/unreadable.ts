/**
 * The sentinel that stands for a payload that could not be decoded.
 * Rule: it is plain data, so that handlers can refuse it instead of the workflow task failing for ever.
 */

/** What the payload converter returns for bytes that it can't decode. */
export const UNREADABLE = Object.freeze({ coxswainUnreadable: true as const });

/** Whether a value is the sentinel, in any copy of it. */
export function isUnreadable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'coxswainUnreadable' in value;
}

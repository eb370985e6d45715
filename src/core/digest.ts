/**
 * Digests that bind a decision to the exact bytes that it is about.
 * Rule: equal values have equal digests on every host and in every version, so keys are sorted and undefined fields are
 * left out.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';

/** SHA-256 of a text's UTF-8 bytes, as 64 hex digits. */
export function digestText(text: string): string {
  return bytesToHex(sha256(utf8ToBytes(text)));
}

/** The digest of a call: of its tool and exact arguments. A decision about the call is bound to it. */
export function digestCall(call: { tool: string; arguments: string }): string {
  return digestText(`${call.tool}\n${call.arguments}`);
}

/** SHA-256 of a JSON value in canonical form (object keys sorted). */
export function digestValue(value: unknown): string {
  return digestText(canonicalJson(value));
}

/**
 * A number from 0 (included) to 1 (excluded), derived from a text: the same at each attempt, and unpredictable without
 * the text.
 */
export function drawFrom(text: string): number {
  return Number.parseInt(digestText(text).slice(0, 8), 16) / 2 ** 32;
}

/** A JSON value as one line that depends on the value only: keys sorted, no blanks. */
export function canonicalJson(value: unknown): string {
  return (
    JSON.stringify(value, (_key, inner: unknown) => {
      if (inner === null || typeof inner !== 'object' || Array.isArray(inner)) return inner;
      const entries = Object.entries(inner).filter(([, field]) => field !== undefined);
      return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
    }) ?? 'null'
  );
}

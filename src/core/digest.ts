/**
 * Digests that bind a decision to the exact bytes it was about.
 * Rule: equal values give equal digests on every host and in every version, so keys are sorted and undefined fields
 * vanish.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';

/** SHA-256 of a text's UTF-8 bytes, as 64 hex digits. */
export function digestText(text: string): string {
  return bytesToHex(sha256(utf8ToBytes(text)));
}

/** The digest that binds a decision to a call: of its tool and its exact arguments. */
export function digestCall(call: { tool: string; arguments: string }): string {
  return digestText(`${call.tool}\n${call.arguments}`);
}

/** SHA-256 of a JSON value in canonical form (object keys sorted). */
export function digestValue(value: unknown): string {
  return digestText(canonicalJson(value));
}

/** Where in a draw from 0 (included) to 1 a text stands: the same for each attempt, and not to be foreseen without it. */
export function drawFrom(text: string): number {
  return Number.parseInt(digestText(text).slice(0, 8), 16) / 2 ** 32;
}

/** A JSON value as one line whose spelling depends on nothing but the value: keys sorted, no blanks. */
export function canonicalJson(value: unknown): string {
  return (
    JSON.stringify(value, (_key, inner: unknown) => {
      if (inner === null || typeof inner !== 'object' || Array.isArray(inner)) return inner;
      const entries = Object.entries(inner).filter(([, field]) => field !== undefined);
      return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
    }) ?? 'null'
  );
}

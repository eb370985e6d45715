/**
 * The payload converter of an attacker: sends payloads unchanged, copied from a history or made up.
 * Rule: it has no key.
 */
import type { Payload, PayloadConverter } from '@temporalio/common';
import { defaultPayloadConverter } from '@temporalio/common';

/** A payload as Temporal's JSON has it: bytes in base64. */
export interface RawPayload {
  raw: { metadata: Record<string, string>; data: string };
}

function isRaw(value: unknown): value is RawPayload {
  return typeof value === 'object' && value !== null && 'raw' in value;
}

/** Neither workflows nor their sandbox have Buffer. */
function toBytes(text: string): Uint8Array {
  const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  const bits = text
    .replace(/=+$/, '')
    .split('')
    .map((digit) => digits.indexOf(digit).toString(2).padStart(6, '0'))
    .join('');
  return Uint8Array.from({ length: Math.floor(bits.length / 8) }, (_, at) =>
    Number.parseInt(bits.slice(at * 8, at * 8 + 8), 2),
  );
}

export const payloadConverter: PayloadConverter = {
  toPayload: (value): Payload => {
    if (!isRaw(value)) return defaultPayloadConverter.toPayload(value);
    const metadata = Object.entries(value.raw.metadata).map(([name, text]) => [name, toBytes(text)] as const);
    return { metadata: Object.fromEntries(metadata), data: toBytes(value.raw.data) };
  },
  fromPayload: (payload) => {
    // A payload that this attacker passes on stays whole, also to itself.
    return defaultPayloadConverter.fromPayload(payload);
  },
};

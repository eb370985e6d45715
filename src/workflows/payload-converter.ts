/**
 * The JSON payload converter made total: bytes that can't be decoded become a sentinel instead of an error; and what
 * workers say to each other is marked for the codec that seals it.
 * Rule: the bundle, the worker and the clients use this one, or a mistyped signal would wedge a run for ever.
 */
import type { Payload, PayloadConverter } from '@temporalio/common';
import { defaultPayloadConverter } from '@temporalio/common';
import { broken, openSeal, SEAL_FIELDS, verified } from '../core/sealed.ts';
import { UNREADABLE } from '../core/unreadable.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export const payloadConverter: PayloadConverter = {
  toPayload: (value) => {
    const opened = openSeal(value);
    const payload = defaultPayloadConverter.toPayload(opened.value);
    if (opened.kind !== 'sealed') return payload;
    const as = encoder.encode(opened.words.join(' '));
    return { ...payload, metadata: { ...payload.metadata, [SEAL_FIELDS.as]: as } };
  },
  fromPayload: <T>(payload: Payload): T => {
    const value = read<T>(payload);
    const words = textOf(payload, SEAL_FIELDS.verified);
    if (words !== undefined) return verified(words, value) as T;
    const problem = textOf(payload, SEAL_FIELDS.broken);
    return problem === undefined ? value : (broken(problem, value) as T);
  },
};

function read<T>(payload: Payload): T {
  try {
    return defaultPayloadConverter.fromPayload<T>(payload);
  } catch {
    return UNREADABLE as T;
  }
}

function textOf({ metadata }: Payload, field: string): string | undefined {
  const bytes = metadata?.[field];
  return bytes ? decoder.decode(bytes) : undefined;
}

/**
 * A JSON payload converter that never throws: bytes that can't be decoded, or JSON that names a field twice, become a
 * sentinel. It also marks messages between workers for the codec that seals them.
 * Rule: the bundle, the worker and the clients all use it. With another converter a mistyped signal would block a run
 * for ever.
 */
import type { Payload, PayloadConverter } from '@temporalio/common';
import { defaultPayloadConverter } from '@temporalio/common';
import { broken, openSeal, SEAL_FIELDS, verified } from '../core/sealed.ts';
import type { Unreadable } from '../core/unreadable.ts';
import { findRepeatedField } from '../core/unreadable.ts';

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
    const value = defaultPayloadConverter.fromPayload<T>(payload);
    const twice = findRepeated(payload);
    return twice === undefined ? value : unreadable<T>({ twice });
  } catch {
    return unreadable<T>({});
  }
}

function unreadable<T>(why: { twice?: string }): T {
  const value: Unreadable = { coxswainUnreadable: true, ...why };
  return value as T;
}

/** Sealed JSON was written by this converter of a worker, so it needs no search. */
function findRepeated(payload: Payload): string | undefined {
  const isTyped = textOf(payload, 'encoding') === 'json/plain' && textOf(payload, SEAL_FIELDS.verified) === undefined;
  return isTyped && payload.data ? findRepeatedField(decoder.decode(payload.data)) : undefined;
}

function textOf({ metadata }: Payload, field: string): string | undefined {
  const bytes = metadata?.[field];
  return bytes ? decoder.decode(bytes) : undefined;
}

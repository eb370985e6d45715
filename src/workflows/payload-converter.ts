/**
 * The JSON payload converter made total: bytes that can't be decoded become a sentinel instead of an error.
 * Rule: the bundle, the worker and the clients use this one, or a mistyped signal would wedge a run for ever.
 */
import type { Payload, PayloadConverter } from '@temporalio/common';
import { defaultPayloadConverter } from '@temporalio/common';
import { UNREADABLE } from '../core/unreadable.ts';

export const payloadConverter: PayloadConverter = {
  toPayload: (value) => defaultPayloadConverter.toPayload(value),
  fromPayload: <T>(payload: Payload): T => {
    try {
      return defaultPayloadConverter.fromPayload<T>(payload);
    } catch {
      return UNREADABLE as T;
    }
  },
};

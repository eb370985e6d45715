/**
 * Stores the state of a model call in the heartbeats: the id of a background response, or whether a failed attempt cost
 * anything.
 * Rule: the next attempt fetches a response that a dead attempt began, instead of asking again. A response that can't
 * be fetched counts as lost, unless the attempt recorded that nothing was spent.
 */
import { Context } from '@temporalio/activity';
import { z } from 'zod';
import type { Model, ModelResponse, ModelRequest } from '../../model/call-model.ts';
import type { ModelFailureKind } from '../../model/model-failure.ts';
import { ModelFailure } from '../../model/model-failure.ts';
import { failModel } from '../attempt/failures.ts';
import type { Memory } from '../attempt/heartbeats.ts';

/** `answer` is the id of a background response; `free` counts earlier attempts that ended without a paid call. */
const noteSchema = z.object({ key: z.string().optional(), answer: z.string().optional(), free: z.int().optional() });

function readNote(memory: Memory): z.infer<typeof noteSchema> {
  return noteSchema.safeParse(memory.read()).data ?? {};
}

/** Failures after which nothing is billed: the server refused the call or never got it, so it generated nothing. */
const UNPAID: readonly ModelFailureKind[] = [
  ...(['rate-limited', 'quota', 'overloaded', 'unreachable', 'bad-request', 'unauthorized'] as const),
  ...(['not-found', 'content-policy', 'context-too-long'] as const),
];

/** Runs `body`. If it fails without a paid call, notes that for the next attempt. Paid tries are limited by the kind. */
export async function rememberCost<T>(model: Model, memory: Memory, body: (model: Model) => Promise<T>): Promise<T> {
  let isPaid = false;
  const call = async (request: ModelRequest): Promise<ModelResponse> => {
    isPaid = true;
    try {
      return await model.call(request);
    } catch (error) {
      isPaid = !(error instanceof ModelFailure && UNPAID.includes(error.kind));
      throw error;
    }
  };
  try {
    return await body({ ...model, call });
  } catch (error) {
    const { free: before = 0, ...note } = readNote(memory);
    const free = isPaid ? before : before + 1;
    if (!isPaid) memory.write({ ...note, free });
    throw error instanceof ModelFailure ? failModel(error, Context.current().info.attempt - free) : error;
  }
}

/** How many earlier attempts may have paid for a response that is lost. A background response is not lost. */
export function countLost(memory: Memory, attempt: number): number {
  const { answer, free = 0 } = readNote(memory);
  return Math.max(0, attempt - 1 - free - (answer === undefined ? 0 : 1));
}

/**
 * Where the call of this key stores the id of its background response; undefined where policy does not let the
 * provider store responses.
 */
export function rememberResponse(
  memory: Memory,
  key: string,
  isWanted: boolean | undefined,
): ModelRequest['background'] {
  if (isWanted !== true) return undefined;
  const note = readNote(memory);
  return {
    id: note.key === key ? note.answer : undefined,
    keep: (id) => {
      const { free } = readNote(memory);
      memory.write({ ...(free === undefined ? {} : { free }), ...(id === undefined ? {} : { key, answer: id }) });
    },
  };
}

/** Runs `body`. If a cancellation request ends it, also cancels the background response: no attempt would fetch it. */
export async function endResponseWhenCut<T>(model: Model, memory: Memory, body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    const note = readNote(memory);
    if (note.answer !== undefined && Context.current().cancellationDetails?.cancelRequested)
      await model.cancel(note.answer);
    throw error;
  }
}

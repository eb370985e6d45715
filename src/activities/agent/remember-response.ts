/**
 * Remembers with the heartbeats what becomes of a model call: the answer under way, where the provider makes it in the
 * background, and else whether an attempt cost anything.
 * Rule: what an attempt that died had begun is fetched by the next one and not asked for again; where it can't be
 * fetched it counts as lost, unless that attempt itself said that nothing was spent.
 */
import { Context } from '@temporalio/activity';
import { z } from 'zod';
import type { Model, ModelResponse, ModelRequest } from '../../model/call-model.ts';
import type { ModelFailureKind } from '../../model/model-failure.ts';
import { ModelFailure } from '../../model/model-failure.ts';
import type { Memory } from '../attempt/heartbeats.ts';

/** `free` are earlier attempts that ended without a paid call. */
const noteSchema = z.object({ key: z.string().optional(), answer: z.string().optional(), free: z.int().optional() });

function readNote(memory: Memory): z.infer<typeof noteSchema> {
  return noteSchema.safeParse(memory.read()).data ?? {};
}

/** Failures that a server answers a call with, or that keep it from getting there: nothing was generated. */
const UNPAID: readonly ModelFailureKind[] = [
  ...(['rate-limited', 'quota', 'overloaded', 'unreachable', 'bad-request', 'unauthorized'] as const),
  ...(['not-found', 'content-policy', 'context-too-long'] as const),
];

/** Runs a body, and remembers of one that fails whether its calls cost something. */
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
    const { free = 0, ...note } = readNote(memory);
    if (!isPaid) memory.write({ ...note, free: free + 1 });
    throw error;
  }
}

/** Calls of earlier attempts whose answers nobody has; an answer in the background is not lost. */
export function countLost(memory: Memory, attempt: number): number {
  const { answer, free = 0 } = readNote(memory);
  return Math.max(0, attempt - 1 - free - (answer === undefined ? 0 : 1));
}

/** The memory of one call, by its key; undefined where the policy does not want answers stored. */
export function rememberResponse(
  memory: Memory,
  key: string,
  isWanted: boolean | undefined,
): ModelRequest['background'] {
  if (isWanted !== true) return undefined;
  const note = readNote(memory);
  return {
    id: note.key === key ? note.answer : undefined,
    keep: (answer) => {
      const { free } = readNote(memory);
      memory.write({ ...(free === undefined ? {} : { free }), ...(answer === undefined ? {} : { key, answer }) });
    },
  };
}

/** Runs a body; where a person's wish cut it short, so that nobody will fetch the answer, that is ended too. */
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

/**
 * Remembers the model's answer under way with the heartbeats, where the provider makes it in the background.
 * Rule: what an attempt that died had begun is fetched by the next one and not asked for again; nobody's wish for an
 * answer any more ends it at the provider.
 */
import { Context } from '@temporalio/activity';
import { z } from 'zod';
import type { Model, ModelRequest } from '../model/call-model.ts';
import type { Memory } from './perform.ts';

const noteSchema = z.object({ key: z.string(), answer: z.string() });

/** The memory of one call, by its key; undefined where the policy does not want answers stored. */
export function rememberAnswer(memory: Memory, key: string, isWanted: boolean | undefined): ModelRequest['background'] {
  if (isWanted !== true) return undefined;
  const note = noteSchema.safeParse(memory.read()).data;
  return {
    id: note?.key === key ? note.answer : undefined,
    keep: (answer) => memory.write(answer === undefined ? undefined : { key, answer }),
  };
}

/** Runs a body; where a person's wish cut it short, so that nobody will fetch the answer, that is ended too. */
export async function endAnswerWhenCut<T>(model: Model, memory: Memory, body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    const note = noteSchema.safeParse(memory.read()).data;
    if (note && Context.current().cancellationDetails?.cancelRequested) await model.cancel(note.answer);
    throw error;
  }
}

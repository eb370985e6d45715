/**
 * Makes a command's body what commander runs.
 * Rule: a command ends with an exit status; an error is one sentence, its stack only with `--verbose`.
 */
import { ClientFailure } from '../../client/client-failure.ts';
import { escapeForPeople } from '../../core/text/escape.ts';
import { StackError } from '../stack/open-stack.ts';

export type Action = <A extends unknown[]>(body: (...args: A) => Promise<number>) => (...args: A) => Promise<void>;

export function createAction(isVerbose: () => boolean): Action {
  return (body) =>
    async (...args) => {
      try {
        process.exitCode = await body(...args);
      } catch (error) {
        console.error(`cox: ${escapeForPeople(wordsOf(error))}`);
        if (isVerbose()) console.error(error);
        process.exitCode = 1;
      }
    };
}

/** Our own errors speak for people; of others, Temporal's wrap what a workflow said, innermost. */
function wordsOf(error: unknown): string {
  if (error instanceof StackError || error instanceof ClientFailure) return error.message;
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? wordsOf(error.cause) : error.message;
}

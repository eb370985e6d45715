/**
 * Steps that both skills make: run a command to its end, say when an answer is not to be had.
 * Rule: a step repeats a call only when it had no effect, and asks a person when it was refused.
 */
import type { SkillCall, CallOutcome } from './replay.ts';

/** Times that one call is made again after an interruption, before a person is asked. */
const MAX_AGAIN = 20;

export type Ran = Extract<CallOutcome, { kind: 'ran' }>;
export type Steps<T> = Generator<SkillCall, T, CallOutcome>;

/** Asks a person and gives the answer. */
export function* ask(question: string): Steps<string> {
  const outcome = yield { tool: 'ask', arguments: { question: question.slice(0, 4000) } };
  return outcome.kind === 'ran' ? outcome.output : outcome.text;
}

/** Runs a command; one that was interrupted is made again, one that was refused after a person's answer. */
export function* run(command: string, timeoutSeconds?: number): Steps<Ran> {
  for (let tries = 1; ; tries += 1) {
    const outcome = yield {
      tool: 'shell',
      arguments: { command, ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }) },
    };
    if (outcome.kind === 'ran') return outcome;
    if (outcome.kind === 'interrupted' && tries % MAX_AGAIN !== 0) continue;
    const why = `This command did not run: ${outcome.text.slice(0, 500)}\n\n${command.slice(0, 1000)}`;
    yield* ask(`${why}\n\nI know no other way. Once you answer, I propose it again.`);
  }
}

/** The end of an output, for a question or a reason. */
export function tailOf(output: string, characters = 1500): string {
  return output.length <= characters ? output.trim() : `…${output.slice(-characters).trim()}`;
}

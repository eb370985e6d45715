/**
 * Steps that both skills use: run a command to its end, ask a person.
 * Rule: a call is repeated only if it had no effect. If it was refused, a person is asked.
 */
import type { SkillCall, CallOutcome } from './replay.ts';

/** Most repeats of an interrupted call before a person is asked. */
const MAX_AGAIN = 20;

export type Ran = Extract<CallOutcome, { kind: 'ran' }>;
export type Steps<T> = Generator<SkillCall, T, CallOutcome>;

/** Asks a person and returns the answer. */
export function* ask(question: string): Steps<string> {
  const outcome = yield { tool: 'ask', arguments: { question: question.slice(0, 4000) } };
  return outcome.kind === 'ran' ? outcome.output : outcome.text;
}

/** Runs a command. An interrupted command is repeated at once, a refused one after a person's answer. */
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

export function tailOf(output: string, characters = 1500): string {
  return output.length <= characters ? output.trim() : `…${output.slice(-characters).trim()}`;
}

/**
 * Gives a workflow its signals and updates, one of each for every verb, all through one `receive`.
 * Rule: no handler throws, and none waits but for a signature's verification; a message that nobody knows still leaves
 * a receipt.
 */
import type { SignalDefinition, UpdateDefinition } from '@temporalio/common';
import { ApplicationFailure, setDefaultSignalHandler, setHandler } from '@temporalio/workflow';
import { describeVerb, WAKE_NOTE } from '../core/decisions/message-notes.ts';
import type { Verb } from '../core/decisions/messages.ts';
import { readMessage, SIGNAL_VERBS, VERBS } from '../core/decisions/messages.ts';
import type { Answer } from '../core/decisions/receipts.ts';
import { signals, updates, wakeSignal } from './messages.ts';

export interface Receiver {
  receive: (verb: Verb, inputs: readonly unknown[]) => Answer | Promise<Answer>;
  /** Records a message that is not understood. */
  refuse: (verb: string, problem: string) => void;
}

/** Sets the handlers of all verbs; signals of unknown names become refused receipts. */
export function handleVerbs({ receive, refuse }: Receiver): void {
  for (const verb of SIGNAL_VERBS) {
    const handler = (...inputs: unknown[]): undefined | Promise<undefined> => {
      const answer = receive(verb, inputs);
      // A signed one waits for its verification, and the run for it.
      return answer instanceof Promise ? answer.then(() => undefined) : undefined;
    };
    setHandler(signals[verb] as SignalDefinition<unknown[]>, handler, { description: describeVerb(verb) });
  }
  for (const verb of VERBS) {
    setHandler(updates[verb] as UpdateDefinition<Answer, unknown[]>, (...inputs) => receive(verb, inputs), {
      description: describeVerb(verb),
      validator: (...inputs: unknown[]) => {
        const read = readMessage(verb, inputs);
        if (read.kind === 'bad') throw ApplicationFailure.nonRetryable(read.problem, 'BadInput');
      },
    });
  }
  setHandler(wakeSignal, () => undefined, { description: WAKE_NOTE });
  setDefaultSignalHandler((name) => {
    const update = (VERBS as readonly string[]).includes(name);
    refuse(
      name,
      update
        ? `${name} decides something: send it as an update, to learn whether it counted`
        : `there is no signal "${name}"`,
    );
  });
}

/**
 * Sets a workflow's handlers for signals and updates: for each verb, all through one `receive`.
 * Rule: no handler throws. A handler waits only for a signature or for policy. An unknown message leaves a receipt too.
 */
import type { SignalDefinition, UpdateDefinition } from '@temporalio/common';
import { ApplicationFailure, setDefaultSignalHandler, setHandler } from '@temporalio/workflow';
import { describeVerb, WAKE_NOTE } from '../core/decisions/message-notes.ts';
import type { Verb } from '../core/decisions/messages.ts';
import { readMessage, SIGNAL_VERBS, VERBS } from '../core/decisions/messages.ts';
import type { MessageResult } from '../core/decisions/receipts.ts';
import { signals, updates, wakeSignal } from './messages.ts';

export interface Receiver {
  receive: (verb: Verb, inputs: readonly unknown[]) => MessageResult | Promise<MessageResult>;
  /** Records a message that can't be read. */
  refuse: (verb: string, problem: string) => void;
}

/** Sets the handlers of all verbs. A signal with an unknown name leaves a refused receipt. */
export function handleVerbs({ receive, refuse }: Receiver): void {
  for (const verb of SIGNAL_VERBS) {
    const handler = (...inputs: unknown[]): undefined | Promise<undefined> => {
      const answer = receive(verb, inputs);
      // A signed message waits for its verification, and the run waits for this handler before it ends.
      return answer instanceof Promise ? answer.then(() => undefined) : undefined;
    };
    setHandler(signals[verb] as SignalDefinition<unknown[]>, handler, { description: describeVerb(verb) });
  }
  for (const verb of VERBS) {
    setHandler(updates[verb] as UpdateDefinition<MessageResult, unknown[]>, (...inputs) => receive(verb, inputs), {
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
        ? `${name} is a decision: send it as an update, which says whether it counted`
        : `there is no signal "${name}"`,
    );
  });
}

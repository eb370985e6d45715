/**
 * Sets a workflow's handlers for signals and updates: for each verb, all through one `receive`.
 * Rule: no handler throws. A handler waits only for a signature or for policy. An unknown message leaves a receipt too.
 * A signal that comes before the first task counts like any other.
 */
import type { SignalDefinition, UpdateDefinition } from '@temporalio/common';
import { ApplicationFailure, patched, setDefaultSignalHandler, setHandler } from '@temporalio/workflow';
import { describeVerb, WAKE_NOTE } from '../core/decisions/message-notes.ts';
import type { Verb } from '../core/decisions/messages.ts';
import { readMessage, SIGNAL_VERBS, VERBS } from '../core/decisions/messages.ts';
import type { MessageResult } from '../core/decisions/receipts.ts';
import { signals, updates, wakeSignal } from './messages.ts';

/** The patch since which the signals that came before a run's first task are heard in their order, whatever their kind. */
const HEARS_IN_ORDER = 'hears-in-order';

type SignalHandler = (...inputs: unknown[]) => void | Promise<void>;
/** A signal, its handler, and its description for people. */
type Handled = readonly [signal: SignalDefinition<unknown[]>, handler: SignalHandler, description?: string];

export interface Receiver {
  receive: (verb: Verb, inputs: readonly unknown[]) => MessageResult | Promise<MessageResult>;
  /** Records a message that can't be read. */
  refuse: (verb: string, problem: string) => void;
  /** The signals that people don't send. */
  internal: readonly (readonly [SignalDefinition<[unknown]>, (input: unknown) => void | Promise<void>])[];
}

/** Sets the handlers of all verbs and internal signals. A signal with an unknown name leaves a refused receipt. */
export function handleVerbs({ receive, refuse, internal }: Receiver): void {
  const ofPeople = SIGNAL_VERBS.map(
    (verb): Handled => [signals[verb], (...inputs) => asSignal(receive(verb, inputs)), describeVerb(verb)],
  );
  const others: Handled[] = internal.map(([signal, handler]) => [signal, handler]);
  const all: Handled[] = [...ofPeople, [wakeSignal, () => undefined, WAKE_NOTE], ...others];
  const refuseUnknown = (name: string): void => refuse(name, describeUnknown(name));
  const hearsInOrder = patched(HEARS_IN_ORDER);
  // As soon as there is a default handler, it gets all signals that came before the first task and have no handler of
  // their own yet. So it is set first, and knows all of them.
  if (hearsInOrder) {
    const byName = new Map(all.map(([{ name }, handler]) => [name, handler]));
    setDefaultSignalHandler((name, ...inputs) => {
      const handler = byName.get(name);
      return handler ? handler(...inputs) : refuseUnknown(name);
    });
  }
  set(ofPeople);
  handleUpdates(receive);
  if (!hearsInOrder) setDefaultSignalHandler(refuseUnknown);
  set(all.slice(ofPeople.length));
}

/**
 * The end of a message that came as a signal, which gets no answer. A signed message waits for its verification, and
 * the run waits for its handler before it ends.
 */
export function asSignal(answer: MessageResult | Promise<MessageResult>): void | Promise<void> {
  return answer instanceof Promise ? answer.then(() => undefined) : undefined;
}

function set(handled: readonly Handled[]): void {
  for (const [signal, handler, description] of handled)
    setHandler(signal, handler, description === undefined ? {} : { description });
}

function handleUpdates(receive: Receiver['receive']): void {
  for (const verb of VERBS) {
    setHandler(updates[verb] as UpdateDefinition<MessageResult, unknown[]>, (...inputs) => receive(verb, inputs), {
      description: describeVerb(verb),
      validator: (...inputs: unknown[]) => {
        const read = readMessage(verb, inputs);
        if (read.kind === 'bad') throw ApplicationFailure.nonRetryable(read.problem, 'BadInput');
      },
    });
  }
}

function describeUnknown(name: string): string {
  return (VERBS as readonly string[]).includes(name)
    ? `${name} is a decision: send it as an update, which says whether it counted`
    : `there is no signal "${name}"`;
}

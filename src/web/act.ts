/**
 * Sends the message of a form to its run, and says what became of it.
 * Rule: the run decides what counts. A decision that was made or changed meanwhile is refused, and its page says so.
 */
import type { Client } from '@temporalio/client';
import { ClientFailure } from '../client/client-failure.ts';
import { findClosed, sendVerb } from '../client/refactors.ts';
import type { MessageFields, Verb } from '../core/decisions/messages.ts';
import { asLine } from '../core/text/lines.ts';
import { updates } from '../workflows/messages.ts';
import type { Told } from './layout.ts';

/** What the fields of each verb's form are called. Other fields are not sent. */
const FIELDS = {
  approve: ['decision', 'digest', 'leaveOut'],
  reject: ['decision', 'digest', 'note'],
  answer: ['question', 'text'],
  choose: ['agent'],
  steer: ['text', 'interrupt'],
  pause: ['reason'],
  resume: ['reason'],
  stop: ['reason'],
  withdraw: ['steer'],
  edit: ['steer', 'text'],
  rewind: ['to'],
  fork: ['to', 'text'],
} as const satisfies Partial<Record<Verb, readonly string[]>>;
type FormVerb = keyof typeof FIELDS;

/** Sends what a form says, in the name of `by`. */
export async function act(client: Client, form: Readonly<Record<string, unknown>>, by: string): Promise<Told> {
  const { run, verb, id } = form;
  if (typeof run !== 'string' || typeof verb !== 'string' || !isFormVerb(verb))
    return { kind: 'refused', text: 'refused: this form names no run, or nothing that a page can send' };
  const fields = Object.fromEntries(FIELDS[verb].flatMap((name) => readFormField(name, form[name])));
  const message = { ...fields, by, ...(typeof id === 'string' ? { id } : {}) } as MessageFields<FormVerb>;
  try {
    const { kind, detail } = await sendVerb(client, run, updates[verb], message as never);
    if (kind !== 'refused') return { kind: 'ok', text: `${verb}: ${detail}` };
    const elsewhere = await findElsewhere(client, run, form);
    return { kind: 'refused', text: `${verb} refused: ${detail}${elsewhere === undefined ? '' : ` (${elsewhere})`}` };
  } catch (error) {
    if (error instanceof ClientFailure) return { kind: 'refused', text: `${verb} refused: ${error.message}` };
    throw error;
  }
}

function isFormVerb(verb: string): verb is FormVerb {
  return Object.hasOwn(FIELDS, verb);
}

/** A text of a form, whose lines browsers end by two characters; empty for anything else. */
export function readFormText(value: unknown): string {
  return typeof value === 'string' ? value.replaceAll('\r\n', '\n') : '';
}

/** A field as its message takes it; an empty one is left out. */
export function readFormField(name: string, value: unknown): [string, unknown][] {
  if (typeof value !== 'string' || value.trim() === '') return [];
  if (name === 'interrupt') return [[name, true]];
  if (name !== 'leaveOut') return [[name, readFormText(value)]];
  const paths = value.split(',').map((path) => path.trim());
  return [[name, paths.filter((path) => path !== '')]];
}

/** Who has decided meanwhile, or that what is shown has changed. */
async function findElsewhere(
  client: Client,
  run: string,
  { decision, digest }: Readonly<Record<string, unknown>>,
): Promise<string | undefined> {
  if (typeof decision !== 'string' || typeof digest !== 'string') return undefined;
  const closed = await findClosed(client, run, { id: decision, digest }).catch(() => undefined);
  return closed === undefined ? undefined : asLine(closed);
}

/**
 * What all commands that send a message have in common: their options, their help, and how the answer is printed.
 * Rule: what they print is the run's answer; a refused message is exit status 1.
 */
import type { Client } from '@temporalio/client';
import type { Command } from 'commander';
import { VERB_NOTES } from '../../core/decisions/message-notes.ts';
import type { BulkInput } from '../../core/decisions/bulk.ts';
import type { MessageFields, Verb } from '../../core/decisions/messages.ts';
import { asLine as safe } from '../../core/text/lines.ts';
import type { VerbUpdate } from '../../workflows/messages.ts';
import { signals } from '../../workflows/messages.ts';
import { sendSigned } from '../person/sign-decision.ts';
import { withStack } from '../stack/open-stack.ts';
import { addExample, EXAMPLE_ID } from './help.ts';

export const SIGN_WITH =
  "sign with this SSH key, or with a public key whose private half is in your ssh-agent; where policy requires signatures, git's signing key is used by default";

/** The options of every command that sends a message. */
export interface SendOptions {
  signWith?: string;
  by?: string;
  messageId?: string;
}

/** Adds the command of a verb, which is named after its update, or `as` something else. */
export function addVerb(parent: Command, { name: verb }: VerbUpdate<Verb>, as: string = verb): Command {
  const { does, example } = VERB_NOTES[verb];
  const command = parent
    .command(as)
    .description(does)
    .argument('<id>', 'the refactor, or one of its agents')
    .option('--sign-with <key>', SIGN_WITH)
    .option('--by <name>', 'name of the sender: a claim, unless it is signed')
    .option('--message-id <id>', 'the message counts once under this id');
  return addExample(command, [EXAMPLE_ID, ...example], byTemporal(verb));
}

function byTemporal(verb: Verb): string[][] {
  const { input } = VERB_NOTES[verb];
  const said = Object.keys(input).length > 0 ? ['--input', JSON.stringify(input)] : [];
  const about = ['--workflow-id', EXAMPLE_ID, '--name', verb, ...said];
  const update = ['temporal', 'workflow', 'update', 'execute', ...about];
  const one = verb in signals ? [update, ['temporal', 'workflow', 'signal', ...about]] : [update];
  const many = bulkExample(verb);
  const named = ['--type', 'bulk', '--task-queue', 'coxswain', '--workflow-id', 'bulk-1'];
  return many ? [...one, ['temporal', 'workflow', 'start', ...named, '--input', JSON.stringify(many)]] : one;
}

/** The input of a bulk that does the same in many runs. What decides names what was looked at in each. */
function bulkExample(verb: Verb): BulkInput | undefined {
  const { input } = VERB_NOTES[verb];
  const shared = input as Record<string, unknown>;
  switch (verb) {
    case 'steer':
    case 'pause':
    case 'resume':
    case 'stop':
      return { verb, query: 'CoxTeam = "blue"', input: shared };
    case 'approve':
      return { verb, targets: [{ workflow: EXAMPLE_ID, input: { ...shared, digest: '0123456789ab' } }] };
    case 'answer':
      return { verb, targets: [{ workflow: EXAMPLE_ID, input: { question: 'a/question@1' } }], input: shared };
    default:
      return undefined;
  }
}

/** Sends a message to a run, signed where it has to be, and prints the answer. */
export async function sendMessage<V extends Verb>(
  update: VerbUpdate<V>,
  id: string,
  fields: Omit<MessageFields<V>, 'by' | 'id'>,
  options: SendOptions,
): Promise<number> {
  return await withStack(async ({ client }, { user }) => {
    return await deliverMessage({ client, user }, update, id, fields, options);
  });
}

/** The same where a connection is open already. */
export async function deliverMessage<V extends Verb>(
  { client, user }: { client: Client; user: string },
  update: VerbUpdate<V>,
  id: string,
  fields: Omit<MessageFields<V>, 'by' | 'id'>,
  options: SendOptions,
): Promise<number> {
  const { by = user, messageId, signWith: key } = options;
  const message = { ...fields, by, ...(messageId ? { id: messageId } : {}) } as MessageFields<V>;
  const { kind, detail } = await sendSigned({ client, id, update, fields: message, key, say: console.error });
  (kind === 'refused' ? console.error : console.log)(`${kind}: ${safe(detail)}`);
  return kind === 'refused' ? 1 : 0;
}

/**
 * The command `cox show`: the conversation and the calls of an agent as people read them, or one step whole.
 * Rule: it only reads the hub. Nothing in a text of a model, a repository or a person can look like a line of ours.
 */
import type { Command } from 'commander';
import type { Client } from '@temporalio/client';
import { ClientFailure } from '../../client/client-failure.ts';
import { listAgentIds } from '../../client/list-agents.ts';
import { asLine as safe } from '../../core/text/lines.ts';
import type { Sha } from '../../core/transcript.ts';
import { diffText } from '../../git/read/diff-stat.ts';
import { readLink } from '../../git/read/read-chain.ts';
import type { Store } from '../../git/store.ts';
import type { Action } from '../command/action.ts';
import { addExample, EXAMPLE_ID } from '../command/help.ts';
import { findRun, isAgentId, openRunStore } from '../../client/find-run.ts';
import { page } from '../person/page.ts';
import { readConversationOf } from '../../client/read-conversation.ts';
import type { ReadCheckpoint } from '../../core/views/show-conversation.ts';
import { findStep, showConversation, stepOf } from '../../core/views/show-conversation.ts';
import { withStack } from '../stack/open-stack.ts';

/** Of a step that changed more, `cox diff` shows the rest. */
const MAX_DIFF_BYTES = 1024 * 1024;

export function addShow(program: Command, action: Action): void {
  const command = program
    .command('show')
    .description('what agents were told, said and ran, step by step; or one step whole, with its output and difference')
    .argument('<id>', 'a refactor, or an agent by its whole id')
    .argument('[agent]', 'a task, or an agent such as lib.1')
    .argument('[step]', 'the number of a step')
    .action(action(show));
  addExample(command, [EXAMPLE_ID, 'lib', '3']);
}

async function show(id: string, second: string | undefined, third: string | undefined): Promise<number> {
  // After an agent's whole id comes the step.
  const [agentName, stepName] = isAgentId(id) ? [undefined, second] : [second, third];
  const step = readStep(stepName);
  return await withStack(async ({ client }, config) => {
    const { status, agent } = await findRun(client, id, agentName);
    const store = await openRunStore(config, status);
    const agents = agent === undefined ? await listAgentIds(client, status.id) : [agent];
    if (agents.length === 0) throw new ClientFailure('failed', `no agent of ${status.id} has begun`);
    const texts: string[] = [];
    for (const one of agents) texts.push(await showAgentOf(client, store, one, step));
    await page(`${texts.join('\n\n')}\n`);
    return 0;
  });
}

function readStep(text: string | undefined): number | undefined {
  if (text === undefined || /^\d{1,6}$/.test(text)) return text === undefined ? undefined : Number(text);
  throw new ClientFailure('bad-input', `"${text}" is no step: give its number, as cox show lists them`);
}

async function showAgentOf(client: Client, store: Store, agent: string, step: number | undefined): Promise<string> {
  const all = await readConversationOf(client, store, agent);
  if (step === undefined) return `${safe(agent)}\n${showConversation(all, 'folded')}`;
  const found = findStep(all, step);
  if (found.length === 0) {
    const last = Math.max(0, ...all.map((one) => stepOf(one) ?? 0));
    throw new ClientFailure('bad-input', `${agent} has no step ${step}: its steps are 0 (the start) to ${last}`);
  }
  const text = `${safe(agent)}\n${showConversation(found, 'whole')}`;
  return `${text}${await showChanges(store, found)}`;
}

/** What a step changed, as a difference. */
async function showChanges(store: Store, found: readonly ReadCheckpoint[]): Promise<string> {
  const last = found.findLast(({ changed }) => changed.length > 0);
  const first = found.find(({ changed }) => changed.length > 0);
  if (!first || !last) return '';
  const { parent: from } = await readLink(store, first.commit as Sha);
  if (from === null) return '';
  const { text, cut } = await diffText(store, { from, to: last.commit as Sha, maxBytes: MAX_DIFF_BYTES });
  return `\n\n${text}${cut ? `(the first ${MAX_DIFF_BYTES / 1024 / 1024} MiB)\n` : ''}`.trimEnd();
}

/**
 * `cox take`: pauses an agent and gives a person its files as a worktree, with the agent's chain as a branch.
 * Rule: nothing of the agent changes. `cox give` hands the work back, `cox resume` lets the agent go on without it.
 */
import { basename, dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { Command } from 'commander';
import { agentNow } from '../../client/agent-now.ts';
import { ClientFailure } from '../../client/client-failure.ts';
import { sendVerb } from '../../client/refactors.ts';
import { asLine as safe } from '../../core/text/lines.ts';
import { shellLine } from '../../core/text/shell-line.ts';
import { nameOfAgent } from '../../core/views/read-status.ts';
import type { AgentStatus, RefactorStatus } from '../../core/views/status.ts';
import type { Sha } from '../../core/transcript.ts';
import { shaSchema } from '../../core/transcript.ts';
import { ensureCommit } from '../../git/remote/fetch-commit.ts';
import { updates } from '../../workflows/messages.ts';
import type { Action } from '../command/action.ts';
import { addExample, EXAMPLE_ID } from '../command/help.ts';
import { findRun, openRunStore } from '../../client/find-run.ts';
import { addWorktree, findCopyWith } from '../person/own-copy.ts';
import { withStack } from '../stack/open-stack.ts';

const POLL_MS = 300;

export function addTake(program: Command, action: Action): void {
  const command = program
    .command('take')
    .description("pause an agent, and get its files as a worktree with the agent's commits as a branch")
    .argument('<id>', 'a refactor, or an agent by its whole id')
    .argument('[agent]', 'a task, or an agent such as lib.1; may be left out where one works')
    .option('--into <folder>', 'where the worktree is made; default: beside your working copy')
    .action(action(take));
  addExample(command, [EXAMPLE_ID, 'lib']);
}

async function take(id: string, name: string | undefined, { into }: { into?: string }): Promise<number> {
  return await withStack(async ({ client }, config) => {
    const found = await findRun(client, id, name);
    const { status } = found;
    const agent = found.agent ?? onlyAgent(status);
    const copy = await findCopyWith(process.cwd(), status.base ?? 'HEAD', status.repository);
    const store = await openRunStore(config, status);
    const head = await pauseAndWait(client, agent, config.user);
    await ensureCommit(store, { commit: head });
    const short = nameOfAgent(status.id, agent);
    const branch = `cox/${status.id}/${short}-${head.slice(0, 8)}`;
    const folder = into === undefined ? join(dirname(copy), `${basename(copy)}-${short}`) : resolve(into);
    await addWorktree(copy, store, { commit: head, branch, folder });
    console.log(`${safe(agent)} is paused. Its files are in ${folder}, on the branch ${branch}`);
    console.log('Change and commit there, then give them back:');
    console.log(`  ${shellLine(['cd', folder])} && ${shellLine(['cox', 'give', status.id, short])}`);
    console.log(`To let it go on without you: ${shellLine(['cox', 'resume', agent])}`);
    return 0;
  });
}

/** The agent that is meant where none is named. */
export function onlyAgent({ id, agents = [] }: RefactorStatus): string {
  const working = agents.filter(({ status }) => status === 'working');
  const [agent] = working;
  if (agent && working.length === 1) return agent.id;
  const names = working.map((one) => nameOfAgent(id, one.id)).join(', ');
  throw new ClientFailure('bad-input', `name the agent; at work: ${names || 'none'}`);
}

/** The agent's newest checkpoint, once it is paused and its step has ended. */
async function pauseAndWait(client: Client, agent: string, by: string): Promise<Sha> {
  const before = await agentNow(client, agent);
  if (before.status.paused === null) {
    const { kind, detail } = await sendVerb(client, agent, updates.pause, { by, reason: `${by} takes it` });
    if (kind === 'refused') throw new ClientFailure('failed', detail);
  }
  for (let told = false; ; told = true) {
    const { status, activity } = await agentNow(client, agent);
    if (activity === null && isQuiet(status)) return shaSchema.parse(status.head);
    if (!told) console.log(`waiting until its step has ended: ${safe(status.doing ?? '')}`);
    await delay(POLL_MS);
  }
}

/** A paused agent has taken everything that its last step left. */
function isQuiet({ paused, doing, head }: AgentStatus): boolean {
  return paused !== null && head !== null && doing?.startsWith('waits') === true;
}

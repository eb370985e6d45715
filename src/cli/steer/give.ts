/**
 * `cox give`: hands a person's commits to the agent whose files they took; it goes on from them and is told of them.
 * Rule: only commits on top of the agent's newest checkpoint count, so that nothing of the agent's work is lost unseen.
 */
import type { Command } from 'commander';
import { agentNow } from '../../client/agent-now.ts';
import { ClientFailure } from '../../client/client-failure.ts';
import { shaSchema } from '../../core/transcript.ts';
import { placeRef, REFS } from '../../git/remote/hub-refs.ts';
import { placeOfHub } from '../../git/remote/hub-store.ts';
import { updates } from '../../workflows/messages.ts';
import type { Action } from '../command/action.ts';
import { addExample, EXAMPLE_ID } from '../command/help.ts';
import type { SendOptions } from '../command/verb.ts';
import { deliverMessage, SIGN_WITH } from '../command/verb.ts';
import { findRun, openRunStore } from '../../client/find-run.ts';
import { descendsFrom, pushToHub, readCommitted } from '../person/own-copy.ts';
import { withStack } from '../stack/open-stack.ts';
import { onlyAgent } from './take.ts';

export function addGive(program: Command, action: Action): void {
  const command = program
    .command('give')
    .description('hand your commits, made in the worktree of cox take, to the agent, which goes on from them')
    .argument('<id>', 'a refactor, or an agent by its whole id')
    .argument('[agent]', 'as for cox take')
    .option('--sign-with <key>', SIGN_WITH)
    .option('--by <name>', 'name of the sender: a claim, unless it is signed')
    .action(action(give));
  addExample(command, [EXAMPLE_ID, 'lib']);
}

async function give(id: string, name: string | undefined, options: SendOptions): Promise<number> {
  return await withStack(async ({ client }, config) => {
    const found = await findRun(client, id, name);
    const { status } = found;
    const agent = found.agent ?? onlyAgent(status);
    const folder = process.cwd();
    const commit = await readCommitted(folder);
    const head = shaSchema.parse((await agentNow(client, agent)).status.head);
    if (commit === head)
      throw new ClientFailure('bad-input', `there is no commit of yours here: ${agent} is at it already`);
    if (!(await descendsFrom(folder, commit, head)))
      throw new ClientFailure(
        'bad-input',
        `${agent} is at ${head.slice(0, 10)}, which your commits are not on top of: cox take it again`,
      );
    const ref = placeRef(await openRunStore(config, status), `${REFS}wheel/${commit}`);
    await pushToHub(folder, placeOfHub(config, status.repository), commit, ref);
    return await deliverMessage({ client, user: config.user }, updates.resume, agent, { from: commit }, options);
  });
}

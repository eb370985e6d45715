/**
 * The command `cox diff`: what a refactor or an agent has changed so far, in the person's own pager or difftool.
 * Rule: it only reads. What is paged is git's plain text with every unsafe character shown as its code; colours are
 * ours.
 */
import { execa } from 'execa';
import type { Command } from 'commander';
import type { Action } from '../command/action.ts';
import { addExample, EXAMPLE_ID } from '../command/help.ts';
import { withStack } from '../stack/open-stack.ts';
import type { RunDifference } from '../../client/difference.ts';
import { findDifference, showDifference, showStat } from '../../client/difference.ts';
import { page } from '../person/page.ts';

interface Options {
  stat?: boolean;
  tool?: boolean;
}

export function addDiff(program: Command, action: Action): void {
  const command = program
    .command('diff')
    .description('what is integrated, or what an agent has changed, before anything is delivered')
    .argument('<id>', 'a refactor, or an agent by its whole id')
    .argument('[agent]', 'a task, or an agent such as lib.1')
    .option('--stat', 'files and counts of lines only')
    .option('--tool', "open it in git's difftool, as you have configured it")
    .action(action(async (id: string, agent: string | undefined, options: Options) => await diff(id, agent, options)));
  addExample(command, [EXAMPLE_ID, 'lib']);
}

async function diff(id: string, agent: string | undefined, { stat, tool }: Options): Promise<number> {
  return await withStack(async ({ client }, config) => {
    const difference = await findDifference(client, config, id, agent);
    if (tool) return await openTool(difference);
    await page(stat ? `${await showStat(difference)}\n` : await showDifference(difference));
    return 0;
  });
}

/** Git's difftool wants a working tree; of a bare repository it only reads the two commits. */
async function openTool({ store, from, to }: RunDifference): Promise<number> {
  const args = [
    `--git-dir=${store.dir}`,
    '--work-tree=.',
    'difftool',
    '--dir-diff',
    '--no-symlinks',
    '--trust-exit-code',
    from,
    to,
  ];
  const { exitCode = 1 } = await execa('git', args, { stdio: 'inherit', reject: false });
  return exitCode;
}

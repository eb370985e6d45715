/**
 * The program `cox`: every command, in the groups that its help shows.
 * Rule: importing it runs nothing, so that tests and docs can read which commands there are.
 */
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import type { Action } from './command/action.ts';
import { createAction } from './command/action.ts';
import { layOutHelp, pointToHelp } from './command/help.ts';
import { refuseRepeats } from './command/refuse-repeats.ts';
import { addAnswer } from './decide/answer.ts';
import { addApprove } from './decide/approve.ts';
import { addChoose } from './decide/choose.ts';
import { addInbox } from './decide/inbox.ts';
import { addReject } from './decide/reject.ts';
import { addRevisePlan } from './decide/revise-plan.ts';
import { addDoctor } from './operate/doctor.ts';
import { addSeal } from './operate/seal.ts';
import { addSetup } from './operate/setup.ts';
import { addWorker } from './operate/worker.ts';
import { addMcp } from './mcp/mcp.ts';
import { addAccount } from './policy/account.ts';
import { addPolicy } from './policy/policy.ts';
import { addDemo } from './start/demo.ts';
import { addRun } from './start/run.ts';
import { addUp } from './start/up.ts';
import { addFork } from './steer/fork.ts';
import { addPause } from './steer/pause.ts';
import { addResume } from './steer/resume.ts';
import { addRewind } from './steer/rewind.ts';
import { addSteer } from './steer/steer.ts';
import { addGive } from './steer/give.ts';
import { addStop } from './steer/stop.ts';
import { addTake } from './steer/take.ts';
import { addEdit, addWithdraw } from './steer/withdraw.ts';
import { addDiff } from './watch/diff.ts';
import { addFleet } from './watch/fleet.ts';
import { addList } from './watch/list.ts';
import { addLogCommand } from './watch/log.ts';
import { addQueries } from './watch/queries.ts';
import { addReview } from './watch/review.ts';
import { addShow } from './watch/show.ts';
import { addWatch } from './watch/watch.ts';
import { addWeb } from './watch/web.ts';
import { addWhere } from './watch/where.ts';

const GROUPS: Record<string, ((program: Command, action: Action) => void)[]> = {
  Start: [addDemo, addRun, addUp],
  Watch: [
    addList,
    addFleet,
    addWatch,
    addWeb,
    addMcp,
    addDiff,
    addShow,
    addQueries,
    addLogCommand,
    addWhere,
    addReview,
  ],
  Decide: [addInbox, addApprove, addReject, addAnswer, addRevisePlan, addChoose],
  Steer: [addSteer, addWithdraw, addEdit, addPause, addResume, addStop, addRewind, addFork, addTake, addGive],
  'Budget and policy': [addAccount, addPolicy],
  Operate: [addWorker, addSetup, addDoctor, addSeal],
};

const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

/** The whole program; what its commands do is done by `action`. */
export function createProgram(action?: Action): Command {
  const program = new Command('cox')
    .version(manifest.version)
    .description('Durable, supervised refactors by AI coding agents, as Temporal workflows.')
    .option('--verbose', 'show the whole of an error');
  layOutHelp(program);
  const run = action ?? createAction(() => program.opts<{ verbose?: boolean }>().verbose === true);
  for (const [heading, commands] of Object.entries(GROUPS)) {
    program.commandsGroup(`${heading}:`);
    for (const add of commands) add(program, run);
  }
  program.helpCommand('help [command]', 'the options of a command, and an example');
  refuseRepeats(program);
  pointToHelp(program);
  return program;
}

export const program = createProgram();

/**
 * The program `cox`: every command, in the groups that its help shows.
 * Rule: the file of a command is loaded when that command is typed, or when all are asked for. Loading one runs
 * nothing, so that tests and docs can read which commands there are.
 */
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import type { Action } from './command/action.ts';
import { createAction } from './command/action.ts';
import { layOutHelp, pointToHelp } from './command/help.ts';
import { refuseRepeats } from './command/refuse-repeats.ts';

type Add = (program: Command, action: Action) => void;

/** By the headings of the help: the names of commands, as they are typed, and the file that adds them. */
const GROUPS: Record<string, Record<string, () => Promise<Add>>> = {
  Start: {
    demo: async () => (await import('./start/demo.ts')).addDemo,
    run: async () => (await import('./start/run.ts')).addRun,
    up: async () => (await import('./start/up.ts')).addUp,
  },
  Watch: {
    list: async () => (await import('./watch/list.ts')).addList,
    fleet: async () => (await import('./watch/fleet.ts')).addFleet,
    watch: async () => (await import('./watch/watch.ts')).addWatch,
    web: async () => (await import('./watch/web.ts')).addWeb,
    mcp: async () => {
      const { addMcp } = await import('./mcp/mcp.ts');
      return (program, action) => addMcp(program, action, createProgram);
    },
    diff: async () => (await import('./watch/diff.ts')).addDiff,
    show: async () => (await import('./watch/show.ts')).addShow,
    'status plan decisions spend report': async () => (await import('./watch/queries.ts')).addQueries,
    log: async () => (await import('./watch/log.ts')).addLogCommand,
    where: async () => (await import('./watch/where.ts')).addWhere,
    review: async () => (await import('./watch/review.ts')).addReview,
  },
  Decide: {
    inbox: async () => (await import('./decide/inbox.ts')).addInbox,
    approve: async () => (await import('./decide/approve.ts')).addApprove,
    reject: async () => (await import('./decide/reject.ts')).addReject,
    answer: async () => (await import('./decide/answer.ts')).addAnswer,
    'revise-plan': async () => (await import('./decide/revise-plan.ts')).addRevisePlan,
    choose: async () => (await import('./decide/choose.ts')).addChoose,
  },
  Steer: {
    steer: async () => (await import('./steer/steer.ts')).addSteer,
    withdraw: async () => (await import('./steer/withdraw.ts')).addWithdraw,
    edit: async () => (await import('./steer/withdraw.ts')).addEdit,
    pause: async () => (await import('./steer/pause.ts')).addPause,
    resume: async () => (await import('./steer/resume.ts')).addResume,
    stop: async () => (await import('./steer/stop.ts')).addStop,
    rewind: async () => (await import('./steer/rewind.ts')).addRewind,
    fork: async () => (await import('./steer/fork.ts')).addFork,
    take: async () => (await import('./steer/take.ts')).addTake,
    give: async () => (await import('./steer/give.ts')).addGive,
  },
  'Budget and policy': {
    account: async () => (await import('./policy/account.ts')).addAccount,
    policy: async () => (await import('./policy/policy.ts')).addPolicy,
  },
  Operate: {
    worker: async () => (await import('./operate/worker.ts')).addWorker,
    setup: async () => (await import('./operate/setup.ts')).addSetup,
    doctor: async () => (await import('./operate/doctor.ts')).addDoctor,
    seal: async () => (await import('./operate/seal.ts')).addSeal,
  },
};

const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

/**
 * The program with the command that these arguments name; with all commands where they name none, as in `--help` and
 * after a mistyped name. What commands do is done by `action`.
 */
export async function createProgram(args: readonly string[] = [], action?: Action): Promise<Command> {
  const program = new Command('cox')
    .version(manifest.version)
    .description('Durable, supervised refactors by AI coding agents, as Temporal workflows.')
    .option('--verbose', 'show the whole of an error');
  layOutHelp(program);
  const run = action ?? createAction(() => program.opts<{ verbose?: boolean }>().verbose === true);
  const typed = args.find((word) => !word.startsWith('-'));
  const isTyped = (names: string): boolean => typed !== undefined && names.split(' ').includes(typed);
  const isKnown = Object.values(GROUPS).flatMap(Object.keys).some(isTyped);
  for (const [heading, commands] of Object.entries(GROUPS)) {
    program.commandsGroup(`${heading}:`);
    const wanted = Object.entries(commands).filter(([names]) => !isKnown || isTyped(names));
    for (const add of await Promise.all(wanted.map(async ([, load]) => await load()))) add(program, run);
  }
  program.helpCommand('help [command]', 'the options of a command, and an example');
  refuseRepeats(program);
  pointToHelp(program);
  return program;
}

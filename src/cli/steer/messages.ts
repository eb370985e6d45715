/**
 * The commands that send a verb or ask a query: one for each, with the message's fields as options.
 * Rule: what they print is the run's answer; a refused message is exit status 1.
 */
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { queryRun, resultOf, sendVerb } from '../../client/refactors.ts';
import { escapeForPeople, safeJson } from '../../core/text/escape.ts';
import type { MessageFields, Verb } from '../../core/decisions/messages.ts';
import type { Plan } from '../../core/plan.ts';
import type { EffectivePolicy } from '../../core/policy/policy.ts';
import type { RefactorStatus } from '../../core/views/status.ts';
import { asLine as safe } from '../../core/text/lines.ts';
import { findRepeatedField } from '../../core/unreadable.ts';
import { askPerson, readPaths } from '../person/ask-person.ts';
import { interrupted } from '../stack/interrupted.ts';
import type { RefactorAnswers, VerbUpdate } from '../../workflows/messages.ts';
import { refactorQueries, runQueries, updates } from '../../workflows/messages.ts';
import { policyCommands, showPolicy } from '../policy/policy.ts';
import { showPlan, showStatus } from '../person/show.ts';
import { signDecision } from '../person/sign-decision.ts';
import type { Action } from '../stack/open-stack.ts';
import { withStack } from '../stack/open-stack.ts';
import { supervise } from '../person/supervise.ts';
import { decideShown } from '../person/decide-shown.ts';
import { superviseAgent } from '../person/watch-agent.ts';

type Options = Record<string, string | boolean | undefined>;

type QueryName = keyof RefactorAnswers;

const QUERIES: QueryName[] = ['status', 'plan', 'decisions', 'spend', 'policy', 'log', 'report'];
const SIGN_WITH =
  "an SSH key file, or a public one whose other half your agent has; where policy wants signatures, git's signing key by itself";
const LIST_QUERY = "WorkflowType = 'refactor'";

/** Adds all of them to the program. */
export function messageCommands(program: Command, action: Action): void {
  addQueries(program, action);
  addSteering(program, action);
  addDeciding(program, action);
  addForking(program, action);
  program.command('watch').description('follow a refactor or an agent live').argument('<id>').action(action(watch));
  program.command('list').description('refactors, newest first').action(action(list));
}

function addQueries(program: Command, action: Action): void {
  for (const name of QUERIES) {
    const command = program.command(name).description(`the ${name} of a refactor or an agent`).argument('<id>');
    command
      .option('--json', 'as JSON')
      .action(action(async (id: string, options: { json?: boolean }) => await ask(name, id, options.json === true)));
    if (name !== 'policy') continue;
    policyCommands(command, action);
    addVerb(command, 'adopt', 'read the layers again, and say what changed').action(
      action(async (id: string, options: Options) => await send(updates.adoptPolicy, id, {}, options)),
    );
  }
}

function addVerb(program: Command, command: string, description: string, words?: string): Command {
  const added = program.command(command).description(description).argument('<id>');
  return (words === undefined ? added : added.argument(words))
    .option('--sign-with <key>', SIGN_WITH)
    .option('--by <name>', 'who sends it (a claim)')
    .option('--message-id <id>', 'it counts once under this id');
}

function addSteering(program: Command, action: Action): void {
  addVerb(program, 'steer', 'guide the work; its receipt is in the status', '<text>')
    .option('--to <task>', 'only the agent of this task')
    .option('--interrupt', 'cut the current step short')
    .action(
      action(async (id: string, text: string, options: Options) => {
        return await send(updates.steer, id, { text, to: options['to'], interrupt: options['interrupt'] }, options);
      }),
    );
  const about = { pause: 'start no more steps', stop: 'end cleanly, keep what was done' } as const;
  for (const name of ['pause', 'stop'] as const) {
    addVerb(program, name, about[name], '[reason]').action(
      action(async (id: string, reason: string | undefined, options: Options) => {
        return await send(updates[name], id, { reason }, options);
      }),
    );
  }
  addVerb(program, 'resume', 'go on after a pause or a hold', '[reason]')
    .option('--from <commit>', "a commit of yours in the hub, whose files replace the agent's")
    .option('--branch <name>', 'another branch to deliver')
    .option('--setup <command>', 'another setup, where the one of the start failed')
    .action(
      action(async (id: string, reason: string | undefined, options: Options) => {
        const { from, branch, setup } = options;
        return await send(updates.resume, id, { reason, from, branch, setup }, options);
      }),
    );
}

function addDeciding(program: Command, action: Action): void {
  for (const name of ['approve', 'reject'] as const) {
    const verb = addVerb(
      program,
      name,
      `${name} a decision; without its id the open one is shown, and you are asked`,
      '[decision]',
    );
    if (name === 'approve')
      verb.option(
        '--leave-out <paths>',
        'of what a call or a task changed: paths and globs, by commas, that are not kept; the rest is',
      );
    verb
      .option('--digest <digest>', 'what you looked at; refused if it has changed')
      .option('--note <text>', 'why; of a rejection, what is to be changed')
      .action(
        action(async (id: string, decision: string | undefined, options: Options) => {
          const { digest, note, leaveOut } = options;
          const paths = typeof leaveOut === 'string' ? { leaveOut: readPaths(leaveOut) } : {};
          if (decision !== undefined || digest !== undefined || leaveOut !== undefined)
            return await send(updates[name], id, { decision, digest, note, ...paths }, options);
          const shown = await askVerdict(name, id, options);
          return shown ?? (await send(updates[name], id, { note }, options));
        }),
      );
  }
  addVerb(program, 'answer', "answer an agent's question", '<text>')
    .option('--question <id>', 'which, when several are open')
    .action(
      action(async (id: string, text: string, options: Options) => {
        return await send(updates.answer, id, { text, question: options['question'] }, options);
      }),
    );
  addVerb(program, 'revise-plan', 'replace the plan by that of a JSON file', '<file>')
    .requiredOption('--plan-version <n>', 'the version that it replaces')
    .action(
      action(async (id: string, file: string, options: Options) => {
        return await send(
          updates.revisePlan,
          id,
          { version: Number(options['planVersion']), plan: await readPlan(file) },
          options,
        );
      }),
    );
  addVerb(program, 'rewind', 'take a task back to a step or a checkpoint', '<to>')
    .option('--task <task>', 'which, when several are at work')
    .action(
      action(async (id: string, to: string, options: Options) => {
        return await send(updates.rewind, id, { to, task: options['task'] }, options);
      }),
    );
}

function addForking(program: Command, action: Action): void {
  addVerb(program, 'fork', 'try a task a second time beside, from a checkpoint on', '[task]')
    .option('--to <step>', 'a step or a checkpoint; the last one if left out')
    .option('--text <text>', 'what the second agent is told')
    .action(
      action(async (id: string, task: string | undefined, options: Options) => {
        return await send(updates.fork, id, { task, to: options['to'], text: options['text'] }, options);
      }),
    );
  addVerb(program, 'choose', 'choose whose work counts after a fork', '<agent>').action(
    action(async (id: string, agent: string, options: Options) => await send(updates.choose, id, { agent }, options)),
  );
}

async function ask(name: QueryName, id: string, asJson: boolean): Promise<number> {
  return await withStack(async ({ client }) => {
    const answer = await queryRun<unknown>(client, id, refactorQueries[name]);
    console.log(asJson ? safeJson(answer, 2) : render(name, answer));
    return 0;
  });
}

function render(name: QueryName, answer: unknown): string {
  if (name === 'status' && hasField(answer, 'goal')) return showStatus(answer as RefactorStatus);
  if (name === 'plan' && hasField(answer, 'plan')) return showPlan((answer as { plan: Plan }).plan);
  if (name === 'policy' && hasField(answer, 'gates')) return showPolicy(answer as EffectivePolicy);
  if (name === 'log' && Array.isArray(answer)) {
    return (answer as { at: number; text: string }[])
      .map(({ at, text }) => `${new Date(at).toISOString()} ${safe(text)}`)
      .join('\n');
  }
  return typeof answer === 'string' ? escapeForPeople(answer) : safeJson(answer, 2);
}

function hasField(value: unknown, field: string): boolean {
  return typeof value === 'object' && value !== null && field in value;
}

/** Shows the decision that a verdict without an id may mean, and asks; undefined where none is open. */
async function askVerdict(verb: 'approve' | 'reject', id: string, options: Options): Promise<number | undefined> {
  return await withStack(async ({ client }, { user }) => {
    const by = typeof options['by'] === 'string' ? options['by'] : user;
    return await decideShown(client, { id, by, verb, key: keyOf(options) });
  });
}

function keyOf({ signWith }: Options): string | undefined {
  return typeof signWith === 'string' ? signWith : undefined;
}

async function send(update: VerbUpdate<Verb>, id: string, fields: object, options: Options): Promise<number> {
  return await withStack(async ({ client }, config) => {
    const messageId = options['messageId'];
    const by = options['by'] ?? config.user;
    const input = { ...fields, by, ...(messageId ? { id: messageId } : {}) } as MessageFields<Verb>;
    const signed = await signDecision({ client, id, update, fields: input, key: keyOf(options), say: console.error });
    const { kind, detail } = await sendVerb(client, id, update, signed);
    (kind === 'refused' ? console.error : console.log)(`${kind}: ${safe(detail)}`);
    return kind === 'refused' ? 1 : 0;
  });
}

async function readPlan(file: string): Promise<unknown> {
  try {
    const text = await readFile(file, 'utf8');
    const plan: unknown = JSON.parse(text);
    const twice = findRepeatedField(text);
    if (twice !== undefined) throw new Error(`it says the field ${JSON.stringify(twice)} twice`);
    return plan;
  } catch (error) {
    throw new Error(`${file} can't be read as JSON: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}

async function watch(id: string): Promise<number> {
  return await withStack(async ({ client }, config) => {
    const interrupt = interrupted();
    const decide = process.stdin.isTTY ? { decide: askPerson } : {};
    const supervision = { client, id, by: config.user, say: console.log, ...decide, signal: interrupt.signal };
    const isAgent = !hasField(await queryRun(client, id, runQueries.status), 'goal');
    const status = await (isAgent ? superviseAgent(supervision) : supervise(supervision));
    interrupt.done();
    if (!status) return 130;
    if (isAgent) return 0;
    console.log(escapeForPeople((await resultOf(client, id)).report));
    return 0;
  });
}

async function list(): Promise<number> {
  return await withStack(async ({ client }) => {
    for await (const { workflowId, startTime, status, searchAttributes } of client.workflow.list({
      query: LIST_QUERY,
    })) {
      const attributes = searchAttributes as Record<string, string[] | undefined>;
      // A run that was terminated could not say so itself.
      const isOwn = status.name === 'RUNNING' || status.name === 'COMPLETED';
      const state = (isOwn ? attributes['CoxState']?.[0] : undefined) ?? status.name.toLowerCase();
      const needs = (attributes['CoxNeeds'] ?? []).join(', ');
      console.log(
        `${safe(workflowId).padEnd(24)} ${safe(state).padEnd(16)} ${startTime.toISOString()} ${needs ? `needs ${safe(String(needs))}` : ''}`,
      );
    }
    return 0;
  });
}

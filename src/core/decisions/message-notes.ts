/**
 * What each message and query does, in one sentence, with an example of each verb.
 * Rule: the help of `cox`, Temporal's UI and docs/reference.md all use these sentences.
 */
import type { Verb } from './messages.ts';
import { MESSAGE_SCHEMAS, readMessage } from './messages.ts';

interface VerbNote {
  does: string;
  /** The words to type after the command and the run's id. */
  example: readonly string[];
  /** The input of the same message. */
  input: object;
}

const PATH = 'skip examples/**';
const ONE_TASK = {
  id: 'a',
  title: 'Use const',
  instructions: 'Replace var by const',
  paths: ['src/**'],
};

export const VERB_NOTES: Readonly<Record<Verb, VerbNote>> = {
  steer: {
    does: 'guide the work: the text reaches the next model call of each agent',
    example: [PATH, '--to', 'a'],
    input: { text: PATH, to: 'a' },
  },
  withdraw: {
    does: 'take back a steer that no model call has read',
    example: ['steer-3'],
    input: { steer: 'steer-3' },
  },
  edit: {
    does: 'give a steer that no model call has read other words, in its place',
    example: ['steer-3', 'skip test/**'],
    input: { steer: 'steer-3', text: 'skip test/**' },
  },
  pause: { does: 'start no more steps', example: ['lunch'], input: { reason: 'lunch' } },
  resume: { does: 'go on after a pause or a hold', example: [], input: {} },
  stop: { does: 'end in order, and keep what was done', example: ['enough'], input: { reason: 'enough' } },
  approve: { does: 'approve a decision', example: ['plan@1'], input: { decision: 'plan@1' } },
  reject: {
    does: 'reject a decision; the note says what to change, and becomes work',
    example: ['plan@1', '--note', 'smaller tasks'],
    input: { decision: 'plan@1', note: 'smaller tasks' },
  },
  answer: { does: "answer an agent's question", example: ['tabs'], input: { text: 'tabs' } },
  revisePlan: {
    does: 'replace the plan by another one',
    example: ['plan.json', '--plan-version', '1'],
    input: { version: 1, plan: { summary: 'One task', tasks: [ONE_TASK] } },
  },
  rewind: {
    does: "take a task back to a checkpoint: a step's number or a commit id",
    example: ['3', '--task', 'a'],
    input: { to: '3', task: 'a' },
  },
  fork: {
    does: 'start a second agent on a task, from a checkpoint of the first; both work on',
    example: ['a', '--to', '3', '--text', 'use a map instead'],
    input: { task: 'a', to: '3', text: 'use a map instead' },
  },
  choose: { does: 'choose whose work counts after a fork', example: ['a.2'], input: { agent: 'a.2' } },
  adoptPolicy: { does: 'read the layers of policy again, and say what changed', example: [], input: {} },
};

/** The queries of refactors and agents. An agent has no report. */
export const QUERY_NOTES = {
  status: 'what it does, what it waits for, what it needs from you, and receipts',
  plan: 'the plan with its version and digest; of an agent, its task',
  decisions: 'open and closed decisions',
  spend: 'tokens, dollars, model calls and commands',
  reviews: 'what the second model said of results; of an agent, of its calls',
  policy: 'each field of the policy in force, and the layer that it comes from',
  log: 'the last 100 lines of what happened',
  report: 'the report in Markdown',
} as const;

export const ACCOUNT_NOTES = {
  raise: 'add to the present period of a shared budget',
  reserve: 'a refactor sets an amount aside',
  settle: 'a refactor ended and took this amount',
} as const;

export const WAKE_NOTE = 'a waiting run looks around, and moves to a new version of the workers';

/** A verb's effect and its fields, for Temporal's UI. A field `name?` may be left out. */
export function describeVerb(verb: Verb): string {
  const fields = Object.entries(MESSAGE_SCHEMAS[verb].shape).map(([name, schema]) =>
    schema.safeParse(undefined).success ? `${name}?` : name,
  );
  const read = readMessage(verb, ['words']);
  const alone = read.kind === 'bad' ? undefined : Object.entries(read.message).find(([, value]) => value === 'words');
  return `${VERB_NOTES[verb].does}. Input: {${fields.join(', ')}}${alone ? `, or a string: its ${alone[0]}` : ''}`;
}

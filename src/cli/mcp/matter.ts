/**
 * What a message of a tool is about, and whether the actor may send it by itself: only where policy names the actor, or
 * where the message neither decides nor ends anything.
 * Rule: what policy leaves to people is theirs. A policy that names nobody leaves everything to people.
 */
import { queryRun } from '../../client/refactors.ts';
import type { Verb } from '../../core/decisions/messages.ts';
import { VERB_NOTES } from '../../core/decisions/message-notes.ts';
import { describeMisfit, planSchema } from '../../core/plan.ts';
import type { DecisionRules } from '../../core/policy/approvers.ts';
import { mayDecide } from '../../core/policy/approvers.ts';
import { rulesOf } from '../../core/policy/decision-fields.ts';
import { ClientFailure } from '../../client/client-failure.ts';
import { asBlock, asLine as safe } from '../../core/text/lines.ts';
import type { NeedView } from '../../core/views/status.ts';
import { runQueries } from '../../workflows/messages.ts';
import { showPlan } from '../person/show.ts';
import type { ToolContext } from './tool-context.ts';
import { findNeed, showNeed } from './show-decision.ts';

export type Fields = Readonly<Record<string, unknown>>;

export interface Matter {
  verb: Verb;
  run: string;
  /** The message's fields, with the whole digest of what is decided. */
  fields: Fields;
  need: NeedView | undefined;
  rules: DecisionRules;
  /** `free`: it decides nothing. `named`: policy names the actor. `people`: a person decides. */
  who: 'free' | 'named' | 'people';
}

/** Reads the run, and says what a message is about. */
export async function readMatter(context: ToolContext, verb: Verb, run: string, said: Fields): Promise<Matter> {
  const rules = rulesOf(await queryRun(context.client, run, runQueries.policy));
  const need = await findSubject(context, verb, run, said);
  const isBound = need !== undefined && (verb === 'approve' || verb === 'reject');
  const fields = isBound ? { ...said, decision: need.id, digest: need.digest } : said;
  return { verb, run, fields, need, rules, who: await whoMay(context, { verb, run, fields, need, rules }) };
}

async function findSubject(
  context: ToolContext,
  verb: Verb,
  run: string,
  fields: Fields,
): Promise<NeedView | undefined> {
  switch (verb) {
    case 'approve':
    case 'reject':
      return await findNeed(context, run, String(fields['decision']), String(fields['digest']));
    case 'answer':
      return await findNeed(context, run, String(fields['question']));
    default:
      return undefined;
  }
}

async function whoMay(
  context: ToolContext,
  { verb, run, fields, need, rules }: Omit<Matter, 'who'>,
): Promise<Matter['who']> {
  if (verb === 'steer' || verb === 'pause') return 'free';
  if ((verb === 'withdraw' || verb === 'edit') && (await isOwnSteer(context, run, fields['steer']))) return 'free';
  if (need) return need.mayDecide?.includes(context.actor) ? 'named' : 'people';
  // Not as for people, who may give orders with any right where none is named for that.
  const own = rules.approvers?.filter(({ name }) => name === context.actor) ?? [];
  return own.some(({ may }) => mayDecide(may, rightFor(verb))) ? 'named' : 'people';
}

/** A word of somebody else is theirs to take back. */
async function isOwnSteer({ client, actor }: ToolContext, run: string, steer: unknown): Promise<boolean> {
  if (typeof steer !== 'string' || steer === '') return false;
  const { receipts } = await queryRun(client, run, runQueries.status);
  const meant = receipts.filter(({ id, verb }) => verb === 'steer' && id.startsWith(steer));
  return meant.length > 0 && meant.every(({ by }) => by === actor);
}

/** The right that a message without an open decision takes. */
function rightFor(verb: Verb): 'choice' | 'plan' | 'control' {
  if (verb === 'choose') return 'choice';
  return verb === 'revisePlan' ? 'plan' : 'control';
}

/** What a person is shown before they confirm. */
export async function showMatter(context: ToolContext, { verb, run, fields, need }: Matter): Promise<string> {
  const { decision: _, digest: __, question: ___, plan, ...more } = fields as Record<string, unknown>;
  const head = `${safe(context.actor)} asks you to send: ${verb} to ${safe(run)} (${VERB_NOTES[verb].does})`;
  const said = Object.entries(more).map(([name, value]) => {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    return `${name}:\n${asBlock(text)}`;
  });
  return [
    head,
    ...(need ? [await showNeed(context, run, need)] : []),
    ...(plan === undefined ? [] : [showPlan(readPlan(plan), 'whole')]),
    ...said,
  ].join('\n');
}

function readPlan(value: unknown): ReturnType<typeof planSchema.parse> {
  const read = planSchema.safeParse(value);
  if (read.success) return read.data;
  throw new ClientFailure('bad-input', describeMisfit('plan', read.error.issues.slice(0, 5)));
}

/** The command with which a person sends the same. */
export function typedCommand(context: ToolContext, { verb, run, fields }: Matter): string {
  const text = (name: string): string[] => (typeof fields[name] === 'string' ? [fields[name]] : []);
  const option = (name: string, as = name): string[] => {
    const value = fields[name];
    if (Array.isArray(value)) return [`--${as}`, value.join(',')];
    return typeof value === 'string' || typeof value === 'number' ? [`--${as}`, `${value}`] : [];
  };
  const words: Partial<Record<Verb, string[]>> = {
    approve: [...text('decision'), ...option('digest'), ...option('note'), ...option('leaveOut', 'leave-out')],
    reject: [...text('decision'), ...option('digest'), ...option('note')],
    answer: [...text('text'), ...option('question')],
    choose: text('agent'),
    resume: [...text('reason'), ...option('from'), ...option('branch'), ...option('setup')],
    stop: text('reason'),
    rewind: [String(fields['to']), ...option('task')],
    fork: [...text('task'), ...option('to'), ...option('text')],
    withdraw: text('steer'),
    edit: [...text('steer'), ...text('text')],
  };
  if (verb === 'adoptPolicy') return context.line(['policy', 'adopt', run]);
  // A plan is a file for `cox`; the query has the one that is in force.
  if (verb === 'revisePlan')
    return context.line(['revise-plan', run, '<file>', '--plan-version', String(fields['version'])]);
  return context.line([verb, run, ...(words[verb] ?? [])]);
}

/**
 * What people send: the start's input and every verb's input, in the forms that the Temporal CLI can type.
 * Rule: a string is accepted where only one field matters, and what does not fit is described, never thrown.
 */
import { z } from 'zod';
import { findSecretOf } from '../address.ts';
import { describeMisfit, planSchema } from '../plan.ts';
import { policySchema } from '../policy/policy.ts';
import { describeUnreadable } from '../unreadable.ts';

const name = z.string().trim().min(1).max(200);
const command = z.string().trim().min(1).max(2000);

/**
 * Fields of messages that can be signed: an armored SSH signature over `renderSignedText`, the signer's name, and until
 * when it counts. The schema accepts a signature of any shape; a refused receipt says what is wrong with it.
 */
const signed = {
  signature: z.string().max(20_000).optional(),
  signer: name.optional(),
  expiresAt: z.iso.datetime().optional(),
};

/** Input of the workflow type `refactor`. */
export const startSchema = z.strictObject({
  /** Git URL, or a path on the worker, below the roots that its configuration allows. */
  repository: z.string().trim().min(1, 'name the repository: a git URL or a path on the worker').max(2000),
  goal: z.string().trim().min(1, 'say what should be done').max(20_000),
  /** Commands that judge a tree; exit status 0 is green. They run on the base first. */
  checks: z.array(command).max(20).default([]),
  /** Branch, tag or commit to start from. Default: the repository's HEAD. */
  base: z.string().trim().min(1).max(500).optional(),
  /** Branch to deliver. Default: made from the workflow id. */
  branch: z.string().trim().min(1).max(200).optional(),
  /** Command that prepares a fresh checkout, e.g. `npm ci`. */
  setup: command.optional(),
  team: name.optional(),
  campaign: name.optional(),
  requestedBy: name.optional(),
  policy: policySchema.optional(),
  /** Signature of the requester, over this input, the workflow id, the namespace and the repository. */
  ...signed,
});
export type StartInput = z.infer<typeof startSchema>;

/** Fields of every verb: the sender's name (a claim), and an id under which the message counts once. */
const sender = { by: name.optional(), id: z.string().min(1).max(200).optional() };
const text = z.string().trim().min(1).max(20_000);
const verdict = { decision: name.optional(), digest: name.optional(), note: text.optional() };

/** The fields of each verb's input. */
export const MESSAGE_SCHEMAS = {
  steer: z.strictObject({ text, to: name.optional(), interrupt: z.boolean().optional(), ...signed, ...sender }),
  /** `steer`: the id in the steer's receipt, or its beginning; it may be left out where only one steer waits. */
  withdraw: z.strictObject({ steer: name.optional(), ...signed, ...sender }),
  edit: z.strictObject({ steer: name.optional(), text, ...signed, ...sender }),
  pause: z.strictObject({ reason: text.optional(), ...signed, ...sender }),
  resume: z.strictObject({
    reason: text.optional(),
    from: z.string().optional(),
    /** Another branch to deliver. */
    branch: z.string().trim().min(1).max(200).optional(),
    /** Replaces a setup that failed on the base. */
    setup: command.optional(),
    ...signed,
    ...sender,
  }),
  stop: z.strictObject({ reason: text.optional(), ...signed, ...sender }),
  approve: z.strictObject({
    ...verdict,
    /** Paths and globs to leave out of what an act or a task changed; the rest is kept. */
    leaveOut: z.array(name).min(1).max(100).optional(),
    ...signed,
    ...sender,
  }),
  reject: z.strictObject({ ...verdict, ...signed, ...sender }),
  answer: z.strictObject({ question: name.optional(), text, ...signed, ...sender }),
  revisePlan: z.strictObject({ version: z.number().int(), plan: planSchema, ...signed, ...sender }),
  rewind: z.strictObject({
    task: name.optional(),
    to: z.union([z.string().min(1).max(64), z.number().int().min(0)]),
    ...signed,
    ...sender,
  }),
  fork: z.strictObject({
    task: name.optional(),
    to: z.union([z.string().min(1).max(64), z.number().int().min(0)]).optional(),
    text: text.optional(),
    ...signed,
    ...sender,
  }),
  choose: z.strictObject({ agent: name, ...signed, ...sender }),
  adoptPolicy: z.strictObject({ ...signed, ...sender }),
} as const;

export type Verb = keyof typeof MESSAGE_SCHEMAS;
export const VERBS = Object.keys(MESSAGE_SCHEMAS) as Verb[];
/** Verbs that decide nothing, so that they may also be sent as signals. */
export const SIGNAL_VERBS = ['steer', 'pause', 'resume', 'stop'] as const satisfies readonly Verb[];
export type SignalVerb = (typeof SIGNAL_VERBS)[number];

/** The field that a plain string sets. */
const STRING_FIELD = {
  steer: 'text',
  withdraw: 'steer',
  edit: 'text',
  pause: 'reason',
  resume: 'reason',
  stop: 'reason',
  approve: 'decision',
  reject: 'decision',
  answer: 'text',
  rewind: 'to',
  fork: 'task',
  choose: 'agent',
} as const satisfies Partial<Record<Verb, string>>;
const NEEDS_INPUT = new Set<Verb>(['steer', 'edit', 'answer', 'revisePlan', 'rewind', 'choose']);

/** A verb's input as a client writes it: its fields, or a string if the verb has a field for it. */
export type MessageFields<V extends Verb> = z.input<(typeof MESSAGE_SCHEMAS)[V]>;
export type MessageInput<V extends Verb> = MessageFields<V> | (V extends keyof typeof STRING_FIELD ? string : never);

export type Message = { [V in Verb]: { verb: V } & z.infer<(typeof MESSAGE_SCHEMAS)[V]> }[Verb];
export type MessageOf<V extends Verb> = Extract<Message, { verb: V }>;
export type MessageCheck = { kind: 'ok'; message: Message } | { kind: 'bad'; problem: string };

/** Reads a verb's input from a client: nothing, a string or an object. */
export function readMessage(verb: Verb, inputs: readonly unknown[]): MessageCheck {
  // A refactor of a newer version may pass on a verb that this version does not know.
  if (!Object.hasOwn(MESSAGE_SCHEMAS, verb)) return { kind: 'bad', problem: `there is no verb "${verb}" here` };
  if (inputs.length > 1) return { kind: 'bad', problem: `${verb} takes one input, not ${inputs.length}` };
  const [input] = inputs;
  const unreadable = describeUnreadable(input);
  if (unreadable !== undefined) return { kind: 'bad', problem: `the input of ${verb} ${unreadable}` };
  const field = (STRING_FIELD as Partial<Record<Verb, string>>)[verb];
  let value: unknown = input ?? (NEEDS_INPUT.has(verb) ? undefined : {});
  if (typeof value === 'string' && field) value = { [field]: value };
  const parsed = MESSAGE_SCHEMAS[verb].safeParse(value);
  if (!parsed.success) {
    return { kind: 'bad', problem: describeMisfit(verb, parsed.error.issues.slice(0, 5)) };
  }
  return { kind: 'ok', message: { verb, ...parsed.data } as Message };
}

export type StartCheck = { kind: 'ok'; input: StartInput } | { kind: 'bad'; problem: string };

/**
 * Reads the input of a start. The problem names every field that does not fit. `any` is for old runs, which accepted
 * other addresses.
 */
export function readStart(inputs: readonly unknown[], addresses: 'closed set' | 'any' = 'closed set'): StartCheck {
  const [input] = inputs;
  const unreadable = describeUnreadable(input);
  if (unreadable !== undefined) return { kind: 'bad', problem: `the input ${unreadable}` };
  const parsed = startSchema.safeParse(input);
  if (parsed.success) {
    const problem = addresses === 'any' ? undefined : findSecretOf(parsed.data.repository);
    if (problem !== undefined) return { kind: 'bad', problem: `input of refactor: repository: ${problem}` };
    return { kind: 'ok', input: parsed.data };
  }
  return { kind: 'bad', problem: describeMisfit('refactor', parsed.error.issues) };
}

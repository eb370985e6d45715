/**
 * One message to many runs: the input of the workflow type `bulk`, its messages, and its table of receipts.
 * Rule: each message has an id that follows from the bulk and its place in the list, so that it counts once however
 * often it is sent. What decides something names its decision in each run.
 */
import { z } from 'zod';
import { digestText } from '../digest.ts';
import { describeMisfit } from '../plan.ts';
import { describeUnreadable } from '../unreadable.ts';
import type { MessageResult } from './receipts.ts';
import { readMessage } from './messages.ts';

/** Verbs that can be sent to many. The others are about one run's own steps, plan or agents. */
export const BULK_VERBS = ['steer', 'pause', 'resume', 'stop', 'approve', 'reject', 'answer'] as const;
export type BulkVerb = (typeof BULK_VERBS)[number];
/** Verbs that decide: a condition can't say what was looked at, so their targets are listed. */
const DECIDING: readonly BulkVerb[] = ['approve', 'reject', 'answer'];

/** Most runs of one bulk: its result has a row for each. */
export const MAX_TARGETS = 2000;
/** Messages of one activity: a minute of work at most. */
const BATCH = 50;
const MAX_DETAIL = 300;

const input = z.record(z.string(), z.unknown());
const targetSchema = z.strictObject({ workflow: z.string().min(1).max(1000), input: input.optional() });
/** Input of the workflow type `bulk`. `input` is what each target gets, and a target's own fields are added to it. */
export const bulkInputSchema = z.strictObject({
  verb: z.enum(BULK_VERBS),
  /** Open refactors that fit this condition of Temporal's list; or else `targets`. */
  query: z.string().min(1).max(5000).optional(),
  targets: z.array(targetSchema).min(1).max(MAX_TARGETS).optional(),
  input: input.optional(),
});
export type BulkInput = z.infer<typeof bulkInputSchema>;
export type BulkTarget = z.infer<typeof targetSchema>;

/** A message to one run. */
export interface BulkMessage {
  workflow: string;
  verb: BulkVerb;
  input: Record<string, unknown>;
}

/** What became of a message. `unsent`: no worker of that run answers, and a signal can't decide. */
export interface BulkReceipt {
  workflow: string;
  kind: MessageResult['kind'] | 'unsent';
  detail: string;
  receipt: string;
}

/** The result of the workflow. */
export interface BulkResult {
  verb: BulkVerb;
  applied: number;
  refused: number;
  receipts: BulkReceipt[];
}

export type BulkCheck = { kind: 'ok'; input: BulkInput } | { kind: 'bad'; problem: string };

/** Reads the input of a start. */
export function readBulkInput(inputs: readonly unknown[]): BulkCheck {
  const bad = (problem: string): BulkCheck => ({ kind: 'bad', problem });
  if (inputs.length > 1) return bad(`bulk takes one input, not ${inputs.length}`);
  const unreadable = describeUnreadable(inputs[0]);
  if (unreadable !== undefined) return bad(`the input of bulk ${unreadable}`);
  const parsed = bulkInputSchema.safeParse(inputs[0]);
  if (!parsed.success) return bad(describeMisfit('bulk', parsed.error.issues.slice(0, 5)));
  const { verb, query, targets } = parsed.data;
  if ((query === undefined) === (targets === undefined)) return bad('input of bulk: give either query or targets');
  if (query !== undefined && DECIDING.includes(verb))
    return bad(`input of bulk: ${verb} takes targets, each with the decision that was looked at, and no query`);
  const problem = findMessageProblem(parsed.data);
  return problem === undefined ? { kind: 'ok', input: parsed.data } : bad(`input of bulk: ${problem}`);
}

/** Why some target's message would be refused by every run. */
function findMessageProblem({ verb, targets = [{ workflow: 'each' }], input: shared }: BulkInput): string | undefined {
  for (const { workflow, input: own } of targets) {
    const read = readMessage(verb, [{ ...shared, ...own }]);
    if (read.kind === 'bad') return `${workflow}: ${read.problem}`;
    const { message } = read;
    if (message.verb === 'answer' && message.question === undefined) return `${workflow}: name the question`;
    const isVerdict = message.verb === 'approve' || message.verb === 'reject';
    if (isVerdict && message.digest === undefined) return `${workflow}: name the digest of what was looked at`;
  }
  return undefined;
}

/** The messages in batches, each with its id. `bulk` is the bulk's first run, which a reset and a retry share. */
export function batchMessages(
  { verb, input: shared }: Pick<BulkInput, 'verb' | 'input'>,
  targets: readonly BulkTarget[],
  bulk: string,
): BulkMessage[][] {
  const messages = targets.map(({ workflow, input: own }, index) => {
    const id = `bulk-${digestText(JSON.stringify([bulk, index, workflow])).slice(0, 32)}`;
    return { workflow, verb, input: { id, ...shared, ...own } };
  });
  return Array.from({ length: Math.ceil(messages.length / BATCH) }, (_, at) =>
    messages.slice(at * BATCH, (at + 1) * BATCH),
  );
}

/** A receipt with a detail of bounded length. */
export function toReceipt(workflow: string, { kind, detail, receipt }: Omit<BulkReceipt, 'workflow'>): BulkReceipt {
  return { workflow, kind, detail: detail.slice(0, MAX_DETAIL), receipt };
}

export function sumReceipts(verb: BulkVerb, receipts: BulkReceipt[]): BulkResult {
  const applied = receipts.filter(({ kind }) => kind === 'applied' || kind === 'forwarded').length;
  return { verb, applied, refused: receipts.length - applied, receipts };
}

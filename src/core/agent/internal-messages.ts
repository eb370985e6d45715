/**
 * The shapes of signals between our runs and activities.
 * Rule: only what handlers rely on is checked; other fields pass unchanged.
 */
import { z } from 'zod';
import type { Share } from './share.ts';
import type { AgentReport } from './state.ts';
import type { Message } from '../decisions/messages.ts';
import { VERBS } from '../decisions/messages.ts';
import { shaSchema } from '../transcript.ts';
import type { Trouble, TroubleNews } from '../trouble.ts';
import { troubleSchema } from '../trouble.ts';

/** What a refactor remembers about messages between it and its agents. */
export interface HearsAgents {
  /** Trouble of one of its own activities. */
  trouble?: Trouble | null;
  /** Only sealed messages count. Left out in older runs. */
  seals?: true;
  /** The stamp of the last message to an agent, and of the last message from each agent. */
  stamp?: number;
  heard?: Record<string, number>;
}

const amount = z.number().min(0);
const decisionSchema = z.looseObject({
  id: z.string(),
  kind: z.string(),
  about: z.string(),
  digest: z.string(),
  openedAt: z.number(),
});
const spendSchema = z.looseObject({
  inputTokens: amount,
  outputTokens: amount,
  costUsd: amount.nullable(),
  modelCalls: amount,
  acts: amount,
});
const lines = z.array(z.string()).optional();
const outcomeSchema = z.discriminatedUnion('kind', [
  z.looseObject({
    kind: z.literal('finished'),
    head: shaSchema,
    summary: z.string(),
    evidence: z.array(z.looseObject({ command: z.string(), tree: z.string(), green: z.boolean() })),
    extraPaths: lines,
    keptEffects: lines,
  }),
  z.looseObject({
    kind: z.literal('planned'),
    plan: z.looseObject({ tasks: z.array(z.looseObject({ id: z.string() })) }),
  }),
  z.looseObject({ kind: z.literal('declined'), reason: z.string() }),
  z.looseObject({ kind: z.literal('stopped'), by: z.string(), reason: z.string() }),
  z.looseObject({ kind: z.literal('failed'), reason: z.string() }),
]);
const reportSchema = z.looseObject({
  agent: z.string(),
  task: z.string(),
  decisions: z.array(decisionSchema),
  hold: z.looseObject({ reason: z.string(), at: z.number() }).nullable(),
  head: shaSchema.nullable(),
  steps: amount,
  spend: spendSchema,
  receipts: z.array(z.looseObject({ id: z.string(), state: z.string(), detail: z.string() })),
  trouble: z.string().nullish(),
  decided: lines,
  reviewed: lines,
  models: lines,
  forks: z.array(z.looseObject({ id: z.string(), head: shaSchema, step: z.number(), by: z.string() })).optional(),
  outcome: outcomeSchema.nullable(),
});
const forwardedSchema = z.looseObject({ verb: z.enum([...VERBS, 'share']) });

/** An agent's report; undefined for anything else. */
export function readReport(value: unknown): AgentReport | undefined {
  return reportSchema.safeParse(value).success ? (value as AgentReport) : undefined;
}

/** A message from a refactor. The receiver checks the fields of its verb. */
export function readForwarded(value: unknown): Message | Share | undefined {
  return forwardedSchema.safeParse(value).success ? (value as Message | Share) : undefined;
}

/** A failed attempt of an activity that is retried; undefined for anything else. */
export function readTrouble(value: unknown): TroubleNews | undefined {
  return troubleSchema.safeParse(value).data;
}

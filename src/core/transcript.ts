/**
 * The conversation of an agent as typed data: our own items, never a provider's, and the entry that each checkpoint
 * commit carries.
 * Rule: what is written here is read again by every later version, so fields are only ever added.
 */
import { z } from 'zod';
import { escapeForPeople, safeJson } from './text/escape.ts';

/** A git commit or tree id: 40 or 64 lower-case hex digits. */
export const shaSchema = z
  .string()
  .regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/, 'is not a full commit id (40 hex digits)')
  .brand<'Sha'>();
export type Sha = z.infer<typeof shaSchema>;

/**
 * One item of a conversation. `opaque` holds what only its provider understands (encrypted reasoning), given back to
 * that provider unread.
 */
export const itemSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('user'), text: z.string() }),
  z.object({ kind: z.literal('assistant'), text: z.string() }),
  z.object({ kind: z.literal('call'), callId: z.string(), tool: z.string(), arguments: z.string() }),
  z.object({ kind: z.literal('result'), callId: z.string(), output: z.string() }),
  z.object({ kind: z.literal('opaque'), provider: z.string(), model: z.string(), data: z.unknown() }),
]);
export type Item = z.infer<typeof itemSchema>;

/** Tokens of one model call, as the provider counted them; `costUsd` is null where the model's price is unknown. */
export const usageSchema = z.object({
  inputTokens: z.number().int().nonnegative(),
  cachedTokens: z.number().int().nonnegative(),
  outputTokens: z.number().int().nonnegative(),
  costUsd: z.number().nonnegative().nullable(),
});
export type Usage = z.infer<typeof usageSchema>;

const entryBase = {
  /** Schema version of the entry. */
  v: z.literal(1),
  /** Idempotency key: which step of which kind made this checkpoint, unique within its run's ref. */
  key: z.string(),
};

/**
 * What a checkpoint's commit message carries after its subject. Items of all entries, in order, are the conversation,
 * from the last compaction on.
 */
export const entrySchema = z.discriminatedUnion('kind', [
  /** The root of a chain: what the agent was told and from which bytes of the repository. */
  z.object({
    ...entryBase,
    kind: z.literal('start'),
    instructions: z.string(),
    profile: z.enum(['work', 'plan']),
    items: z.array(itemSchema),
    /** Workflow ids of the agent and of its refactor, so that a chain says whose it is when Temporal has forgotten. */
    agent: z.string().optional(),
    refactor: z.string().optional(),
  }),
  /**
   * A model call: the items given to it that were not in the chain yet (results made by policy, steers), then its
   * answer.
   */
  z.object({
    ...entryBase,
    kind: z.literal('think'),
    model: z.string(),
    usage: usageSchema,
    steers: z.array(z.string()),
    /** How the answer ended; `complete` where it is left out. */
    stop: z.enum(['complete', 'truncated', 'refused', 'empty']).optional(),
    items: z.array(itemSchema),
    /** A person's commit whose tree this checkpoint has; it is the checkpoint's second parent. */
    wheel: shaSchema.optional(),
    /** Notes for people: what was dropped or repaired to make this call. */
    notes: z.array(z.string()).optional(),
  }),
  /** A tool call that ran, and its result as the model sees it. */
  z.object({
    ...entryBase,
    kind: z.literal('act'),
    callId: z.string(),
    tool: z.string(),
    exitCode: z.number().int().nullable(),
    signal: z.string().nullable(),
    durationMs: z.number().nonnegative(),
    outputBytes: z.number().int().nonnegative(),
    isolation: z.enum(['bwrap', 'external', 'none']),
    /** Who or which rule allowed it, and the digest of the arguments that were allowed. */
    decision: z.object({ by: z.string(), digest: z.string() }),
    items: z.array(itemSchema),
    /** Paths that exist in the workspace but are not part of the checkpoint, counted by reason. */
    leftOut: z.record(z.string(), z.number()).optional(),
  }),
  /** The conversation made short: its items replace all that were before. On the files it has no effect. */
  z.object({
    ...entryBase,
    kind: z.literal('compact'),
    model: z.string(),
    usage: usageSchema,
    /** How many items a summary stands for. */
    replaced: z.number().int().nonnegative(),
    items: z.array(itemSchema),
  }),
  /** Files changed outside the agent's own calls: a person's commit, or a tree put back after a refusal. */
  z.object({ ...entryBase, kind: z.literal('tree'), items: z.array(itemSchema), reason: z.string() }),
]);
export type Entry = z.infer<typeof entrySchema>;

/** The conversation that the entries of a chain make, from its start on. */
export function readConversation(entries: readonly Entry[]): Item[] {
  const from = entries.findLastIndex(({ kind }) => kind === 'compact');
  return entries.slice(Math.max(from, 0)).flatMap(({ items }) => items);
}

/** The text of a checkpoint's commit: a subject for people, a blank line, the entry as one line of JSON. */
export function formatCheckpointMessage(subject: string, entry: Entry): string {
  const oneLine = escapeForPeople(subject.replace(/\s+/g, ' ').trim()).slice(0, 120);
  return `${oneLine}\n\n${safeJson(entry)}\n`;
}

/** The entry in a commit's message, or undefined for a commit that is not a checkpoint (a person's, the base). */
export function parseCheckpointMessage(message: string): Entry | undefined {
  const start = message.indexOf('\n\n{');
  if (start < 0) return undefined;
  try {
    const parsed = entrySchema.safeParse(JSON.parse(message.slice(start + 2)));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The conversation of an agent as typed data: our own items, never a provider's, and the entry that each checkpoint
 * commit carries.
 * Rule: every later version reads what was written, so fields are only added.
 */
import { z } from 'zod';
import { escapeForPeople, safeJson } from './text/escape.ts';
import { clip } from './text/lines.ts';

/** A git commit or tree id: 40 or 64 lower-case hex digits. */
export const shaSchema = z
  .string()
  .regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/, 'is not a full commit id (40 hex digits)')
  .brand<'Sha'>();
export type Sha = z.infer<typeof shaSchema>;

/**
 * One item of a conversation. `opaque` holds data that only its provider understands (encrypted reasoning). It is sent
 * back to that provider unread.
 */
export const itemSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('user'), text: z.string() }),
  /** `phase`: whether the text is a remark or the answer, as the provider says; it wants that back. */
  z.object({
    kind: z.literal('assistant'),
    text: z.string(),
    phase: z.enum(['commentary', 'final_answer']).optional(),
  }),
  z.object({ kind: z.literal('call'), callId: z.string(), tool: z.string(), arguments: z.string() }),
  z.object({ kind: z.literal('result'), callId: z.string(), output: z.string() }),
  z.object({ kind: z.literal('opaque'), provider: z.string(), model: z.string(), data: z.unknown() }),
]);
export type Item = z.infer<typeof itemSchema>;

/** Tokens of one model call, as the provider counted them. `costUsd` is null if the model's price is unknown. */
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
  /** Idempotency key: the kind and step that made this checkpoint. Unique within its run's ref. */
  key: z.string(),
};

/**
 * The content of a checkpoint's commit message after its subject. The items of all entries since the last compaction,
 * in order, are the conversation.
 */
export const entrySchema = z.discriminatedUnion('kind', [
  /** The root of a chain: the agent's instructions, on the base's files. */
  z.object({
    ...entryBase,
    kind: z.literal('start'),
    instructions: z.string(),
    profile: z.enum(['work', 'plan']),
    items: z.array(itemSchema),
    /**
     * Workflow ids of the agent and its refactor. They say whose chain this is when Temporal has forgotten the
     * workflows.
     */
    agent: z.string().optional(),
    refactor: z.string().optional(),
  }),
  /** A model call: new items that were given to it (results made by policy, steers), then its response. */
  z.object({
    ...entryBase,
    kind: z.literal('think'),
    model: z.string(),
    usage: usageSchema,
    steers: z.array(z.string()),
    /** How the response ended; `complete` if left out. */
    stop: z.enum(['complete', 'truncated', 'refused', 'empty']).optional(),
    items: z.array(itemSchema),
    /** A person's commit, which is the checkpoint's second parent and has the same tree. */
    wheel: shaSchema.optional(),
    /** Notes for people about what was dropped or repaired to make this call. */
    notes: z.array(z.string()).optional(),
  }),
  /** A tool call that ran, and its result as the model sees it. */
  z.object({
    ...entryBase,
    kind: z.literal('act'),
    callId: z.string(),
    /** The tool that ran; `shell` in every entry of versions before 0.2.0. */
    tool: z.string(),
    exitCode: z.number().int().nullable(),
    signal: z.string().nullable(),
    durationMs: z.number().nonnegative(),
    outputBytes: z.number().int().nonnegative(),
    isolation: z.enum(['bwrap', 'external', 'none']),
    /** The person or rule that allowed the call, and the digest of the allowed arguments. */
    decision: z.object({ by: z.string(), digest: z.string() }),
    items: z.array(itemSchema),
    /** How many paths of the workspace are not part of the checkpoint, by reason. */
    leftOut: z.record(z.string(), z.number()).optional(),
  }),
  /** A compaction: its items replace all earlier ones. It does not change the files. */
  z.object({
    ...entryBase,
    kind: z.literal('compact'),
    model: z.string(),
    usage: usageSchema,
    /** How many items the summary replaces. */
    replaced: z.number().int().nonnegative(),
    items: z.array(itemSchema),
  }),
  /** Files that changed outside the agent's own calls: a person's commit, or a tree restored after a refusal. */
  z.object({ ...entryBase, kind: z.literal('tree'), items: z.array(itemSchema), reason: z.string() }),
]);
export type Entry = z.infer<typeof entrySchema>;

/** The conversation in the entries of a chain, which begin at its start. */
export function readConversation(entries: readonly Entry[]): Item[] {
  const from = entries.findLastIndex(({ kind }) => kind === 'compact');
  return entries.slice(Math.max(from, 0)).flatMap(({ items }) => items);
}

/** The message of a checkpoint's commit: a subject for people, a blank line, the entry as one line of JSON. */
export function formatCheckpointMessage(subject: string, entry: Entry): string {
  const oneLine = clip(escapeForPeople(subject.replace(/\s+/g, ' ').trim()), 120).kept;
  return `${oneLine}\n\n${safeJson(entry)}\n`;
}

/** The entry in a commit's message; undefined for a commit that is not a checkpoint (a person's, the base). */
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

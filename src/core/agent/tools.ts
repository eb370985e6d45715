/**
 * The tools that a model sees, as zod schemas. Adapters turn them into a provider's function tools.
 * Rule: approval is never a tool. A tool's arguments are judged as exact bytes, by their digest.
 */
import { z } from 'zod';
import { planSchema } from '../plan.ts';
import { verdictSchema } from '../review/verdict.ts';
import { isNote, MAX_TIMEOUT_SECONDS, readCall } from './read-call.ts';

/** Linux starts no program with an argument longer than 128 KiB. */
const MAX_COMMAND_BYTES = 120_000;

const shell = z.strictObject({
  command: z
    .string()
    .min(1)
    .max(60_000)
    .refine((line) => !line.includes('\0'), 'has a NUL in it, which no command line can hold')
    .refine((line) => new TextEncoder().encode(line).length <= MAX_COMMAND_BYTES, 'is too long: put it into a file')
    .describe('A POSIX shell command line, run by sh -c in /workspace without network.'),
  timeoutSeconds: z
    .number()
    .int()
    .min(1)
    .max(MAX_TIMEOUT_SECONDS)
    .optional()
    .describe('Most seconds it may take; 600 if left out.'),
});
const applyPatch = z.strictObject({
  patch: z
    .string()
    .min(1)
    .max(400_000)
    .describe(
      'A patch in the "*** Begin Patch" format: Add File, Update File (with @@ hunks of context) and Delete File sections.',
    ),
});
const ask = z.strictObject({
  question: z
    .string()
    .trim()
    .min(1)
    .max(4000)
    .describe('A question that only a person can answer. Work waits for the answer.'),
});
const finish = z.strictObject({
  summary: z.string().trim().min(1).max(4000).describe('What was done, for the report. The checks must confirm it.'),
});
const finishPlan = z.strictObject({
  plan: planSchema.describe('The plan: tasks small enough to be reviewed one by one.'),
});
const decline = z.strictObject({
  reason: z
    .string()
    .trim()
    .min(1)
    .max(4000)
    .describe('Why this goal cannot be done at all, and what a person could do about it.'),
});

/** Tools by profile: an agent that works on a task, the read-only planner, and the reviewer, which only judges. */
export const TOOLS = {
  work: {
    shell: { description: 'Run a command in the workspace. Files that it changes are kept.', schema: shell },
    apply_patch: { description: 'Change files by a patch.', schema: applyPatch },
    ask: { description: 'Ask a person a question and wait for the answer.', schema: ask },
    finish: { description: 'End the task. The checks of the task are then run on your files.', schema: finish },
  },
  plan: {
    shell: { description: 'Run a read-only command in the repository, to look around.', schema: shell },
    ask: { description: 'Ask a person a question and wait for the answer.', schema: ask },
    finish: {
      description: 'Hand in the plan. A person or policy judges it before any work starts.',
      schema: finishPlan,
    },
    decline: {
      description: 'Say that the goal cannot be done. The whole refactor ends with this reason.',
      schema: decline,
    },
  },
  review: {
    verdict: { description: 'Hand in the verdict. A person decides what becomes of it.', schema: verdictSchema },
  },
} as const;

export type ToolSet = keyof typeof TOOLS;
/** The set of tools of an agent. */
export type AgentTools = Exclude<ToolSet, 'review'>;
export type ToolName = 'shell' | 'apply_patch' | 'ask' | 'finish' | 'decline';
export type ShellArguments = z.infer<typeof shell>;
export type ApplyPatchArguments = z.infer<typeof applyPatch>;

export type ToolCheck =
  | { kind: 'ok'; tool: ToolName; arguments: Record<string, unknown> }
  /** The model took a note by a tool of its own. There is nothing to run. */
  | { kind: 'noted'; answer: string }
  | { kind: 'bad'; problem: string };

/**
 * Checks a call as a model made it: known tool, JSON, schema. Habits from other tools are taken where they are plain.
 * The problem is a sentence for the model, with the fields that exist.
 */
export function checkToolCall(profile: ToolSet, name: string, argumentsJson: string): ToolCheck {
  const tools: Record<string, { schema: z.ZodObject } | undefined> = TOOLS[profile];
  const { tool, value } = readCall(Object.keys(tools), name, argumentsJson);
  const known = Object.hasOwn(tools, tool) ? tools[tool] : undefined;
  const all = Object.entries(TOOLS[profile]).map(([one, { schema }]) => describeFields(one, schema));
  if (!known && isNote(name) && profile !== 'review')
    return { kind: 'noted', answer: `Noted; ${name} changes nothing here. The tools are ${all.join(', ')}.` };
  if (!known) return { kind: 'bad', problem: `there is no tool "${name}": the tools are ${all.join(', ')}` };
  if (value === undefined)
    return {
      kind: 'bad',
      problem: `the arguments of ${tool} are not valid JSON: it takes ${describeFields('', known.schema)}`,
    };
  const parsed = known.schema.safeParse(value);
  if (!parsed.success) {
    const takes = `it takes ${describeFields('', known.schema)}`;
    return { kind: 'bad', problem: `the arguments of ${tool} do not fit: ${z.prettifyError(parsed.error)}; ${takes}` };
  }
  return { kind: 'ok', tool: tool as ToolName, arguments: parsed.data };
}

/** A tool with its fields, such as `shell {command, timeoutSeconds?}`. */
function describeFields(tool: string, { shape }: z.ZodObject): string {
  const fields = Object.entries(shape).map(([name, field]) => (field.safeParse(undefined).success ? `${name}?` : name));
  return `${tool} {${fields.join(', ')}}`.trim();
}

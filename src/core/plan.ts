/**
 * The plan as typed data, and the checks that it must pass.
 * Rule: a plan that passes `checkPlan` can be worked to its end. Every problem names the task and says what to do.
 */
import { z } from 'zod';
import { readPattern } from './path-patterns.ts';
import { clipText } from './text/lines.ts';

/** Most tasks in one plan. Larger work is split into several refactors of one campaign. */
const MAX_TASKS = 200;
/** Most globs in all paths of a plan together, counting those that braces expand to. */
const MAX_GLOBS = 20_000;
/** Most characters of one problem of an input, and most problems in a message. */
const MAX_ISSUE = 500;
const MAX_ISSUES = 20;
/** Default step budget of a task. A step is one model call and at most one tool call. */
export const DEFAULT_TASK_STEPS = 60;
/** Default token budget of a task, input and output together. */
export const DEFAULT_TASK_TOKENS = 5_000_000;

export const taskSchema = z.strictObject({
  /** Slug, unique in the plan: lower-case letters, digits, dots, underscores and dashes. */
  id: z
    .string()
    .regex(
      /^[a-z0-9][a-z0-9._-]{0,62}$/,
      'must be a slug of 1 to 63 lower-case letters, digits, dots, underscores or dashes',
    ),
  title: z.string().trim().min(1).max(200),
  instructions: z.string().trim().min(1).max(20_000),
  /** Globs relative to the repository's root that the task may change, e.g. `src/**`. */
  paths: z.array(z.string().min(1).max(500)).min(1).max(500),
  /** Commands that judge the task's tree; exit status 0 is green. */
  checks: z.array(z.string().trim().min(1).max(2000)).max(20).default([]),
  /** Ids of tasks that must be integrated before this one starts. */
  dependsOn: z.array(z.string()).max(MAX_TASKS).default([]),
  /** Most steps (model calls) before the task holds and asks. */
  maxSteps: z.number().int().min(1).max(1000).default(DEFAULT_TASK_STEPS),
  /** Most tokens, input and output together, before the task holds and asks. */
  maxTokens: z.number().int().min(1000).max(1_000_000_000).default(DEFAULT_TASK_TOKENS),
  /** Most files, and most added and removed lines, before the task holds and asks. Default: policy's limits. */
  maxFiles: z.number().int().min(1).max(1_000_000).optional(),
  maxLines: z.number().int().min(1).max(1_000_000).optional(),
});
export type Task = z.infer<typeof taskSchema>;

export const planSchema = z.strictObject({
  summary: z.string().trim().min(1).max(5000),
  tasks: z.array(taskSchema).min(1, 'a plan needs at least one task').max(MAX_TASKS),
});
export type Plan = z.infer<typeof planSchema>;

/**
 * Problems of a plan that has the right shape but can't be worked; empty if there are none. `any` is for older runs, in
 * which unreadable patterns were accepted: a replay must accept them again.
 */
export function findPlanProblems(plan: Plan, patterns: 'readable' | 'any' = 'readable'): string[] {
  const problems: string[] = [];
  const ids = new Set<string>();
  for (const task of plan.tasks) {
    if (ids.has(task.id)) problems.push(`task "${task.id}" appears twice: give each task an id of its own`);
    ids.add(task.id);
  }
  let globs = 0;
  for (const task of plan.tasks) {
    if (task.id === 'plan') problems.push('task "plan": this id is reserved for the planner, choose another');
    for (const path of task.paths) {
      const read = patterns === 'readable' && globs <= MAX_GLOBS ? readPattern(path) : undefined;
      const problem = findPlaceProblem(path) ?? (read?.kind === 'bad' ? read.problem : undefined);
      if (problem) problems.push(`task "${task.id}": path "${path}" ${problem}`);
      globs += read?.kind === 'ok' ? read.globs.length : 1;
    }
    for (const dependency of task.dependsOn) {
      if (dependency === task.id) problems.push(`task "${task.id}" depends on itself`);
      else if (!ids.has(dependency))
        problems.push(`task "${task.id}" depends on "${dependency}", which is not in the plan`);
    }
  }
  // Every glob is compared with the files of the tasks.
  if (patterns === 'readable' && globs > MAX_GLOBS)
    problems.push(`the paths of all tasks mean more than ${MAX_GLOBS} patterns, counting braces: name folders instead`);
  const cycle = findCycle(plan.tasks);
  if (cycle) problems.push(`tasks depend on each other in a circle: ${cycle.join(' → ')}`);
  return problems;
}

function findPlaceProblem(path: string): string | undefined {
  if (path.startsWith('/') || /^[A-Za-z]:/.test(path))
    return 'is absolute: paths are relative to the root of the repository';
  if (path.startsWith('!')) return 'is a negation: list what the task may change';
  const parts = path.split('/');
  if (parts.includes('..')) return 'leaves the repository by ".."';
  if (parts.some((part) => part.toLowerCase() === '.git')) return "names git's own folder";
  return undefined;
}

/** One circle of dependencies with its first id repeated at the end; undefined if there is none. */
function findCycle(tasks: readonly Task[]): string[] | undefined {
  const byId = new Map(tasks.map((task) => [task.id, task]));
  const done = new Set<string>();
  const trail: string[] = [];
  const visit = (id: string): string[] | undefined => {
    if (done.has(id)) return undefined;
    const seenAt = trail.indexOf(id);
    if (seenAt >= 0) return [...trail.slice(seenAt), id];
    trail.push(id);
    for (const dependency of byId.get(id)?.dependsOn ?? []) {
      const cycle = dependency === id ? undefined : visit(dependency);
      if (cycle) return cycle;
    }
    trail.pop();
    done.add(id);
    return undefined;
  };
  for (const task of tasks) {
    const cycle = visit(task.id);
    if (cycle) return cycle;
  }
  return undefined;
}

export type PlanCheck = { kind: 'ok'; plan: Plan } | { kind: 'bad'; problems: string[] };

/** Checks a value as a plan: first its shape, then whether it can be worked. */
export function checkPlan(value: unknown): PlanCheck {
  const parsed = planSchema.safeParse(value);
  if (!parsed.success) return { kind: 'bad', problems: parsed.error.issues.map(describeIssue) };
  const problems = findPlanProblems(parsed.data);
  return problems.length > 0 ? { kind: 'bad', problems } : { kind: 'ok', plan: parsed.data };
}

/** One zod issue as a sentence with its place: `tasks.0.id: …`. It is cut because it may quote the input. */
export function describeIssue(issue: z.core.$ZodIssue): string {
  const where = issue.path.map(String).join('.');
  const isEmpty = issue.code === 'too_small' && issue.origin === 'string' && issue.minimum === 1;
  // A schema's own words say more.
  const problem = isEmpty && issue.message.startsWith('Too small') ? 'must not be empty' : issue.message;
  return clipText(where ? `${where}: ${problem}` : problem, MAX_ISSUE);
}

/** Why an input can't be read, with at most MAX_ISSUES issues. */
export function describeMisfit(what: string, issues: readonly z.core.$ZodIssue[]): string {
  const more = issues.length > MAX_ISSUES ? [`${issues.length - MAX_ISSUES} more`] : [];
  const said = [...issues.slice(0, MAX_ISSUES).map(describeIssue), ...more];
  return `the input of ${what} does not fit: ${said.join('; ')}`;
}

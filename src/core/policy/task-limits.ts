/**
 * How much a task may change before it asks.
 * Rule: both plan and policy count; the stricter wins.
 */
import type { DiffLimits } from '../execution.ts';
import type { Task } from '../plan.ts';
import type { EffectivePolicy } from './policy.ts';
import { UNLIMITED } from './policy.ts';

/** The stricter limits of plan and policy on a task's size; empty if neither has any. */
export function taskLimitsOf(policy: EffectivePolicy, task: Task): { limits?: DiffLimits } {
  const least = (...values: (number | undefined)[]): number | undefined => {
    const said = values.filter((value) => value !== undefined && value < UNLIMITED);
    return said.length > 0 ? Math.min(...(said as number[])) : undefined;
  };
  const files = least(task.maxFiles, policy.task.maxFiles?.value);
  const lines = least(task.maxLines, policy.task.maxLines?.value);
  if (files === undefined && lines === undefined) return {};
  return { limits: { ...(files === undefined ? {} : { files }), ...(lines === undefined ? {} : { lines }) } };
}

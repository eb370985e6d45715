/**
 * How much a task may change before it asks.
 * Rule: plan and policy both count, the stricter wins.
 */
import type { DiffLimits } from '../execution.ts';
import type { Task } from '../plan.ts';
import type { EffectivePolicy } from './policy.ts';
import { UNLIMITED } from './policy.ts';

/** The stricter of what plan and policy say of a task's size; nothing where neither does. */
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

/**
 * How much a model reasons, by what it is asked for.
 * Rule: every effort that the API knows is accepted. Whether a model takes it, its server says at the first call.
 */
import { z } from 'zod';
import type { ToolSet } from '../core/agent/tools.ts';

const EFFORTS = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'] as const;
type Effort = (typeof EFFORTS)[number];

const ROLES = ['agents', 'planner', 'reviewer', 'summaries'] as const;
type Role = (typeof ROLES)[number];
export type Efforts = Partial<Record<Role, Effort>>;

/** Reads `high`, or `agents=medium,planner=high`: an effort without a role counts for the roles that are not named. */
export const effortsSchema = z.array(z.string()).transform((parts, context): Efforts => {
  const efforts: Efforts = {};
  let other: Efforts = {};
  for (const part of parts) {
    const [name, role] = part
      .split('=')
      .map((word) => word.trim())
      .toReversed();
    const effort = EFFORTS.find((known) => known === name);
    const known = ROLES.find((one) => one === role);
    if (!effort || (role !== undefined && !known)) {
      const roles = ROLES.map((one) => `${one}=`).join(', ');
      context.addIssue(`"${part}" is none of ${EFFORTS.join(', ')}, alone or after one of ${roles}`);
      return z.NEVER;
    }
    if (known) efforts[known] = effort;
    else other = Object.fromEntries(ROLES.map((one) => [one, effort]));
  }
  return { ...other, ...efforts };
});

/** The role of a call, which its tools show. Without tools it is a summary. */
export function roleOf(tools: ToolSet | null): Role {
  const roles = { work: 'agents', plan: 'planner', review: 'reviewer' } as const;
  return tools === null ? 'summaries' : roles[tools];
}

/**
 * Shapes of the amounts that budgets count, and of what is reserved: for an agent, in a shared account, in time.
 * Rule: shapes only. The counting is in `account` and in the refactor's budget.
 */
import { z } from 'zod';

/** Tokens and dollars, not negative. */
export interface Amount {
  tokens: number;
  usd: number;
}

/** Calendar periods in UTC. Weeks begin on Monday. */
export const PERIODS = ['day', 'week', 'month'] as const;

export type Period = (typeof PERIODS)[number];

/** A name that can be part of a workflow's id. */
export const accountNameSchema = z
  .string()
  .regex(/^[\w.-]{1,100}$/, 'a name of letters, digits, dots, dashes and underscores');

/** The budget that stands for no limit. */
export const UNLIMITED_BUDGET: Readonly<Amount> = { tokens: 1e12, usd: 1e9 };

/** One account, and the most that all its refactors together may take in a period. */
const sharedBudgetSchema = z
  .strictObject({
    /** All refactors whose policy names this account share it. */
    account: accountNameSchema,
    per: z.enum(PERIODS),
    tokens: z.int().min(1).max(1e15).optional(),
    usd: z.number().positive().max(1e9).optional(),
  })
  .refine(({ tokens, usd }) => tokens !== undefined || usd !== undefined, 'has no limit: name tokens or usd');

export const sharedBudgetsSchema = z.array(sharedBudgetSchema).max(20);

export type SharedBudget = z.infer<typeof sharedBudgetSchema>;

/** What a refactor has reserved, and in which accounts. `settled` once it gave back the rest. */
export interface Reserved extends Amount {
  accounts: SharedBudget[];
  settled?: true;
}

/** What an agent may take. */
export interface Grant {
  maxTokens: number;
  maxUsd?: number;
}

/**
 * How long a refactor has worked. `since` is when it last began, in milliseconds, or null while it waits for a person.
 */
export interface Clock {
  workedMs: number;
  since: number | null;
  addedMinutes: number;
  /** More minutes were refused. They are not asked for again until somebody resumes or wants changes. */
  refused?: boolean;
}

/**
 * Amounts that budgets are counted in, and what is set aside of them: for an agent, in a shared account, in time.
 * Rule: shapes only; who counts stands in `account` and in the refactor's budget.
 */
import { z } from 'zod';

/** Tokens and dollars, none below zero. */
export interface Amount {
  tokens: number;
  usd: number;
}

/** Calendar periods, in UTC; weeks begin on Monday. */
export const PERIODS = ['day', 'week', 'month'] as const;

export type Period = (typeof PERIODS)[number];

/** A name that can be part of a workflow's id. */
export const accountNameSchema = z
  .string()
  .regex(/^[\w.-]{1,100}$/, 'a name of letters, digits, dots, dashes and underscores');

/** What stands for no budget at all. */
export const UNLIMITED_BUDGET: Readonly<Amount> = { tokens: 1e12, usd: 1e9 };

/** One account and the most that all refactors under it may take together in a period. */
const sharedBudgetSchema = z
  .strictObject({
    /** Its name: all whose policy names it share it. */
    account: accountNameSchema,
    per: z.enum(PERIODS),
    tokens: z.int().min(1).max(1e15).optional(),
    usd: z.number().positive().max(1e9).optional(),
  })
  .refine(({ tokens, usd }) => tokens !== undefined || usd !== undefined, 'it limits nothing: name tokens or usd');

export const sharedBudgetsSchema = z.array(sharedBudgetSchema).max(20);

export type SharedBudget = z.infer<typeof sharedBudgetSchema>;

/** What a refactor has set aside, and where; `settled` once it gave back what it left. */
export interface Reserved extends Amount {
  accounts: SharedBudget[];
  settled?: true;
}

/** What an agent may take. */
export interface Grant {
  maxTokens: number;
  maxUsd?: number;
}

/** How long it has worked; `since` is when it last began to, null while it waits for a person. */
export interface Clock {
  workedMs: number;
  since: number | null;
  addedMinutes: number;
  /** More was refused: it is not asked for again until somebody resumes, or wants changes. */
  refused?: boolean;
}

/**
 * Inputs and results of a refactor's activities: preparing, integrating a finished task, reserving budgets, notices.
 * Rule: small facts. The bytes stay in the hub.
 */
import type { Amount, Period, SharedBudget, Reserved } from '../budget/amounts.ts';
import type { HostUse } from '../egress.ts';
import type { Evidence } from '../evidence.ts';
import type { DiffLimits, IsolationMode, Setup } from '../execution.ts';
import type { Finding, FindingRules } from '../effects/findings.ts';
import type { LfsGrant } from '../lfs.ts';
import type { Permit } from '../decisions/permits.ts';
import type { NoticeKind, Quiet } from '../policy/notify-field.ts';
import type { Spend } from '../spend.ts';
import type { Sha } from '../transcript.ts';
import type { Warrant } from '../decisions/warrant.ts';

/**
 * What a task may change, and the findings that people kept. `effects` is left out if its agent did not report them.
 */
export interface PermittedChanges {
  paths: string[];
  barred: string[];
  allowed: string[];
  limits?: DiffLimits;
  effects?: { rules: FindingRules; kept: string[] };
}

/** What an agent says about its result. The worker looks all of it up in the hub. */
export interface ClaimedResult {
  agent: string;
  task: string;
  /** Each must be green on the head's tree, or be one of `redBefore` and red in the same way as on the base. */
  checks: string[];
  redBefore?: string[];
  evidence: Pick<Evidence, 'command' | 'green' | 'commit' | 'tree' | 'outputDigest' | 'log'>[];
  /** Left out if the chain also has other agents' steps, as a fork's chain does. */
  spend?: Spend;
}

export interface IntegrateInput {
  repository: string;
  /** Commit of the integration branch. */
  line: Sha;
  /** Commit that the task started from, and its agent's last checkpoint. */
  start: Sha;
  head: Sha;
  key: string;
  message: string;
  /** What the task may change: its paths without the protected ones, and the paths that a person allowed. */
  keeps?: PermittedChanges;
  /** What the whole integration branch is judged by: its base, paths and texts of all tasks, and protected paths. */
  whole?: { base: Sha; paths: string[]; task: string; barred?: string[] };
  /** Left out in runs from before workers looked it up. */
  result?: ClaimedResult;
  /** The decisions behind what `keeps` allows, and what they are counted by. */
  permits?: Permit[];
  warrant?: Warrant;
}

export type IntegrateOutcome =
  | { kind: 'merged'; line: Sha; tree: Sha; changed: number; findings?: Finding[]; moreFindings?: number; took?: Spend }
  /** The hub does not confirm the agent's report. Nothing was merged. */
  | { kind: 'untrue'; reason: string }
  /** The task changed what it may not. Nothing was merged. */
  | { kind: 'outside'; paths: string[]; findings: Finding[] }
  | { kind: 'unchanged'; took?: Spend }
  | { kind: 'conflict'; tree: Sha; files: string[] };

/** What to reserve in these accounts, in place of `before`. */
export interface ReserveShared extends Amount {
  accounts: SharedBudget[];
  before: Reserved | null;
  /** How the worker finds the accounts' limits itself. Left out in older runs. */
  place?: { repository: string; base: Sha | null };
  warrant?: Warrant;
}

export type ReserveOutcome = { kind: 'reserved' } | { kind: 'short'; reason: string };

/** What a refactor took of these accounts. */
export interface SettleShared extends Amount {
  accounts: { account: string; per: Period }[];
}

export interface PrepareInput extends LfsGrant {
  repository: string;
  base: string | null;
  branch: string;
  /** The commit whose policy was read. Another base is refused. */
  expected?: Sha;
  checks: string[];
  setup: Setup | null;
  warrant?: Warrant;
}

/** What is known before any work: the base, and the checks on the untouched base. */
export interface Prepared {
  commit: Sha;
  tree: Sha;
  /** Branch that the base was taken from, if it was one. */
  baseBranch: string | null;
  /** The commit in the hub that lists the base's branch and tags. Left out in older runs. */
  names?: Sha;
  evidence: Evidence[];
  isolation: IsolationMode;
  /** Sentences for people, for example about a dirty working copy. */
  notes: string[];
  /** The hosts that setup connected to, if its network is a list of hosts. */
  hosts?: HostUse[];
}

/** What people are told of a run. It goes to every receiver in this form, except to chats, which get the text. */
export interface Notice {
  /** Equal in all attempts and at all receivers, so that a repetition can be dropped. */
  id: string;
  kind: NoticeKind;
  /** When it was noticed, in milliseconds. */
  at: number;
  run: string;
  goal: string;
  repository: string;
  team?: string;
  campaign?: string;
  /** One line for people. */
  text: string;
  /** What waits for a person, if it is a decision. */
  decision?: { id: string; kind: string; risk: string; digest: string; owner?: string };
}

/** A notice for one receiver, and the hours in which it is not to be told: only while all of them last. */
export interface NotifyInput {
  notice: Notice;
  to: string;
  quiet: Quiet[];
}

export type NotifyOutcome =
  | { kind: 'sent' }
  | { kind: 'quiet'; forMs: number }
  /** `isFinal`: the receiver wants no more. */
  | { kind: 'failed'; reason: string; isFinal?: true };

/** What a refactor remembers of its notices. */
export interface Notices {
  /** Keys of the newest ones. */
  told: string[];
  /** The progress after which nothing happened for longer than usual. */
  stalled?: string;
  /** Receivers that do not take a notice now, and why. */
  failing?: Record<string, { since: number; reason: string }>;
}

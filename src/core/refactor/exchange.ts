/**
 * What the activities of a refactor take and give: preparing, integrating a finished task, setting budgets aside.
 * Rule: small facts; the bytes stay in the hub.
 */
import type { Amount, Period, SharedBudget, Reserved } from '../budget/amounts.ts';
import type { HostUse } from '../egress.ts';
import type { Evidence } from '../evidence.ts';
import type { DiffLimits, IsolationMode, Setup } from '../execution.ts';
import type { Finding, FindingRules } from '../effects/findings.ts';
import type { LfsGrant } from '../lfs.ts';
import type { Permit } from '../decisions/permits.ts';
import type { Spend } from '../spend.ts';
import type { Sha } from '../transcript.ts';
import type { Warrant } from '../decisions/warrant.ts';

/** What a task may change, and what of its effects people kept; `effects` is left out where its agent did not say. */
export interface Keeps {
  paths: string[];
  barred: string[];
  allowed: string[];
  limits?: DiffLimits;
  effects?: { rules: FindingRules; kept: string[] };
}

/** What an agent says of its result; the worker looks all of it up in the hub. */
export interface ClaimedResult {
  agent: string;
  task: string;
  /** Each has to be green on the head's tree, or one of those that may be red in the same way as on the base. */
  checks: string[];
  redBefore?: string[];
  evidence: Pick<Evidence, 'command' | 'green' | 'commit' | 'tree' | 'outputDigest' | 'log'>[];
  /** Left out where other agents' steps are in the chain too, as in a fork's. */
  spend?: Spend;
}

export interface IntegrateInput {
  repository: string;
  /** Commit that the integration line stands at. */
  line: Sha;
  /** Commit that the task started from, and its agent's last checkpoint. */
  start: Sha;
  head: Sha;
  key: string;
  message: string;
  /** What the task may change: its paths, but for those that are barred, unless a person allowed just these. */
  keeps?: Keeps;
  /** By what the whole line is judged: its base, the paths and words of all tasks, and what policy protects. */
  whole?: { base: Sha; paths: string[]; task: string; barred?: string[] };
  /** Left out by runs from before workers looked it up. */
  result?: ClaimedResult;
  /** By which decisions people allowed and kept what is in `keeps`; and what to count them by. */
  permits?: Permit[];
  warrant?: Warrant;
}

export type IntegrateOutcome =
  | { kind: 'merged'; line: Sha; tree: Sha; changed: number; findings?: Finding[]; moreFindings?: number; took?: Spend }
  /** The hub says something else of the result than its agent's report; nothing was merged. */
  | { kind: 'untrue'; reason: string }
  /** The task changed what it may not; nothing was merged. */
  | { kind: 'outside'; paths: string[]; findings: Finding[] }
  | { kind: 'unchanged'; took?: Spend }
  | { kind: 'conflict'; tree: Sha; files: string[] };

/** What is to be set aside in these accounts, instead of what was. */
export interface ReserveShared extends Amount {
  accounts: SharedBudget[];
  before: Reserved | null;
  /** By what the worker reads the accounts' limits itself; left out by runs of before that. */
  place?: { repository: string; base: Sha | null };
  warrant?: Warrant;
}

/** What came of it. */
export type ReserveOutcome = { kind: 'reserved' } | { kind: 'short'; reason: string };

/** What a refactor took, for these accounts. */
export interface SettleShared extends Amount {
  accounts: { account: string; per: Period }[];
}

export interface PrepareInput extends LfsGrant {
  repository: string;
  base: string | null;
  branch: string;
  /** The commit whose policy was read; another one is refused. */
  expected?: Sha;
  checks: string[];
  setup: Setup | null;
  warrant?: Warrant;
}

/** What is known of the repository before any work: the base, and the checks on the untouched base. */
export interface Prepared {
  commit: Sha;
  tree: Sha;
  /** Branch that the base was taken from, where it was one. */
  baseBranch: string | null;
  /** The commit in the hub that has the base's branch and tags; left out where it was prepared before these were kept. */
  names?: Sha;
  evidence: Evidence[];
  isolation: IsolationMode;
  /** Sentences for people: a dirty working copy, for example. */
  notes: string[];
  /** What setup asked of the network, where it was granted hosts by name. */
  hosts?: HostUse[];
}

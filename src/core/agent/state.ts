/**
 * The state, commands and events of an agent: what `nextAgentCommand` looks at and `advanceAgent` changes.
 * Rule: one serialisable value is all that a continue-as-new carries; files and conversation are named by commit ids
 * only.
 */
import type { GlobReading } from '../commands/paths.ts';
import type { Control } from '../decisions/control.ts';
import type { RedBefore, Evidence } from '../evidence.ts';
import type { IsolationMode, Setup, DiffLimits } from '../execution.ts';
import type { Asked, Permit } from '../decisions/permits.ts';
import type { EffectivePolicy, Policy } from '../policy/policy.ts';
import type { Plan } from '../plan.ts';
import type { Price } from '../price.ts';
import type { CallReviewInput, Review } from '../review/review.ts';
import type { Spend } from '../spend.ts';
import type {
  ActInput,
  ActOutcome,
  Proposal,
  ThinkInput,
  ThinkOutcome,
  ToldResult,
  CheckInput,
  Steer,
} from './step.ts';
import type { Sha } from '../transcript.ts';
import type { Trouble, TroubleNews } from '../trouble.ts';
import type { Waiting } from '../decisions/waiting.ts';

export type AgentKind = 'work' | 'plan' | 'merge' | 'repair';
/** What an agent was started with; of it only the policy changes, where a newer one is adopted. */
export interface AgentSpec {
  kind: AgentKind;
  /** Task id in the plan; `plan` for the planner. */
  task: string;
  title: string;
  instructions: string;
  goal: string;
  repository: string;
  /** The refactor's base commit: lower layer of every workspace. */
  base: Sha;
  /** The commit that has the names of the base. */
  names?: Sha;
  /** The commit that the task starts from. */
  start: Sha;
  /** Tree of the chain's root where it is not the start's: one with a conflict in it. */
  startTree: Sha | null;
  paths: string[];
  checks: string[];
  maxSteps: number;
  maxTokens: number;
  /** Dollars that it may spend, and the price by which they are reserved; left out where there is no such budget. */
  maxUsd?: number;
  price?: Price;
  /** What its reviewer costs. */
  reviewPrice?: Price;
  /** Paths outside of the task's that people allowed its agents before this one, and findings that they kept. */
  allowed?: string[];
  kept?: string[];
  /** Most files and changed lines, where plan or policy says so. */
  limits?: DiffLimits;
  /** Checks that are red on the base, as people accepted. */
  redBefore?: RedBefore[];
  setup: Setup | null;
  isolation: IsolationMode;
  policy: EffectivePolicy;
  /** The run's own layer of it, so that all layers can be read again; left out by agents of before that. */
  run?: Policy | null;
  /** Digest of the start's input, where that opens a network for its setup. */
  startDigest?: string;
  /** Digest of the organisation's layer, as its refactor had it; left out by agents of before that. */
  organisation?: string | null;
  /** The checkpoint of another agent's chain that this one goes on from, with what it is told. */
  fork?: Fork;
  /** Workflow id of the refactor that is told of needs and of the end. */
  refactor: string | null;
  /** Who asked for it, where that is known. */
  requestedBy?: string;
  team: string | null;
}

/**
 * A wish to go on from a checkpoint a second time; `id` is the message's, `step` the checkpoint's, `kept` what people
 * kept of the effects before it, `permits` the decisions by which.
 */
export interface Fork {
  kept?: string[];
  permits?: Permit[];
  id: string;
  head: Sha;
  step: number;
  text: string | null;
  by: string;
}

export interface Hold {
  reason: string;
  at: number;
}

export type AgentOutcome =
  /**
   * `extraPaths` are those outside of the task's that people allowed, `keptEffects` the findings that they kept,
   * `permits` the decisions by which.
   */
  | {
      kind: 'finished';
      head: Sha;
      summary: string;
      evidence: Evidence[];
      extraPaths?: string[];
      keptEffects?: string[];
      permits?: Permit[];
    }
  | { kind: 'planned'; head: Sha; plan: Plan }
  | { kind: 'declined'; reason: string }
  /** `cancelled` where Temporal was asked to cancel the run. */
  | { kind: 'stopped'; head: Sha | null; by: string; reason: string; cancelled?: true }
  | { kind: 'failed'; head: Sha | null; reason: string };

/** What a closed agent leaves: its end, with what it took. */
export type AgentResult = AgentOutcome & { steps: number; spend: Spend };

/** What Temporal knows of an agent; `result` is null where it runs, or ended without one. */
export interface AgentDescription {
  id: string;
  found: 'running' | 'closed' | 'missing';
  result: AgentResult | null;
  /** The mark of the refactor that the result is sealed for; left out where it is not. */
  company?: string;
}

/** What a refactor hears from its agent: at the start and end of each need, and at the end. */
export interface AgentReport {
  agent: string;
  task: string;
  decisions: Control['decisions'];
  hold: Hold | null;
  head: Sha | null;
  steps: number;
  spend: Spend;
  receipts: { id: string; state: string; detail: string }[];
  /** What its activity waits for, where it is tried again and again. */
  trouble?: string | null;
  /** What was decided, and what reviewers said of calls where that made a person look: lines for the report. */
  decided?: string[];
  reviewed?: string[];
  /** Who has guided it. */
  authors?: string[];
  /** Forks that were asked for and not told yet. */
  forks?: Fork[];
  outcome: AgentOutcome | null;
}

export interface PendingCall extends Proposal {
  gate: 'allowed' | 'asked' | 'checking' | 'reviewing';
  by: string;
  /** The decision on it, where it was asked. */
  decision?: string;
  /** The worker that was to run it had no warrant for it: it goes through its gate again. */
  again?: true;
}

export interface AgentState {
  v: 1;
  id: string;
  spec: AgentSpec;
  head: Sha | null;
  /** The host that has the workspace; left out before the first act. */
  host?: string | null;
  trouble?: Trouble | null;
  /** Number of the step under way or next, from 1. */
  step: number;
  maxSteps: number;
  maxTokens: number;
  maxUsd?: number;
  /** A model call that is cut short is charged; agents of before this did not. */
  chargesCuts?: true;
  /** How policy's own rules read the globs of a line; agents of before that read them wide. */
  globs?: GlobReading;
  /** Only what workers sealed counts as theirs; agents of before that do not say. */
  seals?: true;
  /** Cancelled, it ends as Temporal's Cancelled; agents of before that end as Completed. */
  endsCancelled?: true;
  /** Its refactor was found closed; and somebody has resumed it since, so that it works without one. */
  orphaned?: true | undefined;
  /** By which rules it takes messages: see `MessageRules`. */
  rules?: 2;
  alone?: true | undefined;
  /** The mark of the refactor that started it, with all its runs; the stamps of the last message to it, and from it. */
  company?: string;
  stamp?: number;
  heard?: number;
  /** Paths outside of the task's that a person allowed, and those being asked about. */
  extraPaths: string[];
  askedPaths: string[];
  /** Findings, by their keys, that a person kept; and those being asked about. */
  keptEffects?: string[];
  askedEffects?: string[];
  /** The same as the decision's digest has it, and what was approved of such; agents of before that have none. */
  asked?: Asked | undefined;
  permits?: Permit[];
  pending: PendingCall | null;
  /** The head before the last act, to go back to if its effects are refused. */
  beforeAct: Sha | null;
  restore: Sha | null;
  leaveOut?: ThinkInput['leaveOut'] | undefined;
  wheel: Sha | null;
  results: ToldResult[];
  nudges: string[];
  steers: Steer[];
  /** Who has guided it, beside who requested the refactor. */
  authors?: string[];
  /** Reviews of its calls, the newest. */
  reviews?: Review[];
  /** Answers in a row that had no usable call. */
  repairs: number;
  /** Set by a message that cuts the running activity short. */
  cut: boolean;
  hold: Hold | null;
  /** Tokens of the last model call, input and output: the bound for the next reservation starts here. */
  contextTokens: number;
  newBytes: number;
  spend: Spend;
  evidence: Evidence[];
  rewindTo: Sha | null;
  forks?: Fork[];
  checkpoints: { step: number; head: Sha; what: string }[];
  outbox: AgentReport[];
  outcome: AgentOutcome | null;
  control: Control;
}

export type AgentCommand =
  | { kind: 'begin' }
  | { kind: 'think'; input: ThinkInput }
  | { kind: 'act'; input: ActInput; summary: string; host: string | null }
  | { kind: 'check'; input: CheckInput; host: string | null }
  | { kind: 'review'; input: CallReviewInput }
  | { kind: 'report'; report: AgentReport }
  | { kind: 'wait'; why: Waiting }
  | { kind: 'restart' }
  | { kind: 'end'; outcome: AgentOutcome };

/** What happened to a command, or to the world; `at` is workflow time in milliseconds. */
export type AgentEvent =
  | { kind: 'began'; at: number; head: Sha }
  | { kind: 'thought'; at: number; outcome: ThinkOutcome }
  | { kind: 'acted'; at: number; outcome: ActOutcome }
  | { kind: 'checked'; at: number; evidence: Evidence[] }
  | { kind: 'reviewed'; at: number; review: Review }
  | { kind: 'reported'; at: number; report: AgentReport }
  | { kind: 'orphaned'; at: number }
  /** The host of the workspace does not answer or is drained: another one takes its place. */
  | { kind: 'hostGone'; at: number; host: string }
  | { kind: 'troubled'; at: number; news: TroubleNews }
  /** Time to let the refactor hear that this agent lives. */
  | { kind: 'touch'; at: number }
  | { kind: 'cut'; at: number; what: 'think' | 'act' | 'check' | 'begin' | 'review' }
  | { kind: 'failed'; at: number; what: string; type?: string; reason: string }
  | { kind: 'cancelled'; at: number };

/**
 * The state, commands and events of an agent: `nextAgentCommand` reads the state, `advanceAgent` changes it.
 * Rule: it is one serialisable value, which continue-as-new passes on. Files and conversation are only named, by commit
 * ids.
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
/** The input that an agent is started with. It changes only when a newer policy is adopted. */
export interface AgentSpec {
  kind: AgentKind;
  /** Task id in the plan; `plan` for the planner. */
  task: string;
  title: string;
  instructions: string;
  goal: string;
  repository: string;
  /** The refactor's base commit, whose checkout is the lower layer of every workspace. */
  base: Sha;
  /** The commit in the hub that lists the base's branch and tags. */
  names?: Sha;
  /** The commit that the task starts from. */
  start: Sha;
  /** Tree of the chain's root if it differs from the start's: a tree with a conflict in it. */
  startTree: Sha | null;
  paths: string[];
  checks: string[];
  maxSteps: number;
  maxTokens: number;
  /** Most dollars that it may spend, and the price for reserving them. Left out without such a budget. */
  maxUsd?: number;
  price?: Price;
  /** The price of its reviewer's model. */
  reviewPrice?: Price;
  /** What people permitted earlier agents of this task: paths outside the task, and findings by key. */
  allowed?: string[];
  kept?: string[];
  /** Most files and changed lines, if plan or policy says so. */
  limits?: DiffLimits;
  /** Checks that are red on the base and that people accepted. */
  redBefore?: RedBefore[];
  setup: Setup | null;
  isolation: IsolationMode;
  policy: EffectivePolicy;
  /** The run's own layer of the policy, so that all layers can be read again. Left out in older agents. */
  run?: Policy | null;
  /** Digest of the start's input, if that grants its setup a network. */
  startDigest?: string;
  /** Digest of the organisation's layer, from its refactor. Left out in older agents. */
  organisation?: string | null;
  /** The checkpoint of another agent that this one goes on from, and what it is told. */
  fork?: Fork;
  /** Workflow id of the refactor that gets its reports. */
  refactor: string | null;
  /** Who asked for the refactor, if known. */
  requestedBy?: string;
  team: string | null;
}

/**
 * A request to go on from a checkpoint with a second agent. `id` is the message's, `step` the checkpoint's; `kept` are
 * findings that people kept before it, `permits` the decisions about them.
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
   * `extraPaths` are paths outside the task that people allowed, `keptEffects` findings that they kept, `permits` the
   * decisions about both.
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
  /** `cancelled`: Temporal was asked to cancel the run. */
  | { kind: 'stopped'; head: Sha | null; by: string; reason: string; cancelled?: true }
  | { kind: 'failed'; head: Sha | null; reason: string };

/** The result of an agent: its outcome, steps and spend. */
export type AgentResult = AgentOutcome & { steps: number; spend: Spend };

/** What Temporal knows about an agent. `result` is null while it runs, and if it ended without one. */
export interface AgentDescription {
  id: string;
  found: 'running' | 'closed' | 'missing';
  result: AgentResult | null;
  /** The mark of the refactor that the result is sealed for. Left out if it is not sealed. */
  company?: string;
}

/** An agent's report to its refactor: at the start and end of each need, and at its end. */
export interface AgentReport {
  agent: string;
  task: string;
  decisions: Control['decisions'];
  hold: Hold | null;
  head: Sha | null;
  steps: number;
  spend: Spend;
  receipts: { id: string; state: string; detail: string }[];
  /** Why an activity of it is being retried, if one is. */
  trouble?: string | null;
  /** Lines for the refactor's report: what was decided, and reviews of calls that made a person look. */
  decided?: string[];
  reviewed?: string[];
  /** Who has guided it. */
  authors?: string[];
  /** The models that answered it, by the names that their provider gives. */
  models?: string[];
  /** Requested forks that were not reported yet. */
  forks?: Fork[];
  outcome: AgentOutcome | null;
}

export interface PendingCall extends Proposal {
  gate: 'allowed' | 'asked' | 'checking' | 'reviewing';
  by: string;
  /** The decision about it, if a person was asked. */
  decision?: string;
  /** Its worker had no warrant for it, so it goes through the gate again. */
  again?: true;
}

export interface AgentState {
  v: 1;
  id: string;
  spec: AgentSpec;
  head: Sha | null;
  /** The host that has the workspace. Null before the first act. */
  host: string | null;
  trouble: Trouble | null;
  /** Number of the current or next step, from 1. */
  step: number;
  maxSteps: number;
  maxTokens: number;
  maxUsd?: number;
  /** An interrupted model call is charged. Left out in older agents. */
  chargesCuts?: true;
  /** Responses get more room than what is reserved, where the budget has it. Left out in older agents. */
  roomy?: true;
  /** How policy's own rules read globs in a command line. Left out in older agents, which read them `wide`. */
  globs?: GlobReading;
  /** Only sealed messages count. Left out in older agents. */
  seals?: true;
  /** If it is cancelled, it ends as Cancelled. Left out in older agents, which end as Completed. */
  endsCancelled?: true;
  /**
   * `orphaned`: its refactor was found closed. `alone`: somebody has resumed it since, so it works without a refactor.
   */
  orphaned?: true | undefined;
  /** The version of the rules for messages: see `MessageRules`. */
  rules?: 2;
  alone?: true | undefined;
  /** The mark of its refactor with all its runs; the stamps of the last message from it, and to it. */
  company?: string;
  stamp?: number;
  heard?: number;
  /** Paths outside the task that a person allowed, and those that are being asked about. */
  extraPaths: string[];
  askedPaths: string[];
  /** Keys of the findings that a person kept, and of those that are being asked about. */
  keptEffects: string[];
  askedEffects: string[];
  /**
   * What is being asked, exactly as its digest covers it, and the permits from earlier questions. Left out in older
   * agents.
   */
  asked?: Asked | undefined;
  permits: Permit[];
  pending: PendingCall | null;
  /** The head before the last act. If its effects are refused, the files go back to it. */
  beforeAct: Sha | null;
  restore: Sha | null;
  leaveOut?: ThinkInput['leaveOut'] | undefined;
  wheel: Sha | null;
  results: ToldResult[];
  nudges: string[];
  steers: Steer[];
  /** Ids of the steers that the model call under way has. Set by the workflow while it waits for the call. */
  reading?: string[];
  /** Who has guided it, in addition to the person who requested the refactor. */
  authors: string[];
  /** The models that answered it. Left out until the first answer, and in older agents. */
  models?: string[];
  /** Reviews of its calls, the newest ones. */
  reviews: Review[];
  /** Responses in a row that had no usable call. */
  repairs: number;
  /** Set by a message that interrupts the running activity. */
  cut: boolean;
  hold: Hold | null;
  /** Input and output tokens of the last model call. The next reservation starts from this number. */
  contextTokens: number;
  newBytes: number;
  spend: Spend;
  evidence: Evidence[];
  rewindTo: Sha | null;
  forks: Fork[];
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

/** What happened to a command, or outside. `at` is workflow time in milliseconds. */
export type AgentEvent =
  | { kind: 'began'; at: number; head: Sha }
  | { kind: 'thought'; at: number; outcome: ThinkOutcome }
  | { kind: 'acted'; at: number; outcome: ActOutcome }
  | { kind: 'checked'; at: number; evidence: Evidence[] }
  | { kind: 'reviewed'; at: number; review: Review }
  | { kind: 'reported'; at: number; report: AgentReport }
  | { kind: 'orphaned'; at: number }
  /** The workspace's host does not answer or is being drained. Another host takes over. */
  | { kind: 'hostGone'; at: number; host: string }
  | { kind: 'troubled'; at: number; news: TroubleNews }
  /** Time to report to the refactor that this agent is alive. */
  | { kind: 'touch'; at: number }
  | { kind: 'cut'; at: number; what: 'think' | 'act' | 'check' | 'begin' | 'review' }
  | { kind: 'failed'; at: number; what: string; type?: string; reason: string }
  | { kind: 'cancelled'; at: number };

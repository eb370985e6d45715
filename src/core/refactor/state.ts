/**
 * The state, commands and events of a refactor: `nextRefactorCommand` reads the state, `advanceRefactor` changes it.
 * Rule: it is one serialisable value, which continue-as-new passes on. Agents are known by their ids.
 */
import type { Share } from '../agent/share.ts';
import type { PolicyInput, PolicyRead } from '../policy/layer-sources.ts';
import type { AgentDescription, AgentKind, AgentReport, AgentSpec, Fork, Hold } from '../agent/state.ts';
import type { Reserved, Grant, Clock } from '../budget/amounts.ts';
import type { Control } from '../decisions/control.ts';
import type { Verified } from '../decisions/weigh.ts';
import type { DeliverInput, DeliverOutcome, OpenPullInput } from './delivery.ts';
import type { Evidence } from '../evidence.ts';
import type { Finding } from '../effects/findings.ts';
import type { Asked, Permit } from '../decisions/permits.ts';
import type {
  IntegrateInput,
  IntegrateOutcome,
  Notices,
  ReserveOutcome,
  ReserveShared,
  SettleShared,
  Prepared,
  PrepareInput,
} from './exchange.ts';
import type { Message, MessageOf, StartInput } from '../decisions/messages.ts';
import type { KnownReply } from '../decisions/replies.ts';
import type { Plan, Task } from '../plan.ts';
import type { EffectivePolicy } from '../policy/policy.ts';
import type { Prices, PricesInput, PricesRead } from '../price.ts';
import type { Review, ReviewInput } from '../review/review.ts';
import type { Sha } from '../transcript.ts';
import type { TroubleNews } from '../trouble.ts';
import type { Waiting } from '../decisions/waiting.ts';
import type { HearsAgents } from '../agent/internal-messages.ts';
import type { Spend } from '../spend.ts';

export type RefactorPhase =
  | 'preparing'
  | 'planning'
  | 'plan gate'
  | 'working'
  | 'checking'
  | 'delivery gate'
  | 'delivering'
  | 'ended';

export interface TaskState {
  task: Task;
  /** `dropped`: left out, since nobody gave more budget for it. */
  status: 'waiting' | 'working' | 'finished' | 'integrated' | 'dropped';
  /** Number of agents started so far. The last one's id is `<refactor>/<task>.<attempt>`. */
  attempt: number;
  kind: AgentKind;
  start: Sha | null;
  /** Tree with conflict markers that a merge agent starts from. */
  startTree: Sha | null;
  head: Sha | null;
  summary: string;
  conflicts: string[];
  evidence: Evidence[];
  /** Paths outside the task that people allowed, as its agent reports, and paths that its integration asks about. */
  extraPaths?: string[];
  askedPaths?: string[];
  /** The same for findings, by their keys. */
  keptEffects?: string[];
  askedEffects?: string[];
  /** What is being asked, exactly as its digest covers it, and the permits from earlier decisions. */
  asked?: Asked | undefined;
  permits?: Permit[];
  /** What people left out of the result with this head. `isAll`: everything, so nothing of it is integrated. */
  leftOut?: { head: Sha; paths: string[]; isAll?: true };
  /** The agent whose result it is. */
  agent?: string;
  /** Forks to start, the ids of all requested forks, and the rivals. */
  forks?: Fork[];
  forkIds?: string[];
  rivals?: Rival[] | undefined;
}

/** One of several agents that try the same task, and its result once it has finished. */
export interface Rival {
  agent: string;
  result: {
    head: Sha;
    summary: string;
    evidence: Evidence[];
    extraPaths?: string[];
    keptEffects?: string[];
    permits?: Permit[] | undefined;
  } | null;
}

/** What a refactor knows about an agent, from its reports. */
export interface AgentMirror {
  id: string;
  task: string;
  kind: AgentKind;
  status: 'starting' | 'running' | 'ended';
  report: AgentReport | null;
  /** Tokens that it may take: at its start, and including what was added. */
  first?: number;
  granted?: number;
  /** The same in dollars, if there is a budget of money. */
  firstUsd?: number;
  grantedUsd?: number;
  /** Ids of its decisions for which its grant was raised. */
  raisedFor?: string[];
  /** It can have its policy read again. */
  adopts?: true;
}

/** A message that is to be sent to an agent. */
export interface Forward {
  agent: string;
  message: Message | Share;
}

export type RefactorOutcome =
  | { kind: 'done' }
  /** `cancelled`: Temporal was asked to cancel the run. */
  | { kind: 'stopped'; by: string; reason: string; cancelled?: true }
  | {
      kind: 'failed';
      type: 'Declined' | 'NothingChanged' | 'Rejected' | 'PrepareFailed' | 'AgentFailed';
      reason: string;
    };

export interface RefactorState extends HearsAgents {
  v: 1;
  id: string;
  input: StartInput;
  /** Digest of the input, if that grants its setup a network. Left out in older runs. */
  startDigest?: string;
  branch: string;
  /** The setup that a person gave in place of the start's. */
  setup?: string;
  policy: EffectivePolicy;
  /** The commit whose policy is in force; null while policy is to be read. Left out in runs from before layers. */
  policyFrom?: Sha | null;
  /** Digest of the files of organisation and team when policy was read; null if there were none. */
  organisation?: string | null;
  phase: RefactorPhase;
  prepared: Prepared | null;
  plan: { version: number; plan: Plan; digest: string; by: string; approvedBy: string | null } | null;
  tasks: TaskState[];
  agents: AgentMirror[];
  line: Sha | null;
  lineTree: Sha | null;
  integrations: number;
  /** The findings on the integration branch since its base, from the last integration. */
  effects?: { line: Sha; findings: Finding[]; more: number };
  /** How many repair agents have tried the current red checks. */
  repairs: number;
  /** The work of a planner or a repair agent, which is no task of the plan. */
  extra: TaskState | null;
  evidence: Evidence[];
  evidenceFor: Sha | null;
  redAccepted: boolean;
  /** A rejection asks for changes. Left out in older runs, which end instead. */
  rejectsForChanges?: true;
  /** How often changes of the integrated work were requested. */
  changes: number;
  baselineAccepted: boolean;
  deliveryApproved: { by: string; digest: string } | null;
  delivered: { ref: string; stat: string; notes: string[]; opensPull?: true } | null;
  /** The pull request, or why there is none. Left out if none is to be opened. */
  pull?: { url: string } | { problem: string };
  /** Tokens and dollars that people added to policy's budget. */
  budgetAdded: number;
  usdAdded: number;
  /** Prices of the models, if there is a budget of money. */
  prices?: Prices;
  /** What is reserved in shared accounts. */
  reserved?: Reserved;
  clock?: Clock;
  /**
   * A person refused more budget, and the remaining work was left out. No agent starts until somebody resumes or wants
   * changes.
   */
  budgetRefused: boolean;
  /** What the running command takes of the budget. Left out in older runs. */
  begun?: Grant | undefined;
  countsBegun?: true;
  /** A failed setup holds. Left out in older runs, which end. */
  holdsSetup?: true;
  /** Files can be left out of a task's result. Left out in older runs, which refuse that. */
  leavesOut?: true;
  /**
   * The checks of a result that was left out completely don't count for the integration branch. Left out in older runs,
   * in which they count.
   */
  countsMerged?: true;
  /**
   * Agents get shares of the tokens, and more as they need them. Left out in older runs, in which the first agent got
   * what its task named.
   */
  sharesTokens?: true;
  /** The report is stored in the hub at the end. Left out in older runs. */
  keepsReport?: 'at the end' | 'kept';
  /** If it is cancelled, it ends as Cancelled. Left out in older runs, which end as Completed. */
  endsCancelled?: true;
  hold: Hold | null;
  /** Reviews, oldest first, and what all of them took. */
  reviews: Review[];
  reviewSpend?: Spend;
  forwards: Forward[];
  /** Steers that came while no agent was there. The next agent gets them. */
  heldSteers: MessageOf<'steer'>[];
  /**
   * Steers without a task, for every agent that starts later. Left out in older runs, in which only agents that were
   * running got them.
   */
  standingSteers?: MessageOf<'steer'>[];
  /** Replies to questions, for agents that ask the same. Left out in older runs, in which each agent gets its own. */
  replies?: KnownReply[];
  /** The version of the rules for messages: see `MessageRules`. */
  rules?: 2;
  /** Left out in older runs, which tell nobody. */
  notices?: Notices;
  cut: boolean;
  spend: Spend;
  /** `claim`: policy requires signatures, and this steer had none. */
  steering: { id?: string | undefined; at: number; by: string; text: string; claim?: true }[];
  /** Who has guided the work, in addition to the person who requested it. */
  authors: string[];
  /** The person who signed the request. Otherwise `requestedBy` is a claim. */
  requester?: string;
  deviations: string[];
  startedAt: number;
  endedAt: number | null;
  outcome: RefactorOutcome | null;
  control: Control;
}

export type RefactorCommand =
  | { kind: 'readPolicy'; input: PolicyInput }
  | { kind: 'readPrices'; input: PricesInput }
  | { kind: 'reserve'; input: ReserveShared }
  | { kind: 'settle'; input: SettleShared }
  | { kind: 'openPull'; input: OpenPullInput }
  | { kind: 'keepReport'; input: { repository: string; commit: Sha } }
  | { kind: 'prepare'; input: PrepareInput }
  | { kind: 'startAgent'; id: string; spec: AgentSpec }
  | { kind: 'review'; input: ReviewInput }
  | { kind: 'integrate'; input: IntegrateInput; task: string }
  | { kind: 'check'; commit: Sha }
  | { kind: 'deliver'; input: DeliverInput }
  | { kind: 'forward'; forward: Forward }
  | { kind: 'wait'; why: Waiting }
  | { kind: 'end'; outcome: RefactorOutcome };

export type RefactorEvent =
  /** `request` is the verdict on the start's signature, if policy may require one. */
  | { kind: 'policyRead'; at: number; read: PolicyRead; request?: Verified }
  | { kind: 'pricesRead'; at: number; read: PricesRead }
  | { kind: 'reserved'; at: number; input: ReserveShared; outcome: ReserveOutcome }
  | { kind: 'settled'; at: number }
  | { kind: 'reportKept'; at: number }
  | { kind: 'pullOpened'; at: number; url: string }
  | { kind: 'prepared'; at: number; prepared: Prepared }
  | { kind: 'agentStarted'; at: number; id: string; granted: number; grantedUsd?: number }
  /**
   * An agent with this id was already running, as after a reset. It is cancelled, and the next attempt's id is used.
   */
  | { kind: 'agentSuperseded'; at: number; id: string }
  | { kind: 'agentReported'; at: number; report: AgentReport }
  | { kind: 'reviewed'; at: number; review: Review }
  | { kind: 'integrated'; at: number; task: string; outcome: IntegrateOutcome }
  | { kind: 'checked'; at: number; commit: Sha; evidence: Evidence[] }
  | { kind: 'delivered'; at: number; outcome: DeliverOutcome }
  | { kind: 'forwarded'; at: number; forward: Forward; lost: boolean }
  | { kind: 'troubled'; at: number; news: TroubleNews }
  /** What Temporal knows about agents that the state lists as running. */
  | { kind: 'described'; at: number; agents: AgentDescription[] }
  | { kind: 'cut'; at: number }
  | { kind: 'failed'; at: number; what: RefactorCommand['kind']; type: string; reason: string }
  | { kind: 'cancelled'; at: number };

/** The result of the workflow. */
export interface RefactorResult {
  outcome: 'done' | 'stopped';
  branch: string;
  /** The delivered commit, or the integration branch's commit if the run was stopped. */
  commit: Sha | null;
  tree: Sha | null;
  base: Sha | null;
  tasks: { id: string; title: string; status: string; summary: string }[];
  evidence: Evidence[];
  spend: Spend;
  /** URL of the pull request, if one was opened. */
  pullRequest?: string;
  report: string;
}

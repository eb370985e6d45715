/**
 * The state, commands and events of a refactor: what `nextRefactorCommand` looks at and `advanceRefactor` changes.
 * Rule: one serialisable value is all that a continue-as-new carries; children are known by their ids.
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
  ReserveOutcome,
  ReserveShared,
  SettleShared,
  Prepared,
  PrepareInput,
} from './exchange.ts';
import type { Message, MessageOf, StartInput } from '../decisions/messages.ts';
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
  /** `dropped` is left out, since nobody gave the budget for it. */
  status: 'waiting' | 'working' | 'finished' | 'integrated' | 'dropped';
  /** Agents tried so far; the last one's id is `<refactor>/<task>.<attempt>`. */
  attempt: number;
  kind: AgentKind;
  start: Sha | null;
  /** Tree with conflict markers that a merge agent starts from. */
  startTree: Sha | null;
  head: Sha | null;
  summary: string;
  conflicts: string[];
  evidence: Evidence[];
  /** Paths outside of the task's that people allowed, as its agent says; and those that an integration asks about. */
  extraPaths?: string[];
  askedPaths?: string[];
  /** The same of findings, by their keys. */
  keptEffects?: string[];
  askedEffects?: string[];
  /** What is asked about as its digest has it, and the decisions by which people allowed and kept things. */
  asked?: Asked | undefined;
  permits?: Permit[];
  /** What people left out of the result with this head; `isAll` where that was all of it, so that none is on the line. */
  leftOut?: { head: Sha; paths: string[]; isAll?: true };
  /** The agent whose result it is. */
  agent?: string;
  /** Forks to start, the ids of all that were asked for, and the agents that race since. */
  forks?: Fork[];
  forkIds?: string[];
  rivals?: Rival[] | undefined;
}

/** One of several agents that try the same task; its result, once it finished. */
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

/** The mirror of one agent, as its reports tell. */
export interface AgentMirror {
  id: string;
  task: string;
  kind: AgentKind;
  status: 'starting' | 'running' | 'ended';
  report: AgentReport | null;
  /** Tokens that it may take: at its start, and with what was added since. */
  first?: number;
  granted?: number;
  /** The same in dollars, where there is a budget of them. */
  firstUsd?: number;
  grantedUsd?: number;
  /** Its decisions for which more was set aside. */
  raisedFor?: string[];
  /** It knows how to have its policy read again. */
  adopts?: true;
}

/** A message to an agent that is on its way. */
export interface Forward {
  agent: string;
  message: Message | Share;
}

export type RefactorOutcome =
  | { kind: 'done' }
  /** `cancelled` where Temporal was asked to cancel the run. */
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
  /** Digest of the input, where that opens a network for its setup; left out by runs from before that was named. */
  startDigest?: string;
  branch: string;
  /** The setup that a person gave in place of the start's. */
  setup?: string;
  policy: EffectivePolicy;
  /** The commit whose policy is in force; null while it is to be read. Left out by runs from before there were layers. */
  policyFrom?: Sha | null;
  /** Digest of what the files of organisation and team said when policy was read; null where there were none. */
  organisation?: string | null;
  phase: RefactorPhase;
  prepared: Prepared | null;
  plan: { version: number; plan: Plan; digest: string; by: string; approvedBy: string | null } | null;
  tasks: TaskState[];
  agents: AgentMirror[];
  line: Sha | null;
  lineTree: Sha | null;
  integrations: number;
  /** What the line shows, from its base on, as it was last judged. */
  effects?: { line: Sha; findings: Finding[]; more: number };
  /** Agents of kind repair tried for the present red checks. */
  repairs: number;
  /** The repair or planner's work to start next, beside the plan's tasks. */
  extra: TaskState | null;
  evidence: Evidence[];
  evidenceFor: Sha | null;
  redAccepted: boolean;
  /** A rejection asks for changes; in runs from before that it ends the run. */
  rejectsForChanges?: true;
  /** How often changes of the integrated work were asked for. */
  changes?: number;
  baselineAccepted: boolean;
  deliveryApproved: { by: string; digest: string } | null;
  delivered: { ref: string; stat: string; notes: string[]; opensPull?: true } | null;
  /** The pull request, or why there is none; left out where none is to be opened. */
  pull?: { url: string } | { problem: string };
  /** Tokens and dollars that people added to the budget of the policy. */
  budgetAdded?: number;
  usdAdded?: number;
  /** Prices of the models, where there is a budget of money. */
  prices?: Prices;
  /** What is set aside in accounts that are shared with others. */
  reserved?: Reserved;
  clock?: Clock;
  /** A person gave no more, and what was left was left out: no agent begins until somebody resumes or wants changes. */
  budgetRefused?: boolean;
  /** What the command under way takes of the budget; runs of before this was counted do not say. */
  begun?: Grant | undefined;
  countsBegun?: true;
  /** A setup that fails holds; runs of before ended. */
  holdsSetup?: true;
  /** Files can be left out of a task's result; runs of before refuse that. */
  leavesOut?: true;
  /** Checks of a result of which all was left out are not the line's; in runs of before they are. */
  countsMerged?: true;
  /** Agents get shares of the tokens, and more as they need it; in runs of before, the first took what its task named. */
  sharesTokens?: true;
  /** The report goes to the hub at the end; runs of before that do not say. */
  keepsReport?: 'at the end' | 'kept';
  /** Cancelled, it ends as Temporal's Cancelled; runs of before that end as Completed. */
  endsCancelled?: true;
  hold: Hold | null;
  /** What reviewers said, oldest first; and all that they took. */
  reviews?: Review[];
  reviewSpend?: Spend;
  forwards: Forward[];
  /** Steers that came while nobody was there to take them; the next agent does. */
  heldSteers: MessageOf<'steer'>[];
  /**
   * Steers that name no task, for every agent that starts after them. In runs from before that, only the agents that
   * were there had them.
   */
  standingSteers?: MessageOf<'steer'>[];
  /** By which rules it takes messages: see `MessageRules`. */
  rules?: 2;
  cut: boolean;
  spend: Spend;
  /** `claim` where policy wants signatures, and this had none. */
  steering: { at: number; by: string; text: string; claim?: true }[];
  /** Who has guided the work, beside who requested it. */
  authors?: string[];
  /** Who requested it by signature; otherwise `requestedBy` is a claim. */
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
  /** `request` is the verdict on the start's signature, where policy may want one. */
  | { kind: 'policyRead'; at: number; read: PolicyRead; request?: Verified }
  | { kind: 'pricesRead'; at: number; read: PricesRead }
  | { kind: 'reserved'; at: number; input: ReserveShared; outcome: ReserveOutcome }
  | { kind: 'settled'; at: number }
  | { kind: 'reportKept'; at: number }
  | { kind: 'pullOpened'; at: number; url: string }
  | { kind: 'prepared'; at: number; prepared: Prepared }
  | { kind: 'agentStarted'; at: number; id: string; granted: number; grantedUsd?: number }
  /** The id was taken by an agent of a run that was reset: it is cancelled, the next attempt's id is used. */
  | { kind: 'agentSuperseded'; at: number; id: string }
  | { kind: 'agentReported'; at: number; report: AgentReport }
  | { kind: 'reviewed'; at: number; review: Review }
  | { kind: 'integrated'; at: number; task: string; outcome: IntegrateOutcome }
  | { kind: 'checked'; at: number; commit: Sha; evidence: Evidence[] }
  | { kind: 'delivered'; at: number; outcome: DeliverOutcome }
  | { kind: 'forwarded'; at: number; forward: Forward; lost: boolean }
  | { kind: 'troubled'; at: number; news: TroubleNews }
  /** What Temporal knows of agents that this believes to run. */
  | { kind: 'described'; at: number; agents: AgentDescription[] }
  | { kind: 'cut'; at: number }
  | { kind: 'failed'; at: number; what: RefactorCommand['kind']; type: string; reason: string }
  | { kind: 'cancelled'; at: number };

/** The workflow's result, for whoever started it. */
export interface RefactorResult {
  outcome: 'done' | 'stopped';
  branch: string;
  /** The delivered commit, or where the integration line stood when the run was stopped. */
  commit: Sha | null;
  tree: Sha | null;
  base: Sha | null;
  tasks: { id: string; title: string; status: string; summary: string }[];
  evidence: Evidence[];
  spend: Spend;
  /** Where the pull request is, where one was opened. */
  pullRequest?: string;
  report: string;
}

/**
 * The input and result of each activity, grouped by the role of the worker that runs it.
 * Rule: types only, so that workflows can import it. Inputs and results are small facts, never transcripts, diffs or
 * files.
 */
import type { PolicyInput, PolicyRead } from '../../core/policy/layer-sources.ts';
import type { AgentDescription, AgentSpec } from '../../core/agent/state.ts';
import type { ActInput, ActOutcome, ThinkInput, ThinkOutcome, CheckInput } from '../../core/agent/step.ts';
import type { BulkMessage, BulkReceipt } from '../../core/decisions/bulk.ts';
import type { SignatureQuestion, SignatureCheck } from '../../core/decisions/weigh.ts';
import type { PricesInput, PricesRead } from '../../core/price.ts';
import type { DeliverInput, DeliverOutcome, OpenPullInput } from '../../core/refactor/delivery.ts';
import type { Evidence } from '../../core/evidence.ts';
import type {
  IntegrateInput,
  IntegrateOutcome,
  NotifyInput,
  NotifyOutcome,
  ReserveOutcome,
  ReserveShared,
  SettleShared,
  PrepareInput,
  Prepared,
} from '../../core/refactor/exchange.ts';
import type { CallReviewInput, Review, ReviewInput } from '../../core/review/review.ts';
import type { HostSweep, HubSweep } from '../../core/upkeep/retention.ts';
import type { Sha } from '../../core/transcript.ts';

export interface ControlActivities {
  /** The policy in force, from all of its layers. */
  readPolicy(input: PolicyInput): Promise<PolicyRead>;
  /** What Temporal knows of these agents. */
  describeAgents(ids: string[]): Promise<AgentDescription[]>;
  /** Writes the root of an agent's chain: its instructions and first items, on the tree that it starts from. */
  beginChain(spec: AgentSpec): Promise<{ head: Sha }>;
  /** Merges a finished task into the refactor's integration branch, or says in which files the two conflict. */
  integrateTask(input: IntegrateInput): Promise<IntegrateOutcome>;
  /** Ids of the open refactors that fit a condition, at most one more than a bulk takes. */
  findTargets(input: { query: string }): Promise<string[]>;
  /** Sends these messages, each once, and returns their receipts in the same order. */
  sendMessages(messages: BulkMessage[]): Promise<BulkReceipt[]>;
  /** Pushes the approved commit as a branch, never over another one. */
  deliver(input: DeliverInput): Promise<DeliverOutcome>;
  /** The hubs and hosts that the janitor has to sweep, and the configured retention in days. */
  findPlaces(): Promise<{ hubs: string[]; hosts: string[]; retentionDays: number }>;
  /** Opens a pull request for the delivered branch, or updates the body of the one that is open. */
  openPull(input: OpenPullInput & { report: string }): Promise<{ url: string }>;
  /** Stores the report in the hub, in the folder of the refactor's refs. */
  keepReport(input: { repository: string; commit: Sha; report: string }): Promise<void>;
  /** Sends a notice to one receiver, or says why not, or until when it wants quiet. */
  notify(input: NotifyInput): Promise<NotifyOutcome>;
  /** Reserves the refactor's budget in all of these accounts, or says which one is short. */
  reserveShared(input: ReserveShared): Promise<ReserveOutcome>;
  /** Tells these accounts what the refactor used in all. */
  settleShared(input: SettleShared): Promise<void>;
  /** Removes from these hubs the refs of runs that closed more than `retentionDays` days ago. */
  sweepHubs(input: { hubs: string[]; retentionDays: number; dryRun: boolean }): Promise<HubSweep>;
}

/** Local activities: the workflow's own worker runs them, within milliseconds. */
export interface SigningActivities {
  /** Whether a decision is signed by a person who may make it. */
  verifySignature(question: SignatureQuestion): Promise<SignatureCheck>;
}

export interface ModelActivities {
  /** The prices of the configured models, in dollars; null for a model without a price. */
  readPrices(input: PricesInput): Promise<PricesRead>;
  /** One model call on the chain; its response is a checkpoint before the workflow sees it. */
  think(input: ThinkInput): Promise<ThinkOutcome>;
  /**
   * A second model looks at a task's result before it is integrated; the verdict is stored before the workflow sees it.
   */
  review(input: ReviewInput): Promise<Review>;
  /** A second model looks at an agent's call before it runs. */
  reviewCall(input: CallReviewInput): Promise<Review>;
}

export interface WorkspaceActivities {
  /** Resolves the base commit and runs the checks once on it, before any change. */
  prepare(input: PrepareInput): Promise<Prepared>;
  /** Runs one allowed call in the agent's workspace; its effects exist exactly if its checkpoint does. */
  act(input: ActInput): Promise<ActOutcome>;
  /** Runs the checks on exactly one commit, in a fresh workspace. */
  runChecks(input: CheckInput): Promise<Evidence[]>;
  /** Removes from this host the workspaces of agents that have ended. */
  sweepHost(input: { dryRun: boolean }): Promise<HostSweep>;
}

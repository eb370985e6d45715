/**
 * What each activity takes and gives, by the kind of worker that runs it.
 * Rule: types only, so that workflows can import it; inputs and outcomes are small facts, never transcripts, diffs or
 * files.
 */
import type { PolicyInput, PolicyRead } from '../../core/policy/layer-sources.ts';
import type { AgentDescription, AgentSpec } from '../../core/agent/state.ts';
import type { ActInput, ActOutcome, ThinkInput, ThinkOutcome, CheckInput } from '../../core/agent/step.ts';
import type { SignatureQuestion, SignatureVerdict } from '../../core/decisions/weigh.ts';
import type { PricesInput, PricesRead } from '../../core/price.ts';
import type { DeliverInput, DeliverOutcome, OpenPullInput } from '../../core/refactor/delivery.ts';
import type { Evidence } from '../../core/evidence.ts';
import type {
  IntegrateInput,
  IntegrateOutcome,
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
  /** Writes the root of an agent's chain: what it is told, on the tree that it starts from. */
  beginChain(spec: AgentSpec): Promise<{ head: Sha }>;
  /** Merges a finished task into the refactor's line, or says where they conflict. */
  integrateTask(input: IntegrateInput): Promise<IntegrateOutcome>;
  /** Pushes the approved commit as a branch, never over another one. */
  deliver(input: DeliverInput): Promise<DeliverOutcome>;
  /** Where the janitor has to look, and the configured retention. */
  findPlaces(): Promise<{ hubs: string[]; hosts: string[]; retentionDays: number }>;
  /** Opens a pull request for the delivered branch, or gives the one that is open its new body. */
  openPull(input: OpenPullInput & { report: string }): Promise<{ url: string }>;
  /** Keeps the report in the hub, beside the refactor's runs. */
  keepReport(input: { repository: string; commit: Sha; report: string }): Promise<void>;
  /** Sets the refactor's budget aside in all of these accounts, or says which is short. */
  reserveShared(input: ReserveShared): Promise<ReserveOutcome>;
  /** Says in these accounts what the refactor took in all. */
  settleShared(input: SettleShared): Promise<void>;
  /** Removes from these hubs the refs of runs that nobody needs any more. */
  sweepHubs(input: { hubs: string[]; retentionDays: number; dryRun: boolean }): Promise<HubSweep>;
}

/** Run by the workflow's own worker, as local activities: a check of milliseconds. */
export interface SigningActivities {
  /** Whether a decision's signature is that of somebody who may make it. */
  verifySignature(question: SignatureQuestion): Promise<SignatureVerdict>;
}

export interface ModelActivities {
  /** What the configured models cost; null for one without a price. */
  readPrices(input: PricesInput): Promise<PricesRead>;
  /** One model call on the chain; its answer is a checkpoint before anyone sees it. */
  think(input: ThinkInput): Promise<ThinkOutcome>;
  /** Looks at a task's result before it is integrated; the verdict is in the hub before anyone sees it. */
  review(input: ReviewInput): Promise<Review>;
  /** Looks at an agent's call before it runs. */
  reviewCall(input: CallReviewInput): Promise<Review>;
}

export interface WorkspaceActivities {
  /** Resolves the base commit and runs the checks once on it, untouched. */
  prepare(input: PrepareInput): Promise<Prepared>;
  /** Runs one allowed call in the agent's workspace; its effects exist exactly if its checkpoint does. */
  act(input: ActInput): Promise<ActOutcome>;
  /** Judges exactly one commit by its checks, in a fresh workspace. */
  runChecks(input: CheckInput): Promise<Evidence[]>;
  /** Removes from this host the workspaces of agents that have ended. */
  sweepHost(input: { dryRun: boolean }): Promise<HostSweep>;
}

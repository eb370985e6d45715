/**
 * The activities, grouped by the role of the worker that runs them.
 * Rule: a worker registers only the activities of its roles, so the model's key and the credentials of remotes stay
 * on the workers that need them.
 */
import { createAct } from './agent/act.ts';
import { createBeginChain } from './agent/begin-chain.ts';
import { createReserveShared, settleShared } from './refactor/accounts.ts';
import type { ActivityContext } from './attempt/context.ts';
import type { ControlActivities, ModelActivities, SigningActivities, WorkspaceActivities } from './attempt/contract.ts';
import { findTargets } from './bulk/find-targets.ts';
import { sendMessages } from './bulk/send-messages.ts';
import { describeAgents } from './upkeep/describe-agents.ts';
import { createDeliver } from './refactor/deliver.ts';
import { createFindPlaces } from './upkeep/find-places.ts';
import { createIntegrateTask } from './refactor/integrate-task.ts';
import { createKeepReport } from './refactor/keep-report.ts';
import { createNotify } from './refactor/notify.ts';
import { createOpenPull } from './refactor/open-pull.ts';
import { createPrepare } from './refactor/prepare.ts';
import { createReadPolicy } from './refactor/read-policy.ts';
import { createReadPrices } from './refactor/read-prices.ts';
import { createReview, createReviewCall } from './refactor/review.ts';
import { createRunChecks } from './agent/run-checks.ts';
import { createSweepHost } from './upkeep/sweep-host.ts';
import { createSweepHubs } from './upkeep/sweep-hubs.ts';
import { createThink } from './agent/think.ts';
import { verifySignature } from './verify-signature.ts';

export function createControlActivities(context: ActivityContext): ControlActivities & SigningActivities {
  return {
    verifySignature,
    describeAgents,
    findTargets,
    sendMessages,
    openPull: createOpenPull(context),
    keepReport: createKeepReport(context),
    reserveShared: createReserveShared(context),
    settleShared,
    notify: createNotify(context),
    readPolicy: createReadPolicy(context),
    beginChain: createBeginChain(context),
    integrateTask: createIntegrateTask(context),
    deliver: createDeliver(context),
    findPlaces: createFindPlaces(context),
    sweepHubs: createSweepHubs(context),
  };
}

export function createModelActivities(context: ActivityContext): ModelActivities {
  return {
    readPrices: createReadPrices(context),
    think: createThink(context),
    review: createReview(context),
    reviewCall: createReviewCall(context),
  };
}

export function createWorkspaceActivities(context: ActivityContext): WorkspaceActivities {
  return {
    prepare: createPrepare(context),
    act: createAct(context),
    runChecks: createRunChecks(context),
    sweepHost: createSweepHost(context),
  };
}

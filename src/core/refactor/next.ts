/**
 * The refactor's reducer, first half: `nextRefactorCommand` says what to do now, from the state alone.
 * Rule: nothing goes around a gate: without its decision the command is to wait.
 *
 * | command    | performed by   | event                         | applied by              |
 * |------------|----------------|-------------------------------|-------------------------|
 * | readPolicy | readPolicy     | policyRead                    | takePolicy              |
 * | readPrices | readPrices     | pricesRead                    | takePrices              |
 * | reserve    | reserveShared  | reserved                      | takeReservation         |
 * | prepare    | prepare        | prepared                      | takePrepared            |
 * | startAgent | a child        | agentStarted, agentSuperseded | takeStart, takeEvent    |
 * | forward    | a signal       | forwarded                     | takeForward             |
 * | review     | review         | reviewed                      | takeReview              |
 * | integrate  | integrateTask  | integrated                    | takeIntegration         |
 * | check      | runChecks      | checked                       | takeEvidence            |
 * | deliver    | deliver        | delivered                     | takeDelivery            |
 * | settle     | settleShared   | settled                       | takeEnd                 |
 * | openPull   | openPull       | pullOpened                    | takeEnd                 |
 * | keepReport | keepReport     | reportKept                    | takeEnd                 |
 * | wait       | the loop       | a report, a message, time     | takeReport, receiveForRefactor |
 * | end        | the loop       | none                          | the workflow's result   |
 *
 * Each of them can also end as cut or failed; takeEvent applies these.
 */
import type { PolicyInput } from '../policy/layer-sources.ts';
import type { AgentSpec, Fork } from '../agent/state.ts';
import type { RedBefore } from '../evidence.ts';
import { renderCommitMessage } from './commit-message.ts';
import { createControl } from '../decisions/control.ts';
import { describeHolders, grantFor, hasMoney, orderReservation } from './budget.ts';
import type { Setup } from '../execution.ts';
import type { Prepared, PrepareInput } from './exchange.ts';
import { lfsOf } from '../lfs.ts';
import type { StartInput } from '../decisions/messages.ts';
import { canOverlap, openOverlapBudget } from '../paths.ts';
import type { EffectivePolicy } from '../policy/policy.ts';
import { tightenForIsolation } from '../policy/isolation.ts';
import { listOpenDecisions } from '../decisions/open-decisions.ts';
import { permittedChangesOf } from './effects.ts';
import { taskLimitsOf } from '../policy/task-limits.ts';
import { requesterOf } from './request.ts';
import { orderReview } from './review.ts';
import type { RefactorCommand, RefactorState, TaskState } from './state.ts';
import { orderEnd } from './end.ts';
import { claimOf, deliverySubject, startOfSetup, warrantDelivery, warrantOf, warrantReservation } from './warrants.ts';
import { integrationChecksOf, redBeforeOf } from './work.ts';
import type { CheckInput } from '../agent/step.ts';
import { branchFor } from '../branch-name.ts';
import type { Sha } from '../transcript.ts';

export function createRefactor(id: string, input: StartInput, policy: EffectivePolicy, at: number): RefactorState {
  return {
    v: 1,
    id,
    input,
    branch: input.branch ?? branchFor(id),
    policy,
    phase: 'preparing',
    prepared: null,
    plan: null,
    tasks: [],
    agents: [],
    line: null,
    lineTree: null,
    integrations: 0,
    repairs: 0,
    changes: 0,
    extra: null,
    evidence: [],
    evidenceFor: null,
    redAccepted: false,
    baselineAccepted: false,
    deliveryApproved: null,
    delivered: null,
    budgetAdded: 0,
    usdAdded: 0,
    budgetRefused: false,
    hold: null,
    reviews: [],
    forwards: [],
    heldSteers: [],
    cut: false,
    spend: { inputTokens: 0, cachedTokens: 0, outputTokens: 0, costUsd: 0, modelCalls: 0, acts: 0 },
    steering: [],
    authors: [],
    deviations: [],
    startedAt: at,
    endedAt: null,
    outcome: null,
    control: createControl(),
  };
}

/** Whether all remaining work waits for tokens or dollars. */
export function isShortOfBudget(state: RefactorState): boolean {
  const next = nextRefactorCommand(state);
  return next.kind === 'wait' && next.why.kind === 'budget';
}

/** What the refactor does now. It changes nothing: the same state gives the same command. */
export function nextRefactorCommand(state: RefactorState): RefactorCommand {
  const [forward] = state.forwards;
  if (forward) return { kind: 'forward', forward };
  if (state.outcome) {
    const running = state.agents.filter(({ status }) => status !== 'ended');
    if (running.length > 0) return { kind: 'wait', why: { kind: 'agents', count: running.length } };
    return orderEnd(state, state.outcome);
  }
  if (state.control.paused) return { kind: 'wait', why: { kind: 'paused' } };
  if (state.hold) return { kind: 'wait', why: { kind: 'held', reason: state.hold.reason } };
  if (state.policyFrom === null) return { kind: 'readPolicy', input: policyInput(state) };
  if (hasMoney(state) && !state.prices) return { kind: 'readPrices', input: { review: reviewerOf(state) } };
  const reservation = orderReservation(state);
  if (reservation) return warrantReservation(state, reservation);
  const { prepared } = state;
  if (!prepared) return { kind: 'prepare', input: prepareInput(state) };
  const [own] = listOpenDecisions(state.control);
  if (own) return { kind: 'wait', why: { kind: 'decision', id: own.id } };
  return nextWork(state, prepared);
}

function nextWork(state: RefactorState, prepared: Prepared): RefactorCommand {
  if (state.extra?.status === 'waiting') return startAgent(state, prepared, state.extra);
  if (!state.plan) return { kind: 'wait', why: { kind: 'planner' } };
  const finished = [state.extra, ...state.tasks].find((task) => task?.status === 'finished');
  if (finished) return orderReview(state, finished) ?? integrate(state, finished);
  const forked = hasRoom(state) && state.tasks.find(({ forks, status }) => status === 'working' && forks?.length);
  if (forked) return startAgent(state, prepared, forked, forked.forks?.[0]);
  const ready = state.tasks.find((task) => isReady(state, task));
  if (ready) return startAgent(state, prepared, ready);
  const unfinished = [state.extra, ...state.tasks].filter(
    (task) => task && !['integrated', 'dropped'].includes(task.status),
  );
  if (unfinished.length > 0) return { kind: 'wait', why: { kind: 'tasks', count: unfinished.length } };
  const line = state.line ?? prepared.commit;
  if (state.evidenceFor !== line) return { kind: 'check', commit: line };
  if (state.deliveryApproved) {
    const { repository } = state.input;
    const { commit: base, baseBranch } = prepared;
    const { branch, plan } = deliverySubject(state, line);
    const warrant = warrantDelivery(state);
    return { kind: 'deliver', input: { repository, branch, base, baseBranch, commit: line, plan, warrant } };
  }
  return { kind: 'wait', why: { kind: 'nothing' } };
}

/** The input for reading the layers of a refactor's policy. */
export function policyInput(state: RefactorState): PolicyInput {
  const { input, prepared } = state;
  const { repository, base, team, policy } = input;
  const layers = { repository, team: team ?? null, run: policy ?? null, ...startOfSetup(state) };
  return prepared ? { ...layers, base: prepared.commit, begun: true } : { ...layers, base: base ?? null };
}

function reviewerOf({ policy }: RefactorState): string | null {
  return policy.review?.model.value ?? null;
}

function prepareInput(state: RefactorState): PrepareInput {
  const { repository, base, checks } = state.input;
  const expected = state.policyFrom ? { expected: state.policyFrom } : {};
  return {
    repository,
    base: base ?? null,
    branch: state.branch,
    ...expected,
    checks,
    setup: setupOf(state),
    ...lfsOf(state.policy),
    warrant: warrantOf(state),
  };
}

function setupOf(state: RefactorState): Setup | null {
  const setup = state.setup ?? state.input.setup;
  return setup ? { command: setup, network: state.policy.network.setup.value } : null;
}

/** The input for the checks on the integration branch. */
export function checkInputOf(state: RefactorState, commit: Sha): CheckInput {
  const { repository } = state.input;
  const { commit: base = commit, names } = state.prepared ?? {};
  return {
    repository,
    base,
    ...(names === undefined ? {} : { names }),
    commit,
    checks: integrationChecksOf(state),
    ...acceptedOf(state),
    setup: setupOf(state),
    ...lfsOf(state.policy),
    warrant: warrantOf(state),
  };
}

/** Checks that a person accepted as red on the base; no field if there are none. */
function acceptedOf(state: RefactorState): { redBefore?: RedBefore[] } {
  const redBefore = redBeforeOf(state);
  return redBefore.length > 0 ? { redBefore } : {};
}

/** Whether policy allows one more agent now. */
function hasRoom(state: RefactorState): boolean {
  return countRunning(state) < state.policy.maxParallelAgents.value;
}

function countRunning({ agents }: RefactorState): number {
  return agents.filter(({ status }) => status !== 'ended').length;
}

function isReady(state: RefactorState, task: TaskState): boolean {
  if (task.status !== 'waiting') return false;
  const working = state.tasks.filter(({ status }) => status === 'working' || status === 'finished');
  if (working.length >= state.policy.maxParallelAgents.value) return false;
  const integrated = new Set(state.tasks.filter(({ status }) => status === 'integrated').map((other) => other.task.id));
  if (!task.task.dependsOn.every((id) => integrated.has(id))) return false;
  const budget = openOverlapBudget();
  return working.every((other) => !canOverlap(other.task.paths, task.task.paths, budget));
}

function startAgent(state: RefactorState, prepared: Prepared, work: TaskState, fork?: Fork): RefactorCommand {
  const { task } = work;
  const ready = state.tasks.filter((one) => one !== work && isReady(state, one)).length;
  const room = state.policy.maxParallelAgents.value - countRunning(state) - 1;
  const grant = grantFor(state, task.maxTokens, Math.min(ready, Math.max(0, room)));
  if (grant === null) return { kind: 'wait', why: { kind: 'budget', holders: describeHolders(state) } };
  const requester = requesterOf(state);
  const spec: AgentSpec = {
    kind: work.kind,
    task: task.id,
    title: task.title,
    instructions: task.instructions,
    goal: state.input.goal,
    repository: state.input.repository,
    base: prepared.commit,
    ...(prepared.names === undefined ? {} : { names: prepared.names }),
    start: (fork ? work.start : startOf(state, work)) ?? prepared.commit,
    startTree: work.startTree,
    paths: [...task.paths, ...work.conflicts],
    checks: work.kind === 'plan' ? state.input.checks : task.checks,
    maxSteps: Math.min(task.maxSteps, state.policy.task.maxSteps.value),
    ...grant,
    ...(grant.maxUsd !== undefined && state.prices ? { price: state.prices.own } : {}),
    ...(grant.maxUsd !== undefined && state.prices?.review ? { reviewPrice: state.prices.review } : {}),
    ...taskLimitsOf(state.policy, task),
    ...(work.extraPaths?.length ? { allowed: work.extraPaths } : {}),
    ...(work.keptEffects?.length ? { kept: work.keptEffects } : {}),
    ...acceptedOf(state),
    setup: setupOf(state),
    isolation: prepared.isolation,
    policy: tightenForIsolation(state.policy, prepared.isolation),
    run: state.input.policy ?? null,
    ...(state.organisation === undefined ? {} : { organisation: state.organisation }),
    ...startOfSetup(state),
    ...(fork ? { fork } : {}),
    refactor: state.id,
    ...(requester === undefined ? {} : { requestedBy: requester }),
    team: state.input.team ?? null,
  };
  return { kind: 'startAgent', id: `${state.id}/${task.id}.${work.attempt + 1}`, spec };
}

/** A task starts from the integration branch; a merge starts from the commit on which its conflict was found. */
export function startOf(state: RefactorState, work: TaskState): Sha | null {
  return work.startTree ? work.start : state.line;
}

function integrate(state: RefactorState, work: TaskState): RefactorCommand {
  const { prepared } = state;
  if (!prepared || !work.start || !work.head)
    throw new Error(`task ${work.task.id} finished without a start and a head`);
  const message = renderCommitMessage(state, work);
  const input = {
    repository: state.input.repository,
    line: state.line ?? prepared.commit,
    start: work.start,
    head: work.head,
    key: `integrate/${state.integrations + 1}`,
    message,
    ...permittedChangesOf(state, work),
    ...claimOf(state, work),
  };
  return { kind: 'integrate', input, task: work.task.id };
}

/**
 * The agent's reducer, first half: `nextAgentCommand` says what to do now, from the state alone.
 * Rule: nothing runs undecided: only a call whose gate is `allowed` becomes an act.
 *
 * | command | performed by    | event                  | applied by                       |
 * |---------|-----------------|------------------------|----------------------------------|
 * | begin   | beginChain      | began                  | advanceAgent                     |
 * | think   | think           | thought                | takeThought                      |
 * | review  | reviewCall      | reviewed               | takeCallReview                   |
 * | act     | act             | acted                  | takeAct                          |
 * | check   | runChecks       | checked                | takeEvidence                     |
 * | report  | signal          | reported, orphaned     | advanceAgent, orphan             |
 * | wait    | the loop        | a message, a deadline  | receiveForAgent, passAgentDeadlines |
 * | restart | continue as new | none                   | restartAt                        |
 * | end     | the loop        | none                   | the workflow's result            |
 *
 * Each of them can also end as cut, failed or hostGone; advanceAgent applies these.
 */
import type { Decision } from '../decisions/control.ts';
import { createControl } from '../decisions/control.ts';
import type { AgentCommand, AgentSpec, AgentState, Fork, PendingCall } from './state.ts';
import { outputRoomOf } from './output-room.ts';
import { ruleOnCall } from './rule-on-call.ts';
import type { CallReviewInput } from '../review/review.ts';
import type { ActInput, ThinkInput, CheckInput } from './step.ts';
import { digestValue } from '../digest.ts';
import { lfsOf } from '../lfs.ts';
import { listOpenDecisions } from '../decisions/open-decisions.ts';
import type { EffectivePolicy } from '../policy/policy.ts';
import type { AgentTools } from './tools.ts';
import type { Sha } from '../transcript.ts';
import type { Warrant } from '../decisions/warrant.ts';
import { warrantFor } from '../decisions/warrant.ts';

export function agentToolsOf(spec: AgentSpec): AgentTools {
  return spec.kind === 'plan' ? 'plan' : 'work';
}

export function createAgent(id: string, spec: AgentSpec): AgentState {
  return {
    v: 1,
    id,
    spec,
    head: null,
    host: null,
    trouble: null,
    step: 1,
    maxSteps: spec.maxSteps,
    maxTokens: spec.maxTokens,
    ...(spec.maxUsd === undefined ? {} : { maxUsd: spec.maxUsd }),
    extraPaths: spec.allowed ?? [],
    keptEffects: [...(spec.kept ?? []), ...(spec.fork?.kept ?? [])],
    askedPaths: [],
    askedEffects: [],
    permits: spec.fork?.permits ?? [],
    pending: null,
    beforeAct: null,
    restore: null,
    wheel: null,
    results: [],
    nudges: [],
    steers: [],
    authors: [],
    reviews: [],
    repairs: 0,
    cut: false,
    hold: null,
    contextTokens: 4000,
    newBytes: 0,
    spend: { inputTokens: 0, cachedTokens: 0, outputTokens: 0, costUsd: 0, modelCalls: 0, acts: 0 },
    evidence: [],
    rewindTo: null,
    forks: [],
    checkpoints: [],
    outbox: [],
    outcome: null,
    control: createControl(),
    ...(spec.fork ? startFork(spec.fork) : {}),
  };
}

/** A fork begins at its checkpoint: with its files, conversation and step. */
function startFork({ id, head, step, text, by }: Fork): Partial<AgentState> {
  return {
    head,
    step: step + 1,
    steers: text === null ? [] : [{ id, text, by }],
    checkpoints: [{ step, head, what: 'fork' }],
  };
}

/** What the agent does now. It changes nothing: the same state gives the same command. */
export function nextAgentCommand(state: AgentState): AgentCommand {
  const [report] = state.outbox;
  if (report) return { kind: 'report', report };
  if (state.outcome) return { kind: 'end', outcome: state.outcome };
  if (state.control.paused) return { kind: 'wait', why: { kind: 'paused' } };
  if (state.rewindTo) return { kind: 'restart' };
  if (state.hold) return { kind: 'wait', why: { kind: 'held', reason: state.hold.reason } };
  const [open] = listOpenDecisions(state.control);
  if (open) return { kind: 'wait', why: { kind: 'decision', id: open.id } };
  if (!state.head) return { kind: 'begin' };
  if (state.pending?.gate === 'allowed') {
    const input = actInput(state, state.head, state.pending);
    return { kind: 'act', input, summary: state.pending.summary, host: state.host };
  }
  if (state.pending?.gate === 'reviewing')
    return { kind: 'review', input: callReviewInput(state, state.head, state.pending) };
  if (state.pending?.gate === 'checking')
    return { kind: 'check', input: checkInput(state, state.head), host: state.host };
  return { kind: 'think', input: thinkInput(state, state.head) };
}

function thinkInput(state: AgentState, head: Sha): ThinkInput {
  return {
    repository: state.spec.repository,
    start: state.spec.start,
    head,
    key: `think/${state.step}`,
    profile: agentToolsOf(state.spec),
    ...(state.spec.checks.length > 0 ? { checks: state.spec.checks } : {}),
    results: state.results,
    steers: state.steers,
    nudges: state.nudges,
    restore: state.restore,
    ...(state.leaveOut ? { leaveOut: state.leaveOut } : {}),
    wheel: state.wheel,
    ...(state.roomy ? { maxOutputTokens: outputRoomOf(state) } : {}),
    // Policies from before this field lack it.
    ...(state.spec.policy.model?.background.value === true ? { background: true as const } : {}),
    ...companyOf(state),
  };
}

function namesOf({ names }: AgentSpec): { names?: Sha } {
  return names === undefined ? {} : { names };
}

function actInput(state: AgentState, head: Sha, call: PendingCall): ActInput {
  // Agents from before this field lack it.
  const protectedPaths = (state.spec.policy as Partial<EffectivePolicy>).protectedPaths?.value ?? [];
  const artefacts = state.spec.policy.artefacts?.value ?? [];
  return {
    repository: state.spec.repository,
    base: state.spec.base,
    ...namesOf(state.spec),
    start: state.spec.start,
    head,
    key: `act/${state.step}`,
    profile: agentToolsOf(state.spec),
    callId: call.callId,
    digest: call.digest,
    decision: { outcome: 'allow', by: call.by, policy: digestValue(state.spec.policy).slice(0, 16) },
    paths: [...state.spec.paths, ...state.extraPaths],
    ...(protectedPaths.length > 0 ? { protection: { paths: protectedPaths, allowed: state.extraPaths } } : {}),
    ...(state.spec.limits ? { limits: state.spec.limits } : {}),
    ...(state.spec.checks.length > 0 ? { checks: state.spec.checks } : {}),
    ...(artefacts.length > 0 ? { artefacts } : {}),
    setup: state.spec.setup,
    ...lfsOf(state.spec.policy),
    warrant: agentWarrant(
      state,
      state.control.decisions.find(({ id }) => id === call.decision),
    ),
    ...companyOf(state),
  };
}

function callReviewInput(state: AgentState, head: Sha, call: PendingCall): CallReviewInput {
  const { spec, extraPaths } = state;
  const { repository, start, task, title, instructions, paths } = spec;
  const { reason, by } = ruleOnCall(spec.policy, call, state.globs);
  return {
    repository,
    task: { id: task, title, instructions, paths: [...paths, ...extraPaths] },
    start,
    head,
    callId: call.callId,
    digest: call.digest,
    summary: call.summary,
    said: reason === null ? null : `${by}: ${reason}`,
    model: spec.policy.review?.model.value ?? '',
    ...companyOf(state),
  };
}

function checkInput(state: AgentState, head: Sha): CheckInput {
  const { repository, base, checks, setup, redBefore, policy } = state.spec;
  const before = redBefore ? { redBefore } : {};
  return {
    repository,
    base,
    ...namesOf(state.spec),
    commit: head,
    checks,
    ...before,
    setup,
    ...lfsOf(policy),
    warrant: agentWarrant(state),
    ...companyOf(state),
  };
}

/** The refactor whose end also ends what this agent runs; none for an agent that works alone. */
function companyOf({ spec, alone }: AgentState): { refactor?: string } {
  return spec.refactor === null || alone ? {} : { refactor: spec.refactor };
}

/** Who asked for an agent's work or guided it; null if nobody is named. */
export function authorsOfAgent({ spec, authors }: AgentState): string[] | null {
  return spec.requestedBy === undefined ? null : [spec.requestedBy, ...authors];
}

function agentWarrant(state: AgentState, decision?: Decision): Warrant {
  const { team, run, organisation, startDigest } = state.spec;
  return warrantFor({ team, run, organisation, startDigest, authors: authorsOfAgent(state) }, decision);
}

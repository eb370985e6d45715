/**
 * What a refactor learns from its agents: their start, their needs, their spend, their end.
 * Rule: an agent whose work is no longer wanted changes nothing.
 */
import { shareTokens } from './budget.ts';
import type { AgentDescription, AgentOutcome, AgentReport } from '../agent/state.ts';
import { readReport } from '../agent/internal-messages.ts';
import { nextRefactorCommand, startOf } from './next.ts';
import { joinPermits } from '../decisions/permits.ts';
import { proposePlan } from './gates.ts';
import { addForks, addRival, endRival } from './forks.ts';
import type { MessageOf } from '../decisions/messages.ts';
import type { MessageOutcome } from '../decisions/receive.ts';
import { hearFromAgent, passOnLater } from '../decisions/receipts.ts';
import type { Question } from '../decisions/replies.ts';
import { findReply, noteReply } from '../decisions/replies.ts';
import { rulesOf } from '../policy/decision-fields.ts';
import type { RefactorState, Rival, TaskState } from './state.ts';
import { addSpend, NOTHING_SPENT } from '../spend.ts';
import { upgradeReport } from './upgrade.ts';
import { endRefactor, findWork, listRunning, log, replaceWork, tryAgain } from './work.ts';
import type { Spend } from '../spend.ts';

/** An agent has started: its work is under way, and waiting steers are passed on to it. */
export function takeStart(
  before: RefactorState,
  { id, granted, grantedUsd }: { id: string; granted: number; grantedUsd?: number },
): RefactorState {
  // The refactor ended while this agent was being started, so the agent was not among those that were stopped.
  const isLate = before.outcome !== null && before.countsBegun === true;
  const message = { verb: 'stop' as const, reason: 'its refactor has ended', by: 'coxswain' };
  const state = isLate ? { ...before, forwards: [...before.forwards, { agent: id, message }] } : before;
  const work = findWork(state, id);
  if (!work) return state;
  const agent = {
    id,
    task: work.task.id,
    kind: work.kind,
    status: 'running' as const,
    report: null,
    first: granted,
    granted,
    ...(grantedUsd === undefined ? {} : { firstUsd: grantedUsd, grantedUsd }),
    adopts: true as const,
  };
  // A child's first report can arrive before its start event.
  const agents = state.agents.some((other) => other.id === id) ? state.agents : [...state.agents, agent];
  const [fork, ...forks] = work.status === 'working' ? (work.forks ?? []) : [];
  if (fork) {
    const rivals = addRival(state, work, id);
    return replaceWork({ ...state, agents }, { ...work, attempt: work.attempt + 1, forks, rivals });
  }
  const started = {
    ...work,
    rivals: undefined,
    status: work.status === 'waiting' ? ('working' as const) : work.status,
    attempt: work.attempt + 1,
    start: startOf(state, work),
  };
  const taken = state.heldSteers.filter(({ to }) => to === undefined || to === work.task.id);
  // Steers that earlier agents got, in their order, then those that waited.
  const standing = (state.standingSteers ?? []).filter(
    (steer) => !taken.some(({ id: other, text }) => other === steer.id && text === steer.text),
  );
  const told = [...standing, ...taken];
  const forwards = [...state.forwards, ...told.map(({ to: _, ...message }) => ({ agent: id, message }))];
  const heldSteers = state.heldSteers.filter((steer) => !taken.includes(steer));
  const ids = told.flatMap((message) => (message.id === undefined ? [] : [message.id]));
  const later = state.standingSteers ? '; agents that start later get it too' : ', and to no other';
  const control = passOnLater(state.control, ids, { id, task: work.task.id }, later);
  return replaceWork({ ...state, control, agents, forwards, heldSteers }, started);
}

/** Stores an agent's report. If the agent has ended, its work goes on. */
export function takeReport(before: RefactorState, at: number, report: AgentReport): RefactorState {
  const known = before.agents.find(({ id }) => id === report.agent);
  if (!known || known.status === 'ended') return takeStranger(before, at, report);
  const status = report.outcome ? ('ended' as const) : ('running' as const);
  const kept = withoutPermits(upgradeReport(report));
  const agents = before.agents.map((agent) => (agent.id === report.agent ? { ...agent, status, report: kept } : agent));
  // An agent that has received a steer may still end before its next model call.
  const control = hearFromAgent(before.control, { id: report.agent, task: report.task }, report.receipts);
  const state = { ...before, agents, control, spend: sumSpend(agents, before.reviewSpend) };
  const work = findWork(state, report.agent);
  const forked = work && report.forks ? addForks(state, at, work, report.forks) : state;
  return shareTokens(report.outcome ? takeAgentEnd(forked, at, report) : giveReplies(forked, at, report), at);
}

/** The report as the state keeps it, without permits: they are large, and the task's state has them. */
function withoutPermits({ outcome, forks, ...report }: AgentReport): AgentReport {
  const { permits: _, ...ended } = { permits: undefined, ...outcome };
  const bare = forks?.map(({ permits: __, ...fork }) => fork);
  return { ...report, ...(bare ? { forks: bare } : {}), outcome: outcome && (ended as AgentOutcome) };
}

/**
 * Handles a report from an agent that this refactor is not tracking, for example after a `temporal workflow reset` of
 * either. Such an agent must not spend unseen.
 */
function takeStranger(state: RefactorState, at: number, report: AgentReport): RefactorState {
  const work = findWork(state, report.agent);
  const isLast = work?.status === 'waiting' && report.agent === `${state.id}/${work.task.id}.${work.attempt}`;
  if (work && isLast && !state.outcome && state.agents.some(({ id }) => id === report.agent)) {
    const agents = state.agents.map((agent) =>
      agent.id === report.agent ? { ...agent, status: 'running' as const } : agent,
    );
    const back = replaceWork({ ...state, agents }, { ...work, status: 'working' });
    return takeReport(log(back, at, `${report.agent} works again: its work counts`), at, report);
  }
  const isKnown = state.agents.some(({ id }) => id === report.agent);
  if (isKnown && !report.outcome)
    return log(state, at, `${report.agent} works again after its end was recorded: its new work is ignored`);
  const next = nextRefactorCommand(state);
  // A child's first report can arrive before its start event.
  if (report.outcome || (next.kind === 'startAgent' && next.id === report.agent))
    return log(state, at, `a report of ${report.agent} came too late and is ignored`);
  const message = { verb: 'stop' as const, reason: 'its refactor went on without it', by: 'coxswain' };
  const stopped = { ...state, forwards: [...state.forwards, { agent: report.agent, message }] };
  return log(stopped, at, `${report.agent} does not belong to this refactor any more: it is stopped`);
}

/** Compares the state of an agent with what Temporal knows. An end that was never reported is applied. */
export function takeDescription(state: RefactorState, at: number, agent: AgentDescription): RefactorState {
  const known = state.agents.find(({ id }) => id === agent.id);
  if (!known || known.status === 'ended' || agent.found === 'running') return state;
  const why = agent.found === 'missing' ? 'Temporal does not know it any more' : 'it was ended from outside';
  const result = agent.result ?? { kind: 'failed' as const, head: known.report?.head ?? null, reason: why };
  const { steps, spend, ...outcome } = {
    steps: known.report?.steps ?? 0,
    spend: known.report?.spend ?? { ...NOTHING_SPENT },
    ...result,
  };
  const head = 'head' in outcome ? outcome.head : null;
  const { authors } = (state.rules && known.report) || {};
  const blank = { decisions: [], hold: null, receipts: [], agent: agent.id, task: known.task };
  const told = { ...blank, head, steps, spend, outcome, ...(authors ? { authors } : {}) };
  if (!agent.result || readReport(told)) return takeReport(state, at, told);
  // No agent of ours can have such a result, so it counts as none.
  const odd = log(state, at, `${agent.id} ended with a result that no agent can have: it is ignored`);
  return takeDescription(odd, at, { ...agent, result: null });
}

/** If an agent's chain shows more spend than its report, the chain counts. */
export function takeSpend(
  state: RefactorState,
  at: number,
  { agent }: TaskState,
  { took }: { took?: Spend },
): RefactorState {
  if (!took) return state;
  const agents = state.agents.map((one) =>
    one.id === agent && one.report ? { ...one, report: { ...one.report, spend: took } } : one,
  );
  const text = `${agent} reported less than its chain in the hub shows: the chain counts`;
  const deviations = [...state.deviations, text];
  return log({ ...state, agents, deviations, spend: sumSpend(agents, state.reviewSpend) }, at, text);
}

function sumSpend(agents: RefactorState['agents'], reviews: RefactorState['reviewSpend']): RefactorState['spend'] {
  return agents.reduce(
    (total, { report }) => (report ? addSpend(total, report.spend) : total),
    reviews ?? NOTHING_SPENT,
  );
}

function toResult({ kind: _, ...result }: Extract<AgentOutcome, { kind: 'finished' }>): NonNullable<Rival['result']> {
  return result;
}

function takeAgentEnd(state: RefactorState, at: number, report: AgentReport): RefactorState {
  const work = findWork(state, report.agent);
  const { outcome } = report;
  if (!work || !outcome || state.outcome || work.status === 'dropped') return state;
  if (work.rivals?.some(({ agent }) => agent === report.agent) && work.rivals.length > 1)
    return endRival(state, at, work, report.agent, outcome.kind === 'finished' ? toResult(outcome) : null);
  // An agent that was not chosen changes nothing more.
  if (work.rivals && !work.rivals.some(({ agent }) => agent === report.agent)) return state;
  switch (outcome.kind) {
    case 'planned':
      return proposePlan({ ...state, extra: null }, at, outcome.plan, 'the planner');
    case 'declined':
      return endRefactor(state, at, { kind: 'failed', type: 'Declined', reason: outcome.reason });
    case 'finished': {
      // What people allowed earlier agents, they allowed the task.
      const allowed = outcome.extraPaths && [...new Set([...(work.extraPaths ?? []), ...outcome.extraPaths])];
      const kept = outcome.keptEffects && [...new Set([...(work.keptEffects ?? []), ...outcome.keptEffects])];
      const finished = {
        ...work,
        status: 'finished' as const,
        head: outcome.head,
        summary: outcome.summary,
        evidence: outcome.evidence,
        agent: report.agent,
        permits: joinPermits(work.permits, outcome.permits),
        ...(allowed ? { extraPaths: allowed } : {}),
        ...(kept ? { keptEffects: kept } : {}),
      };
      return log(replaceWork(state, finished), at, `${work.task.id} finished: ${outcome.summary}`);
    }
    case 'stopped':
    case 'failed': {
      const why = `${work.task.id} ${outcome.kind}: ${outcome.reason || `by ${outcome.kind === 'stopped' ? outcome.by : 'its agent'}`}`;
      return tryAgain(state, at, work, why);
    }
  }
}

/**
 * After a reply was passed on to the agent that asked: passes it on to the others that ask the same. Where decisions
 * have to be signed nothing is shared, since a signature counts for one question.
 */
export function shareReply(
  came: MessageOutcome<RefactorState>,
  asked: Question,
  { text, by = 'unknown' }: MessageOf<'answer'>,
  at: number,
): MessageOutcome<RefactorState> {
  const { state } = came;
  if (came.kind !== 'forwarded' || !sharesReplies(state)) return came;
  const noted: RefactorState = { ...state, replies: noteReply(state.replies ?? [], asked, { text, by }) };
  const told = listRunning(noted).reduce(
    (next, { id, report }) => giveReplies(next, at, { agent: id, decisions: report?.decisions ?? [] }),
    noted,
  );
  const more = told.forwards.length - state.forwards.length;
  const detail = more === 0 ? came.detail : `${came.detail}, and to ${more} more that ask the same`;
  return { ...came, detail, state: told };
}

/** Passes on replies to an agent's questions that were given before, to other agents. */
export function giveReplies(
  state: RefactorState,
  at: number,
  { agent, decisions }: Pick<AgentReport, 'agent' | 'decisions'>,
): RefactorState {
  if (!sharesReplies(state)) return state;
  return decisions.reduce((next: RefactorState, { kind, id, digest }) => {
    const asked = { id, digest, agent };
    const reply = kind === 'question' ? findReply(next.replies ?? [], asked) : undefined;
    if (!reply) return next;
    const { text, by } = reply;
    const forward = { agent, message: { verb: 'answer' as const, question: id, text, by } };
    const replies = noteReply(next.replies ?? [], asked, { text, by });
    const told = { ...next, replies, forwards: [...next.forwards, forward] };
    return log(told, at, `${id} gets the answer that ${by} gave to the same question`);
  }, state);
}

function sharesReplies({ replies, policy }: RefactorState): boolean {
  return replies !== undefined && rulesOf(policy).signatures !== 'required';
}

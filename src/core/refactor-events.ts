/**
 * A refactor as a reducer, second half: `advanceRefactor` takes in what happened.
 * Rule: what was checked, approved and delivered is one commit; any later change makes the line go through its gates again.
 */
import type { AgentReport } from './agent-state.ts';
import { addLog, listOpenDecisions, openDecision, settleReceipts } from './control.ts';
import { digestValue } from './digest.ts';
import type { FailureType } from './failures.ts';
import { findRed } from './evidence.ts';
import type { Plan } from './plan.ts';
import { createExtra, createTaskState, deliverySubject, startOf } from './refactor.ts';
import type { RefactorEvent, RefactorOutcome, RefactorState, TaskState } from './refactor-state.ts';
import type { Sha } from './transcript.ts';

/** Rounds of repair after red checks, and of merging one task, before a person is asked. */
const MAX_REPAIRS = 2;
const MAX_ATTEMPTS = 4;

/** Failures of preparing that no waiting mends: the start was wrong. */
const HOPELESS: readonly string[] = ['BadRepository', 'SetupFailed', 'BadInput'] satisfies FailureType[];

/** Takes in one event; the old state is left as it was. */
export function advanceRefactor(state: RefactorState, event: RefactorEvent): RefactorState {
  if (state.outcome && !['agentReported', 'forwarded', 'agentStarted', 'agentSuperseded'].includes(event.kind)) return { ...state, cut: false };
  switch (event.kind) {
    case 'prepared':
      return takePrepared({ ...state, cut: false }, event);
    case 'agentStarted':
      return takeStart(state, event.id);
    case 'agentSuperseded': {
      const work = findWork(state, event.id);
      const next = work ? replaceWork(state, { ...work, attempt: work.attempt + 1 }) : state;
      return log(next, event.at, `${event.id} was there already: it is cancelled, the next attempt takes its place`);
    }
    case 'agentReported':
      return takeReport(state, event.at, event.report);
    case 'integrated':
      return takeIntegration(state, event);
    case 'checked':
      return takeEvidence({ ...state, cut: false }, event);
    case 'delivered':
      return takeDelivery(state, event);
    case 'forwarded':
      return takeForward(state, event);
    case 'cut':
      return { ...state, cut: false };
    case 'failed':
      return takeFailure(state, event);
    case 'cancelled':
      return stopRefactor(state, event.at, 'temporal', 'the workflow was cancelled');
  }
}

function takePrepared(before: RefactorState, event: Extract<RefactorEvent, { kind: 'prepared' }>): RefactorState {
  const { prepared, at } = event;
  let state: RefactorState = { ...before, prepared, line: prepared.commit, lineTree: prepared.tree, phase: 'planning' };
  state = log(state, at, `prepared: base ${prepared.commit.slice(0, 10)}`);
  for (const note of prepared.notes) state = log(state, at, note);
  const red = findRed(prepared.evidence);
  const planner = createExtra(
    'plan',
    { id: 'plan', title: 'Plan the refactor', instructions: 'Look around with read-only commands, then hand in a plan.' },
    ['**'],
    state.input.checks,
  );
  state = { ...state, extra: planner };
  if (red.length === 0) return state;
  const about = `checks are red on the untouched base: ${red.map(({ command }) => command).join(', ')}. Go on all the same?\n${red[0]?.tail ?? ''}`;
  return { ...state, control: openDecision(state.control, at, { name: 'baseline', kind: 'baseline', about, digest: digestValue(prepared.evidence) }) };
}

function takeStart(state: RefactorState, id: string): RefactorState {
  const work = findWork(state, id);
  if (!work) return state;
  const agent = { id, task: work.task.id, kind: work.kind, status: 'running' as const, report: null };
  // Its first report may have come before the start was confirmed.
  const agents = state.agents.some((other) => other.id === id) ? state.agents : [...state.agents, agent];
  const started = { ...work, status: work.status === 'waiting' ? ('working' as const) : work.status, attempt: work.attempt + 1, start: startOf(state, work) };
  const taken = state.heldSteers.filter(({ to }) => to === undefined || to === work.task.id);
  const forwards = [...state.forwards, ...taken.map(({ to: _, ...message }) => ({ agent: id, message }))];
  const heldSteers = state.heldSteers.filter((steer) => !taken.includes(steer));
  return replaceWork({ ...state, agents, forwards, heldSteers }, started);
}

function findWork(state: RefactorState, agentId: string): TaskState | undefined {
  const taskId = agentId.slice(state.id.length + 1).replace(/\.\d+$/, '');
  return state.extra?.task.id === taskId ? state.extra : state.tasks.find(({ task }) => task.id === taskId);
}

function replaceWork(state: RefactorState, work: TaskState): RefactorState {
  if (state.extra?.task.id === work.task.id) return { ...state, extra: work };
  return { ...state, tasks: state.tasks.map((other) => (other.task.id === work.task.id ? work : other)) };
}

function takeReport(before: RefactorState, at: number, report: AgentReport): RefactorState {
  const known = before.agents.find(({ id }) => id === report.agent);
  if (!known || known.status === 'ended') return log(before, at, `a report of ${report.agent} came too late and is left aside`);
  const status = report.outcome ? ('ended' as const) : ('running' as const);
  const agents = before.agents.map((agent) => (agent.id === report.agent ? { ...agent, status, report } : agent));
  const forwarded = before.control.receipts.filter(({ state: became }) => became === 'forwarded').map(({ id }) => id);
  let control = before.control;
  for (const { id, state: became, detail } of report.receipts) {
    if (forwarded.includes(id)) control = settleReceipts(control, [id], became as 'applied', `${report.task}: ${detail}`);
  }
  const state = { ...before, agents, control, spend: sumSpend(agents) };
  if (!report.outcome) return state;
  return takeAgentEnd(state, at, report);
}

function sumSpend(agents: RefactorState['agents']): RefactorState['spend'] {
  const total = { inputTokens: 0, cachedTokens: 0, outputTokens: 0, costUsd: 0 as number | null, modelCalls: 0, acts: 0 };
  for (const { report } of agents) {
    if (!report) continue;
    total.inputTokens += report.spend.inputTokens;
    total.cachedTokens += report.spend.cachedTokens;
    total.outputTokens += report.spend.outputTokens;
    total.modelCalls += report.spend.modelCalls;
    total.acts += report.spend.acts;
    total.costUsd = total.costUsd === null || report.spend.costUsd === null ? null : total.costUsd + report.spend.costUsd;
  }
  return total;
}

function takeAgentEnd(state: RefactorState, at: number, report: AgentReport): RefactorState {
  const work = findWork(state, report.agent);
  const { outcome } = report;
  if (!work || !outcome || state.outcome) return state;
  switch (outcome.kind) {
    case 'planned':
      return proposePlan({ ...state, extra: null }, at, outcome.plan, 'the planner');
    case 'declined':
      return endRefactor(state, at, { kind: 'failed', type: 'Declined', reason: outcome.reason });
    case 'finished': {
      const finished = { ...work, status: 'finished' as const, head: outcome.head, summary: outcome.summary, evidence: outcome.evidence };
      return log(replaceWork(state, finished), at, `${work.task.id} finished: ${outcome.summary}`);
    }
    case 'stopped':
    case 'failed': {
      const why = `${work.task.id} ${outcome.kind}: ${outcome.reason || `by ${outcome.kind === 'stopped' ? outcome.by : 'its agent'}`}`;
      const again = replaceWork(state, { ...work, status: 'waiting', startTree: null, conflicts: [], kind: work.kind === 'merge' ? 'work' : work.kind });
      return holdRefactor(again, at, `${why}. Resume to try it with a new agent, revise the plan, or stop`);
    }
  }
}

/** A new version of the plan goes to its gate; what was approved before is void. */
export function proposePlan(state: RefactorState, at: number, plan: Plan, by: string): RefactorState {
  const version = (state.plan?.version ?? 0) + 1;
  const digest = digestValue(plan);
  const proposed: RefactorState = { ...state, phase: 'plan gate', plan: { version, plan, digest, by, approvedBy: null } };
  const logged = log(proposed, at, `plan ${version} by ${by}: ${plan.tasks.length} tasks`);
  if (state.policy.gates.plan.value === 'deny') {
    return endRefactor(logged, at, { kind: 'failed', type: 'Rejected', reason: 'policy denies every plan (gates.plan)' });
  }
  const about = [plan.summary, ...plan.tasks.map((task) => `- ${task.id}: ${task.title} (${task.paths.join(', ')})`)].join('\n');
  return { ...logged, control: openDecision(logged.control, at, { name: 'plan', kind: 'plan', about, digest }) };
}

/** Starts the work of an approved plan; tasks that were integrated under an earlier version stay. */
export function adoptPlan(state: RefactorState, at: number, by: string): RefactorState {
  if (!state.plan) return state;
  const { plan, version } = state.plan;
  const old = new Map(state.tasks.map((task) => [task.task.id, task]));
  const tasks = plan.tasks.map((task) => {
    const before = old.get(task.id);
    if (before && before.status !== 'waiting') return before;
    return { ...createTaskState(task), attempt: before?.attempt ?? 0 };
  });
  const dropped = state.tasks.filter(({ task }) => !plan.tasks.some(({ id }) => id === task.id));
  const integrated = dropped.filter(({ status }) => status === 'integrated');
  const stops = state.agents
    .filter((agent) => agent.status === 'running' && dropped.some(({ task }) => task.id === agent.task))
    .map(({ id }) => ({ agent: id, message: { verb: 'stop' as const, reason: `not in plan ${version}`, by } }));
  const adopted: RefactorState = {
    ...state,
    phase: 'working',
    plan: { ...state.plan, approvedBy: by },
    tasks: [...integrated, ...tasks],
    forwards: [...state.forwards, ...stops],
  };
  return log(adopted, at, `plan ${version} approved by ${by}`);
}

function takeIntegration(before: RefactorState, event: Extract<RefactorEvent, { kind: 'integrated' }>): RefactorState {
  const { outcome, at } = event;
  const work = before.extra?.task.id === event.task ? before.extra : before.tasks.find(({ task }) => task.id === event.task);
  if (!work) return before;
  const state = { ...before, integrations: before.integrations + 1, cut: false };
  if (outcome.kind === 'conflict') return mergeAgain(state, at, work, outcome);
  const done = replaceWork(state, { ...work, status: 'integrated' });
  if (outcome.kind === 'unchanged') return log(done, at, `${event.task} changed nothing`);
  return log({ ...done, line: outcome.line, lineTree: outcome.tree }, at, `${event.task} integrated: ${outcome.changed} files, ${outcome.line.slice(0, 10)}`);
}

function mergeAgain(state: RefactorState, at: number, work: TaskState, conflict: { tree: Sha; files: string[] }): RefactorState {
  const instructions = `${work.task.instructions}\n\nYour work met other work in: ${conflict.files.join(', ')}. These files have conflict markers now. Resolve them so that both intentions hold.`;
  const again: TaskState = {
    ...work,
    task: { ...work.task, instructions },
    kind: 'merge',
    status: 'waiting',
    start: state.line,
    startTree: conflict.tree,
    conflicts: conflict.files,
  };
  const next = log(replaceWork(state, again), at, `${work.task.id} conflicts in ${conflict.files.join(', ')}`);
  if (work.attempt < MAX_ATTEMPTS) return next;
  return holdRefactor(next, at, `${work.task.id} conflicted ${work.attempt} times (${conflict.files.join(', ')}). Resume to try once more, or revise the plan`);
}

function takeEvidence(before: RefactorState, event: Extract<RefactorEvent, { kind: 'checked' }>): RefactorState {
  const { evidence, commit, at } = event;
  const state: RefactorState = { ...before, evidence, evidenceFor: commit, phase: 'checking' };
  const red = findRed(evidence);
  if (commit === state.prepared?.commit) {
    return endRefactor(state, at, { kind: 'failed', type: 'NothingChanged', reason: 'the tasks of the plan changed nothing' });
  }
  if (red.length === 0 || state.redAccepted) return openDelivery(log(state, at, `${state.input.checks.length - red.length} of ${state.input.checks.length} checks green`), at, commit);
  const names = red.map(({ command }) => command).join(', ');
  if (state.repairs < MAX_REPAIRS) return startRepair(log(state, at, `red: ${names}`), red);
  const about = `checks are red after ${state.repairs} rounds of repair: ${names}. Approve to go on to delivery with them red; reject to end.\n${red[0]?.tail ?? ''}`;
  return { ...state, control: openDecision(state.control, at, { name: 'checks', kind: 'checks', about, digest: digestValue(evidence) }) };
}

/** Red checks on the integrated tree become work for one more agent. */
function startRepair(state: RefactorState, red: RefactorState['evidence']): RefactorState {
  const round = state.repairs + 1;
  const lines = red.map(({ command, exitCode, tail }) => `$ ${command}\nexit status ${exitCode ?? 'none'}\n${tail}`);
  const instructions = `The checks are red on the integrated work of all tasks. Make them green without weakening them.\n\n${lines.join('\n\n')}`;
  const paths = [...new Set(state.tasks.flatMap(({ task }) => task.paths))];
  const extra = createExtra('repair', { id: `repair-${round}`, title: 'Make the checks green', instructions }, paths, state.input.checks);
  return { ...state, repairs: round, phase: 'working', extra };
}

/** Asks for the delivery of exactly this commit. */
export function openDelivery(state: RefactorState, at: number, commit: Sha): RefactorState {
  if (state.policy.gates.delivery.value === 'deny') {
    return endRefactor(state, at, { kind: 'failed', type: 'Rejected', reason: 'policy denies delivery (gates.delivery)' });
  }
  const red = findRed(state.evidence).length;
  const total = state.input.checks.length;
  const checks = total === 0 ? 'no checks were asked for' : `${total - red} of ${total} checks green`;
  const about = `deliver ${commit.slice(0, 10)} as branch ${state.branch}: ${state.tasks.length} tasks, ${checks}`;
  const digest = digestValue(deliverySubject(state, commit));
  return { ...state, phase: 'delivery gate', control: openDecision(state.control, at, { name: 'delivery', kind: 'delivery', about, digest }) };
}

function takeDelivery(state: RefactorState, event: Extract<RefactorEvent, { kind: 'delivered' }>): RefactorState {
  const { outcome, at } = event;
  switch (outcome.kind) {
    case 'delivered': {
      const delivered = { ref: outcome.ref, stat: outcome.stat, notes: outcome.notes };
      return endRefactor({ ...state, delivered }, at, { kind: 'done' });
    }
    case 'exists':
      return holdRefactor(state, at, `branch ${state.branch} exists already at ${outcome.at.slice(0, 10)} and is never overwritten. Move it away, then resume`);
    case 'refused':
      return holdRefactor(state, at, `the repository refused branch ${state.branch}: ${outcome.reason}. Mend that, then resume`);
  }
}

function takeForward(state: RefactorState, event: Extract<RefactorEvent, { kind: 'forwarded' }>): RefactorState {
  const forwards = state.forwards.filter((forward) => forward !== event.forward);
  if (!event.lost) return { ...state, forwards };
  const { agent } = event.forward;
  const agents = state.agents.map((other) => (other.id === agent ? { ...other, status: 'ended' as const } : other));
  const work = findWork(state, agent);
  const lost = log({ ...state, forwards, agents }, event.at, `${agent} is closed and could not be told to ${event.forward.message.verb}`);
  if (!work || work.status !== 'working' || state.outcome) return lost;
  return holdRefactor(replaceWork(lost, { ...work, status: 'waiting' }), event.at, `${work.task.id}: its agent was ended from outside. Resume to try it with a new one`);
}

function takeFailure(state: RefactorState, event: Extract<RefactorEvent, { kind: 'failed' }>): RefactorState {
  if (event.what === 'prepare' && HOPELESS.includes(event.type)) {
    return endRefactor(state, event.at, { kind: 'failed', type: 'PrepareFailed', reason: event.reason });
  }
  return holdRefactor(state, event.at, `${event.what} failed: ${event.reason}. Mend it, then resume`);
}

export function holdRefactor(state: RefactorState, at: number, reason: string): RefactorState {
  return log({ ...state, cut: false, hold: { reason: reason.slice(0, 2000), at } }, at, `holds: ${reason}`);
}

/** Ends the refactor: agents that still run are stopped first, open decisions are withdrawn. */
export function endRefactor(state: RefactorState, at: number, outcome: RefactorOutcome): RefactorState {
  const control = {
    ...state.control,
    decisions: state.control.decisions.map((decision) =>
      decision.closed ? decision : { ...decision, closed: { outcome: 'withdrawn' as const, by: 'coxswain', at, note: `refactor ${outcome.kind}`, bound: true } },
    ),
  };
  const running = state.agents.filter(({ status }) => status !== 'ended');
  const stops = running.map(({ id }) => ({ agent: id, message: { verb: 'stop' as const, reason: `refactor ${outcome.kind}`, by: 'coxswain' } }));
  const reason = outcome.kind === 'done' ? `delivered ${state.delivered?.ref ?? ''}` : `${outcome.kind}: ${outcome.reason}`;
  return log({ ...state, control, hold: null, phase: 'ended', outcome, cut: true, endedAt: at, forwards: [...state.forwards, ...stops] }, at, reason);
}

export function stopRefactor(state: RefactorState, at: number, by: string, reason: string): RefactorState {
  return endRefactor(state, at, { kind: 'stopped', by, reason });
}

/** Every open decision, the agents' mirrored ones included. */
export function listAllOpen(state: RefactorState): RefactorState['control']['decisions'] {
  const mirrored = state.agents.flatMap((agent) =>
    agent.status === 'running' ? (agent.report?.decisions ?? []).map((decision) => ({ ...decision, owner: agent.id })) : [],
  );
  return [...listOpenDecisions(state.control), ...mirrored];
}

export function log(state: RefactorState, at: number, text: string): RefactorState {
  return { ...state, control: addLog(state.control, at, text) };
}

/**
 * A simulated world for the reducers: performs the commands of a refactor and its agents by a seeded script.
 * Rule: it only ever answers commands, as the workflows do, so that what holds here holds there.
 */
import { nextAgentCommand, createAgent, reserveBudget } from '../../src/core/agent.ts';
import { advanceAgent } from '../../src/core/agent-events.ts';
import { receiveForAgent } from '../../src/core/agent-messages.ts';
import type { AgentEvent, AgentSpec, AgentState, Evidence, Proposal } from '../../src/core/agent-state.ts';
import type { Answer } from '../../src/core/control.ts';
import { digestText } from '../../src/core/digest.ts';
import type { StartInput, Verb } from '../../src/core/messages.ts';
import { startSchema } from '../../src/core/messages.ts';
import type { Plan } from '../../src/core/plan.ts';
import { planSchema } from '../../src/core/plan.ts';
import type { EffectivePolicy, Policy } from '../../src/core/policy.ts';
import { resolvePolicy } from '../../src/core/policy.ts';
import { createRefactor, nextRefactorCommand } from '../../src/core/refactor.ts';
import { advanceRefactor } from '../../src/core/refactor-events.ts';
import { receiveForRefactor } from '../../src/core/refactor-messages.ts';
import type { RefactorEvent, RefactorState } from '../../src/core/refactor-state.ts';
import type { Sha } from '../../src/core/transcript.ts';

/** A commit id made of a name, so that tests can compare them. */
export function sha(name: string): Sha {
  return digestText(name).slice(0, 40) as Sha;
}

export function policyOf(run?: Policy): EffectivePolicy {
  const resolved = resolvePolicy(run);
  if (resolved.kind === 'bad') throw new Error(resolved.problems.join());
  return resolved.policy;
}

export function specOf(change: Partial<AgentSpec> = {}): AgentSpec {
  return {
    kind: 'work',
    task: 'lib',
    title: 'Change lib',
    instructions: 'Do it',
    goal: 'goal',
    repository: '/repo',
    base: sha('base'),
    start: sha('base'),
    startTree: null,
    paths: ['lib/**'],
    checks: [],
    maxSteps: 20,
    maxTokens: 1_000_000,
    setup: null,
    isolation: 'bwrap',
    policy: policyOf(),
    refactor: null,
    team: null,
    ...change,
  };
}

export function shell(callId: string, command: string): Proposal {
  return { callId, tool: 'shell', digest: digestText(command), summary: command };
}

export function finish(callId: string, summary = 'done'): Proposal {
  return { callId, tool: 'finish', digest: digestText(summary), summary };
}

export function evidence(command: string, green: boolean, commit: Sha = sha('head')): Evidence {
  return {
    command,
    exitCode: green ? 0 : 1,
    green,
    commit,
    tree: sha(`tree ${commit}`),
    tail: green ? 'ok' : 'boom',
    outputDigest: digestText(command),
    durationMs: 5,
    isolation: 'bwrap',
  };
}

const USAGE = { inputTokens: 100, cachedTokens: 0, outputTokens: 20, costUsd: 0 };

/** The event of a model call that proposes these calls. */
export function thought(state: AgentState, at: number, ...proposals: Proposal[]): AgentEvent {
  const head = sha(`${state.id} think ${state.step} ${at}`);
  const delivered = state.steers.map(({ id }) => id);
  return {
    kind: 'thought',
    at,
    outcome: { head, proposals, usage: USAGE, model: 'm', delivered, said: '', stop: 'complete', notes: [] },
  };
}

export function acted(state: AgentState, at: number, outside: string[] = [], exitCode = 0): AgentEvent {
  const head = sha(`${state.id} act ${state.step} ${at}`);
  return {
    kind: 'acted',
    at,
    outcome: { head, exitCode, signal: null, outputBytes: 10, durationMs: 3, isolation: 'bwrap', outside },
  };
}

export function planOf(...tasks: { id: string; paths?: string[]; dependsOn?: string[] }[]): Plan {
  return planSchema.parse({
    summary: 'the plan',
    tasks: tasks.map(({ id, paths, dependsOn }) => ({
      id,
      title: `Do ${id}`,
      instructions: 'x',
      paths: paths ?? [`${id}/**`],
      dependsOn: dependsOn ?? [],
    })),
  });
}

/** Numbers from a seed; the same seed gives the same world (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

export interface WorldScript {
  plan: Plan;
  random: () => number;
  /** Calls that each work agent makes before it finishes. */
  callsPerTask: number;
  checks?: string[];
  /** Whether an integrated tree is red; asked once for each line. */
  isRed?: (round: number) => boolean;
}

/** One refactor with its agents, driven command by command. */
export class World {
  refactor: RefactorState;
  readonly agents = new Map<string, AgentState>();
  readonly acts: { agent: string; step: number; allowedBy: string }[] = [];
  readonly ended = new Set<string>();
  now = 1;
  done: string | null = null;
  checksRun = 0;
  readonly script: WorldScript;

  constructor(script: WorldScript, input: Partial<StartInput> = {}) {
    this.script = script;
    const start = startSchema.parse({
      repository: '/repo',
      goal: 'goal',
      ...(script.checks ? { checks: script.checks } : {}),
      ...input,
    });
    this.refactor = createRefactor('r', start, policyOf(start.policy), this.now);
  }

  send(verb: Verb, ...inputs: unknown[]): Answer {
    const { state, answer } = receiveForRefactor(this.refactor, verb, inputs, this.now++);
    this.refactor = throughJson(state);
    return answer;
  }

  sendTo(agent: string, verb: Verb, ...inputs: unknown[]): Answer {
    const before = this.agents.get(agent);
    if (!before) throw new Error(`no agent ${agent}`);
    const { state, answer } = receiveForAgent(before, verb, inputs, this.now++);
    this.agents.set(agent, throughJson(state));
    return answer;
  }

  /** Performs one command of the refactor; false when it waits or has ended. */
  stepRefactor(): boolean {
    if (this.done) return false;
    const command = nextRefactorCommand(this.refactor);
    const at = this.now++;
    const line = this.refactor.line ?? sha('base');
    const take = (event: RefactorEvent): true => {
      this.refactor = throughJson(advanceRefactor(this.refactor, event));
      return true;
    };
    switch (command.kind) {
      case 'prepare': {
        const prepared = {
          commit: sha('base'),
          tree: sha('tree'),
          baseBranch: 'main',
          evidence: [],
          isolation: 'bwrap' as const,
          notes: [],
        };
        return take({ kind: 'prepared', at, prepared });
      }
      case 'startAgent':
        this.agents.set(command.id, createAgent(command.id, command.spec));
        return take({ kind: 'agentStarted', at, id: command.id });
      case 'integrate': {
        const merged = {
          kind: 'merged' as const,
          line: sha(`${line} ${command.task}`),
          tree: sha(`t ${line}`),
          changed: 1,
        };
        return take({ kind: 'integrated', at, task: command.task, outcome: merged });
      }
      case 'check': {
        const red = this.script.isRed?.(this.checksRun++) ?? false;
        const results = this.refactor.input.checks.map((check) => evidence(check, !red, command.commit));
        return take({ kind: 'checked', at, commit: command.commit, evidence: results });
      }
      case 'deliver':
        return take({
          kind: 'delivered',
          at,
          outcome: { kind: 'delivered', ref: command.input.branch, stat: '', notes: [] },
        });
      case 'forward': {
        const agent = this.agents.get(command.forward.agent);
        const open = agent && !this.ended.has(agent.id);
        if (open) {
          const { verb, ...payload } = command.forward.message;
          this.sendTo(agent.id, verb, payload);
        }
        return take({ kind: 'forwarded', at, forward: this.refactor.forwards[0] ?? command.forward, lost: !open });
      }
      case 'end':
        this.done = command.outcome.kind;
        return true;
      case 'wait':
        return false;
    }
  }

  /** Performs one command of an agent; false when it waits or has ended. */
  stepAgent(id: string): boolean {
    const before = this.agents.get(id);
    if (!before || this.ended.has(id)) return false;
    const at = this.now++;
    const state = reserveBudget(before, at);
    const command = nextAgentCommand(state);
    this.agents.set(id, state);
    const take = (event: AgentEvent): true => {
      this.agents.set(id, advanceAgent(state, event));
      return true;
    };
    switch (command.kind) {
      case 'begin':
        return take({ kind: 'began', at, head: sha(`${id} begin`) });
      case 'think':
        return take(thought(state, at, this.choose(state)));
      case 'act':
        this.acts.push({ agent: id, step: state.step, allowedBy: command.input.decision.by });
        return take(acted(state, at, this.script.random() < 0.1 ? ['outside.txt'] : []));
      case 'check':
        return take({
          kind: 'checked',
          at,
          evidence: state.spec.checks.map((check) => evidence(check, this.script.random() < 0.7)),
        });
      case 'report':
        if (!this.done)
          this.refactor = advanceRefactor(this.refactor, {
            kind: 'agentReported',
            at,
            report: throughJson(command.report),
          });
        return take({ kind: 'reported', at, report: command.report });
      case 'end':
        this.ended.add(id);
        return true;
      case 'restart':
      case 'wait':
        return false;
    }
  }

  private choose(state: AgentState): Proposal {
    if (state.spec.kind === 'plan') return { ...finish('p'), plan: this.script.plan };
    if (state.spend.acts < this.script.callsPerTask) return shell(`c${state.step}`, `work ${state.step}`);
    return finish(`f${state.step}`);
  }

  /** Runs until nothing moves without a person; answers how many commands that took. */
  settle(limit = 10_000): number {
    for (let count = 0; count < limit; count++) {
      let moved = this.stepRefactor();
      for (const id of this.agents.keys()) moved = this.stepAgent(id) || moved;
      if (!moved) return count;
    }
    throw new Error(`not settled after ${limit} rounds: ${JSON.stringify(nextRefactorCommand(this.refactor))}`);
  }
}

/** What continue-as-new does to a state. */
function throughJson<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

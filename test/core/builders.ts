/**
 * Values for tests of the reducers: specs, proposals, outcomes and plans with all their fields.
 * Rule: each is the plainest valid one, so that a test states only what it is about.
 */
import type { AgentEvent, AgentSpec, AgentState } from '../../src/core/agent/state.ts';
import type { Proposal } from '../../src/core/agent/step.ts';
import { createControl } from '../../src/core/decisions/control.ts';
import { digestText } from '../../src/core/digest.ts';
import type { Evidence } from '../../src/core/evidence.ts';
import type { Plan } from '../../src/core/plan.ts';
import { planSchema } from '../../src/core/plan.ts';
import type { EffectivePolicy, Policy } from '../../src/core/policy/policy.ts';
import { resolveLayers } from '../../src/core/policy/resolve.ts';
import type { RefactorState } from '../../src/core/refactor/state.ts';
import type { Sha } from '../../src/core/transcript.ts';

/** A commit id made of a name, so that tests can compare them. */
export function sha(name: string): Sha {
  return digestText(name).slice(0, 40) as Sha;
}

export function policyOf(run?: Policy, team?: Policy): EffectivePolicy {
  const resolved = resolveLayers([
    { name: 'team', limits: team },
    { name: 'run', defaults: run },
  ]);
  if (resolved.kind === 'bad') throw new Error(resolved.problems.join());
  return resolved.policy;
}

/** The marks of a refactor that begins under today's rules. */
export const NEWEST_RULES = {
  control: { ...createControl(), fourKinds: true },
  countsBegun: true,
  rules: 2,
  rejectsForChanges: true,
  leavesOut: true,
  standingSteers: [],
  countsMerged: true,
  replies: [],
} satisfies Partial<RefactorState>;

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

/** A state after continue-as-new. */
export function throughJson<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

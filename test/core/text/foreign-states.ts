/**
 * A refactor and an agent in which every text from models, repositories and people is the same given text.
 * Rule: what our own code makes (ids, digests, numbers) stays as it is, so that only the text can change a page.
 */
import { createAgent } from '../../../src/core/agent/next.ts';
import type { AgentState } from '../../../src/core/agent/state.ts';
import type { Control } from '../../../src/core/decisions/control.ts';
import { createControl } from '../../../src/core/decisions/control.ts';
import { closeDecision, openDecision } from '../../../src/core/decisions/open-decisions.ts';
import { createRefactor } from '../../../src/core/refactor/next.ts';
import { createTaskState } from '../../../src/core/refactor/work.ts';
import type { RefactorState } from '../../../src/core/refactor/state.ts';
import type { Review } from '../../../src/core/review/review.ts';
import { evidence, planOf, policyOf, sha, specOf } from '../builders.ts';

function controlWith(text: string): Control {
  const open = { about: text, digest: sha('digest'), kind: 'plan' as const };
  let control = openDecision(createControl(), 1, { ...open, name: 'plan' });
  control = closeDecision(control, 'plan@1', { outcome: 'approved', by: text, at: 2, note: text, bound: true });
  control = openDecision(control, 3, { ...open, name: 'a/question', kind: 'question' });
  control = openDecision(control, 3, { ...open, name: 'a/call', kind: 'call' });
  return { ...control, log: [{ at: 1, text }] };
}

function reviewWith(text: string): Review {
  const verdict = { risk: 'high' as const, suspicion: 1, rationale: text };
  const decided = { outcome: 'approved' as const, by: text };
  return { task: text, head: sha('head'), verdict, missing: null, model: text, usage: null, asked: true, decided };
}

/** A refactor with `count` tasks that has been delivered and still waits. */
export function refactorWith(text: string, count = 2): RefactorState {
  const plan = planOf(...Array.from({ length: count }, (_, index) => ({ id: `t${index}` })));
  const checks = [
    { ...evidence('x', true), command: text },
    { ...evidence('x', false), command: text },
  ];
  const input = { repository: text, goal: text, checks: [text], requestedBy: text };
  const state = createRefactor('r', input, policyOf(), 0);
  const agent = { id: 'r/t0.1', task: 't0', kind: 'work' as const, status: 'running' as const, first: 1, granted: 1 };
  const report = {
    agent: agent.id,
    task: agent.task,
    decisions: [],
    hold: null,
    head: null,
    steps: 1,
    spend: { ...state.spend },
    receipts: [],
    outcome: null,
    decided: [text],
    reviewed: [text],
  };
  return {
    ...state,
    id: text,
    branch: text,
    plan: { version: 1, plan: { ...plan, summary: text }, digest: 'd', by: text, approvedBy: text },
    prepared: {
      commit: sha('base'),
      tree: sha('tree'),
      baseBranch: 'main',
      evidence: checks,
      isolation: 'bwrap',
      notes: [text],
    },
    tasks: plan.tasks.map((task) => ({
      ...createTaskState({ ...task, title: text, instructions: text }),
      status: 'integrated',
      summary: text,
    })),
    agents: [{ ...agent, report }],
    evidence: checks,
    deviations: [text],
    steering: [{ at: 1, by: text, text }],
    delivered: { ref: text, stat: text, notes: [text] },
    pull: { problem: text },
    reviews: [reviewWith(text)],
    hold: { reason: text, at: 1 },
    control: controlWith(text),
  };
}

/** An agent that holds and waits for decisions. */
export function agentWith(text: string): AgentState {
  const state = createAgent('r/t0.1', specOf({ title: text, instructions: text, goal: text, refactor: text }));
  return { ...state, hold: { reason: text, at: 1 }, control: controlWith(text) };
}

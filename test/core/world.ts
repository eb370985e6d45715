/**
 * A simulated world for the reducers: performs the commands of a refactor and its agents by a seeded script.
 * Rule: it only performs commands, as the workflows do, so that what holds here holds for them.
 */
import { nextAgentCommand, createAgent } from '../../src/core/agent/next.ts';
import { reserveBudget } from '../../src/core/agent/budget.ts';
import { advanceAgent } from '../../src/core/agent/advance.ts';
import { receiveForAgent } from '../../src/core/agent/messages.ts';
import { isShare, takeShare } from '../../src/core/agent/share.ts';
import type { AgentEvent, AgentState } from '../../src/core/agent/state.ts';
import type { Proposal } from '../../src/core/agent/step.ts';
import type { StartInput, Verb } from '../../src/core/decisions/messages.ts';
import { startSchema } from '../../src/core/decisions/messages.ts';
import type { Finding } from '../../src/core/effects/findings.ts';
import type { IntegrateOutcome } from '../../src/core/refactor/exchange.ts';
import type { Plan } from '../../src/core/plan.ts';
import { askForBudget, beginCommand } from '../../src/core/refactor/budget.ts';
import type { Policy } from '../../src/core/policy/policy.ts';
import type { Price } from '../../src/core/price.ts';
import type { MessageResult } from '../../src/core/decisions/receipts.ts';
import { checkInputOf, createRefactor, isShortOfBudget, nextRefactorCommand } from '../../src/core/refactor/next.ts';
import { advanceRefactor } from '../../src/core/refactor/advance.ts';
import { receiveForRefactor } from '../../src/core/refactor/messages.ts';
import type { RefactorCommand, RefactorEvent, RefactorState } from '../../src/core/refactor/state.ts';
import type { Sha, Usage } from '../../src/core/transcript.ts';
import type { Bank } from './bank.ts';
import { NEWEST_RULES, acted, evidence, finish, policyOf, sha, shell, thought, throughJson } from './builders.ts';

export interface WorldScript {
  /** The refactor's id; default `r`. */
  id?: string;
  plan: Plan;
  random: () => number;
  /** Calls that each work agent makes before it finishes. */
  callsPerTask: number;
  checks?: string[];
  /** The limits of the team's layer of policy. */
  team?: Policy;
  /** The shared account that policy names, if any. Worlds with the same one share it. */
  bank?: Bank;
  /** The model's price; unknown if left out. */
  price?: Price;
  /** Tokens of a response; few if left out. */
  usage?: (state: AgentState) => Usage;
  /** What an agent's model proposes; default: plain work. */
  command?: (state: AgentState) => Proposal;
  /** Findings in an act's changes. */
  findings?: () => Finding[];
  /** Whether a finished task has changed more than its plan allows. */
  isOutside?: () => boolean;
  /** Agents get shares of the tokens, as under today's rules. */
  sharesTokens?: true;
  /** Whether an integrated tree is red; called once for each commit. */
  isRed?: (round: number) => boolean;
}

const DELIVERED = { kind: 'delivered' as const, stat: '', notes: [] };

/** One refactor with its agents, driven command by command. */
export class World {
  refactor: RefactorState;
  readonly agents = new Map<string, AgentState>();
  readonly acts: { agent: string; step: number; allowedBy: string; state: AgentState }[] = [];
  /** Commanded deliveries, with the state at that moment. */
  readonly deliveries: { commit: Sha; state: RefactorState }[] = [];
  /** Results that were merged although they reached beyond their plan. */
  readonly overreaches: { path: string; allowed: string[] }[] = [];
  readonly ended = new Set<string>();
  private underWay: (() => void) | null = null;
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
    this.refactor = {
      ...createRefactor(script.id ?? 'r', start, policyOf(start.policy, script.team), this.now),
      ...NEWEST_RULES,
      ...(script.sharesTokens ? { sharesTokens: true } : {}),
    };
  }

  send(verb: Verb, ...inputs: unknown[]): MessageResult {
    const { state, answer } = receiveForRefactor(this.refactor, verb, inputs, this.now++);
    this.refactor = throughJson(state);
    return answer;
  }

  sendTo(agent: string, verb: Verb, ...inputs: unknown[]): MessageResult {
    const before = this.agents.get(agent);
    if (!before) throw new Error(`no agent ${agent}`);
    const { state, answer } = receiveForAgent(before, verb, inputs, this.now++);
    this.agents.set(agent, throughJson(state));
    return answer;
  }

  private pass(id: string, verb: Verb, payload: unknown): void {
    const before = this.agents.get(id);
    if (before) this.agents.set(id, throughJson(receiveForAgent(before, verb, [payload], this.now++, true).state));
  }

  /** Performs one command of the refactor; false when it waits or has ended. */
  stepRefactor(): boolean {
    if (this.done) return false;
    const end = this.underWay;
    if (end) {
      this.underWay = null;
      end();
      return true;
    }
    this.refactor = askForBudget(this.refactor, this.now, isShortOfBudget(this.refactor));
    const command = nextRefactorCommand(this.refactor);
    const at = this.now++;
    const line = this.refactor.line ?? sha('base');
    const take = (event: RefactorEvent): true => {
      this.refactor = throughJson(advanceRefactor(this.refactor, event));
      return true;
    };
    switch (command.kind) {
      case 'readPolicy': {
        const read = { commit: sha('base'), policy: policyOf(command.input.run ?? undefined, this.script.team) };
        return take({ kind: 'policyRead', at, read });
      }
      case 'readPrices': {
        const { price = null } = this.script;
        return take({ kind: 'pricesRead', at, read: { model: 'm', own: price, review: price } });
      }
      case 'reserve': {
        const outcome = this.script.bank?.reserve(this.refactor.id, command, at) ?? { kind: 'reserved' };
        return take({ kind: 'reserved', at, input: command.input, outcome });
      }
      case 'settle':
        this.script.bank?.settle(this.refactor.id, command, at);
        return take({ kind: 'settled', at });
      case 'openPull':
        return take({ kind: 'pullOpened', at, url: 'https://example.org/1' });
      case 'keepReport':
        return take({ kind: 'reportKept', at });
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
        return this.begin(command, () => {
          const created = createAgent(command.id, command.spec);
          this.agents.set(command.id, { ...created, chargesCuts: true, roomy: true, control: NEWEST_RULES.control });
          const { maxTokens: granted, maxUsd: grantedUsd } = command.spec;
          const usd = grantedUsd === undefined ? {} : { grantedUsd };
          take({ kind: 'agentStarted', at, id: command.id, granted, ...usd });
        });
      case 'review': {
        const { task, head } = command.input;
        const verdict = { risk: 'low' as const, suspicion: at % 4 === 0 ? 0.9 : 0, rationale: 'seen' };
        const review = { task: task.id, head, verdict, missing: null, model: 'second', usage: null };
        return take({ kind: 'reviewed', at, review });
      }
      case 'integrate': {
        const outside = `beyond/${command.task}`;
        const integrated = (outcome: IntegrateOutcome): true =>
          take({ kind: 'integrated', at, task: command.task, outcome });
        const isBeyond = this.script.isOutside?.() === true;
        if (isBeyond && !command.input.keeps?.allowed.includes(outside))
          return integrated({ kind: 'outside', paths: [outside], findings: [] });
        if (isBeyond) this.overreaches.push({ path: outside, allowed: command.input.keeps?.allowed ?? [] });
        const made = { line: sha(`${line} ${command.task}`), tree: sha(`t ${line}`) };
        const merged = { kind: 'merged' as const, ...made, changed: 1 };
        return integrated(merged);
      }
      case 'check': {
        const red = this.script.isRed?.(this.checksRun++) ?? false;
        const { checks } = checkInputOf(this.refactor, command.commit);
        const results = checks.map((check) => evidence(check, !red, command.commit));
        return take({ kind: 'checked', at, commit: command.commit, evidence: results });
      }
      case 'deliver':
        this.deliveries.push({ commit: command.input.commit, state: this.refactor });
        return take({ kind: 'delivered', at, outcome: { ...DELIVERED, ref: command.input.branch } });
      case 'forward': {
        const agent = this.agents.get(command.forward.agent);
        const open = agent && !this.ended.has(agent.id);
        if (open) {
          const { message } = command.forward;
          if (isShare(message)) this.agents.set(agent.id, throughJson(takeShare(agent, at, message)));
          else {
            const { verb, ...payload } = message;
            this.pass(agent.id, verb, payload);
          }
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

  /** Begins a command; sometimes other things happen before its event. */
  private begin(command: RefactorCommand, end: () => void): true {
    this.refactor = beginCommand(this.refactor, command);
    if (this.script.random() >= 0.3) end();
    else this.underWay = end;
    return true;
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
        return take(withUsage(thought(state, at, this.choose(state)), this.script.usage?.(state)));
      case 'act':
        this.acts.push({ agent: id, step: state.step, allowedBy: command.input.decision.by, state });
        return take(this.act(state, at));
      case 'check':
        return take({
          kind: 'checked',
          at,
          evidence: state.spec.checks.map((check) => evidence(check, this.script.random() < 0.7)),
        });
      case 'review': {
        const { task, head, summary: call } = command.input;
        const verdict = { risk: 'low' as const, suspicion: this.script.random() < 0.3 ? 0.9 : 0, rationale: 'seen' };
        const review = { task: task.id, head, call, verdict, missing: null, model: 'second', usage: null };
        return take({ kind: 'reviewed', at, review });
      }
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

  private act(state: AgentState, at: number): AgentEvent {
    const event = acted(state, at, this.script.random() < 0.1 ? ['outside.txt'] : []);
    const findings = this.script.findings?.() ?? [];
    return event.kind === 'acted' ? { ...event, outcome: { ...event.outcome, findings } } : event;
  }

  private choose(state: AgentState): Proposal {
    if (state.spec.kind === 'plan') return { ...finish('p'), plan: this.script.plan };
    if (state.spend.acts < this.script.callsPerTask && this.script.command) return this.script.command(state);
    if (state.spend.acts < this.script.callsPerTask) return shell(`c${state.step}`, `work ${state.step}`);
    return finish(`f${state.step}`);
  }

  /** Runs until everything waits for a person; returns the number of commands. */
  settle(limit = 10_000): number {
    for (let count = 0; count < limit; count++) {
      let moved = this.stepRefactor();
      for (const id of this.agents.keys()) moved = this.stepAgent(id) || moved;
      if (!moved) return count;
    }
    throw new Error(`not settled after ${limit} rounds: ${JSON.stringify(nextRefactorCommand(this.refactor))}`);
  }
}

function withUsage(event: AgentEvent, usage: Usage | undefined): AgentEvent {
  return event.kind === 'thought' && usage ? { ...event, outcome: { ...event.outcome, usage } } : event;
}

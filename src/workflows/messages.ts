/**
 * Every update, signal and query of a run, each defined once, with its input and result.
 * Rule: handlers, client, command line and tests take a message's name from here. This file loads no workflow code, so
 * that a client may import it.
 */
import type { QueryDefinition, SignalDefinition, UpdateDefinition } from '@temporalio/common';
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { AgentState } from '../core/agent/state.ts';
import type { AccountVerb, AccountView, RaiseInput } from '../core/budget/account.ts';
import type { Control, Decision } from '../core/decisions/control.ts';
import type { MessageInput, SignalVerb, Verb } from '../core/decisions/messages.ts';
import type { MessageResult } from '../core/decisions/receipts.ts';
import type { EffectivePolicy } from '../core/policy/policy.ts';
import type { RefactorState } from '../core/refactor/state.ts';
import type { Review } from '../core/review/review.ts';
import type { Spend } from '../core/spend.ts';
import { TROUBLE_SIGNAL } from '../core/trouble.ts';
import type { AgentStatus, NeedView, RefactorStatus } from '../core/views/status.ts';

export type VerbUpdate<V extends Verb> = UpdateDefinition<MessageResult, [input: MessageInput<V>], V>;

/** One update for each verb. Its answer says whether the message counted. */
export const updates: { readonly [V in Verb]: VerbUpdate<V> } = {
  steer: defineUpdate('steer'),
  withdraw: defineUpdate('withdraw'),
  edit: defineUpdate('edit'),
  pause: defineUpdate('pause'),
  resume: defineUpdate('resume'),
  stop: defineUpdate('stop'),
  approve: defineUpdate('approve'),
  reject: defineUpdate('reject'),
  answer: defineUpdate('answer'),
  revisePlan: defineUpdate('revisePlan'),
  rewind: defineUpdate('rewind'),
  fork: defineUpdate('fork'),
  choose: defineUpdate('choose'),
  adoptPolicy: defineUpdate('adoptPolicy'),
};

/** The verbs that decide nothing, also as signals: sending a signal needs no running worker. */
export const signals: { readonly [V in SignalVerb]: SignalDefinition<[input?: MessageInput<V>], V> } = {
  steer: defineSignal('steer'),
  pause: defineSignal('pause'),
  resume: defineSignal('resume'),
  stop: defineSignal('stop'),
};

/** To a refactor, an agent or an account: wakes a waiting run, so that it can move to a new version of the workers. */
export const wakeSignal = defineSignal('wake');

/** A decision as a refactor shows it, with what policy says about it. */
type OpenDecision = Omit<Decision, 'approvals' | 'kind'> &
  Omit<NeedView, 'approvals'> & { approvals?: string | Decision['approvals'] };

/** Results of a refactor's queries. */
export interface RefactorQueryResults {
  status: RefactorStatus;
  plan: RefactorState['plan'];
  decisions: { open: OpenDecision[]; closed: Decision[] };
  spend: Spend;
  reviews: Review[];
  policy: EffectivePolicy;
  log: Control['log'];
  report: string;
}

/** Results of an agent's queries. */
export interface AgentQueryResults {
  status: AgentStatus;
  plan: Pick<AgentState['spec'], 'task' | 'instructions' | 'paths' | 'checks'>;
  decisions: Decision[];
  spend: Spend;
  reviews: Review[];
  policy: AgentState['spec']['policy'];
  log: Control['log'];
}

export const refactorQueries: {
  readonly [N in keyof RefactorQueryResults]: QueryDefinition<RefactorQueryResults[N], [], N>;
} = {
  status: defineQuery('status'),
  plan: defineQuery('plan'),
  decisions: defineQuery('decisions'),
  spend: defineQuery('spend'),
  reviews: defineQuery('reviews'),
  policy: defineQuery('policy'),
  log: defineQuery('log'),
  report: defineQuery('report'),
};

export const agentQueries: { readonly [N in keyof AgentQueryResults]: QueryDefinition<AgentQueryResults[N], [], N> } = {
  status: defineQuery('status'),
  plan: defineQuery('plan'),
  decisions: defineQuery('decisions'),
  spend: defineQuery('spend'),
  reviews: defineQuery('reviews'),
  policy: defineQuery('policy'),
  log: defineQuery('log'),
};

/** Queries to a run that may be a refactor or an agent. */
export const runQueries: {
  readonly [N in keyof AgentQueryResults]: QueryDefinition<AgentQueryResults[N] | RefactorQueryResults[N], [], N>;
} = { ...agentQueries };

/** To an account: what is reserved and spent. */
export const accountStatusQuery = defineQuery<AccountView>('status');

/**
 * To an account: people send `raise`; workers send `reserve` and `settle`, sealed. A replay needs handlers to be set in
 * this order.
 */
export const accountUpdates = {
  reserve: defineUpdate<unknown, [sealed: unknown], 'reserve'>('reserve'),
  settle: defineUpdate<unknown, [sealed: unknown], 'settle'>('settle'),
  raise: defineUpdate<AccountView, [input: RaiseInput], 'raise'>('raise'),
} satisfies { readonly [V in AccountVerb]: { name: V } };

// Between a refactor, its agents and their activities. These are sealed (`hear.ts`); people send none of them.

/** From an agent: its needs and its end. */
export const reportSignal = defineSignal<[unknown]>('agentReport');
/** From an activity: it is being retried, and why. */
export const troubleSignal = defineSignal<[unknown]>(TROUBLE_SIGNAL);
/** From a notice: its receiver does not take it, or does again. */
export const noticeSignal = defineSignal<[unknown]>('noticeReport');
/** From a refactor: a message of a person, passed on. */
export const forwardSignal = defineSignal<[unknown]>('forwarded');

/**
 * Signals between a refactor, its agents and their activities.
 * Rule: they are internal; what people send goes through the verbs.
 */
import { defineSignal } from '@temporalio/workflow';
import type { AgentReport } from '../core/agent-state.ts';
import type { Message } from '../core/messages.ts';
import type { TroubleNews } from '../core/trouble.ts';
import { TROUBLE_SIGNAL } from '../core/trouble.ts';

/** From an agent: its needs and its end. */
export const reportSignal = defineSignal<[AgentReport]>('agentReport');
/** From an activity: it is tried again, and why. */
export const troubleSignal = defineSignal<[TroubleNews]>(TROUBLE_SIGNAL);
/** From a refactor: a message of a person, passed on. */
export const forwardSignal = defineSignal<[Message]>('forwarded');

/**
 * Signals between a refactor and its agents.
 * Rule: they are internal; what people send goes through the verbs.
 */
import { defineSignal } from '@temporalio/workflow';
import type { AgentReport } from '../core/agent-state.ts';
import type { Message } from '../core/messages.ts';

/** From an agent: its needs and its end. */
export const reportSignal = defineSignal<[AgentReport]>('agentReport');
/** From a refactor: a message of a person, passed on. */
export const forwardSignal = defineSignal<[Message]>('forwarded');

/**
 * Signals between a refactor, its agents and their activities.
 * Rule: they are internal, and sealed (`hear.ts`); what people send goes through the verbs.
 */
import { defineSignal } from '@temporalio/workflow';
import { TROUBLE_SIGNAL } from '../core/trouble.ts';

/** From an agent: its needs and its end. */
export const reportSignal = defineSignal<[unknown]>('agentReport');
/** From an activity: it is tried again, and why. */
export const troubleSignal = defineSignal<[unknown]>(TROUBLE_SIGNAL);
/** From a refactor: a message of a person, passed on. */
export const forwardSignal = defineSignal<[unknown]>('forwarded');

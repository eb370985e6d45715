/**
 * `verifySignature`, a local activity: whether a decision's signature is that of somebody who may make it.
 * Rule: it is asked before a signed decision counts, reads nothing but its input, and never fails for what was sent.
 */
import { verifyText } from '../signing/verify-text.ts';
import type { SigningActivities } from './attempt/contract.ts';

export const verifySignature: SigningActivities['verifySignature'] = async (question) => await verifyText(question);

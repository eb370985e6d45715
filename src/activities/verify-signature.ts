/**
 * `verifySignature`, a local activity: whether a decision is signed by a person who may make it.
 * Rule: it runs before a signed decision counts, reads only its input, and returns a verdict for any input.
 */
import { verifyText } from '../signing/verify-text.ts';
import type { SigningActivities } from './attempt/contract.ts';

export const verifySignature: SigningActivities['verifySignature'] = async (question) => await verifyText(question);

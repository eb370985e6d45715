/**
 * A delivery: what is approved, and the inputs and results of the activities that deliver.
 * Rule: exactly what the approved digest covers is pushed.
 */
import { digestValue } from '../digest.ts';
import type { Sha } from '../transcript.ts';
import type { Warrant } from '../decisions/warrant.ts';

/** What a delivery is: this commit, on this base, as this branch, under this plan. */
export interface DeliverySubject {
  commit: Sha;
  base: Sha | '';
  branch: string;
  /** The plan's digest. */
  plan: string;
}

/** The digest that people approve at the delivery gate. */
export function digestDelivery({ commit, base, branch, plan }: DeliverySubject): string {
  return digestValue({ commit, base, branch, plan });
}

/** Names of the policy fields that a delivery depends on. */
export const DELIVERY_FIELDS = /^(gates|decisions|effects)\.|^protectedPaths$/;

export interface DeliverInput {
  repository: string;
  branch: string;
  base: Sha;
  baseBranch: string | null;
  commit: Sha;
  /** The digest of the approved plan, which is part of what was approved. */
  plan?: string;
  warrant?: Warrant;
}

export type DeliverOutcome =
  | { kind: 'delivered'; ref: string; stat: string; notes: string[]; opensPull?: true }
  | { kind: 'exists'; at: Sha }
  | { kind: 'refused'; reason: string };

/** A pull request for a delivered branch. Its body is the report. */
export interface OpenPullInput {
  repository: string;
  branch: string;
  /** The branch that it asks to merge into. */
  base: string;
  title: string;
  /** The delivery that it belongs to. */
  delivery?: DeliverySubject;
  warrant?: Warrant;
}

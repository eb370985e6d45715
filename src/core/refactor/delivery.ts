/**
 * A delivery: what is approved, what the activities that deliver take and give.
 * Rule: what is pushed is what the approved digest is of.
 */
import { digestValue } from '../digest.ts';
import type { Sha } from '../transcript.ts';
import type { Warrant } from '../decisions/warrant.ts';

/** What a delivery is: this commit on this base as this branch, under this plan. */
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

/** Fields of policy that say whether a delivery may be. */
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

/** A pull request for a delivered branch; its body is the report. */
export interface OpenPullInput {
  repository: string;
  branch: string;
  /** The branch that it is for. */
  base: string;
  title: string;
  /** The delivery that it is about. */
  delivery?: DeliverySubject;
  warrant?: Warrant;
}

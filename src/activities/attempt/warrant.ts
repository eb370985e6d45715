/**
 * Checks whether this worker may do what an activity's input asks for: the worker itself reads the policy of all layers
 * and verifies the signatures again.
 * Rule: no ruling is taken from an input. What this worker can't establish itself, it refuses.
 */
import { Context } from '@temporalio/activity';
import { allow, countApproval, nameOf } from '../../core/decisions/weigh.ts';
import type { Weighing } from '../../core/decisions/weigh.ts';
import type { DecisionRules } from '../../core/policy/approvers.ts';
import type { DecisionKind } from '../../core/policy/decision-kinds.ts';
import { listApprovers } from '../../core/policy/approvers.ts';
import { rulesOf } from '../../core/policy/decision-fields.ts';
import type { DeliverySubject } from '../../core/refactor/delivery.ts';
import { DELIVERY_FIELDS, digestDelivery } from '../../core/refactor/delivery.ts';
import { ruleOnCall } from '../../core/agent/rule-on-call.ts';
import type { Approval } from '../../core/decisions/control.ts';
import type { Setup } from '../../core/execution.ts';
import type { LfsGrant } from '../../core/lfs.ts';
import type { EffectivePolicy } from '../../core/policy/policy.ts';
import { tightenForIsolation } from '../../core/policy/isolation.ts';
import type { ActInput } from '../../core/agent/step.ts';
import type { Item, Sha } from '../../core/transcript.ts';
import type { GivenDecision, Wanted, Warrant } from '../../core/decisions/warrant.ts';
import { describeLooser, findMisfit, rulesAt, subjectFor } from '../../core/decisions/warrant.ts';
import type { Store } from '../../git/store.ts';
import { verifyText } from '../../signing/verify-text.ts';
import { ownWorkflowId } from './chain.ts';
import type { ActivityContext } from './context.ts';
import { fail } from './failures.ts';
import type { OwnPolicyInput } from './own-policy.ts';
import { readOwnPolicy } from './own-policy.ts';
import { listSaid } from './policy-layers.ts';
import { propose } from './propose.ts';

/** The subject of a decision, computed by this worker from what it is about to do. */
interface Act {
  kind: DecisionKind;
  digest: string;
  repository: string;
  /** The subject in words, for the message of a refusal. */
  what: string;
  /** The workflow that asked for the decision; by default the activity's own. */
  workflow?: string;
}

const ADOPT = 'Have the layers read again (`cox policy adopt`), then resume';

/** Throws where this commit may not be delivered as this branch. */
export async function checkDelivery(
  context: ActivityContext,
  store: Store,
  of: { repository: string; delivery: Partial<DeliverySubject>; warrant: Warrant | undefined },
): Promise<void> {
  const { repository, warrant } = of;
  const { commit, base, branch, plan } = of.delivery;
  const place = { repository, base: base === '' ? undefined : base };
  const policy = await readFor(context, store, place, warrant);
  const looser = describeLooser(warrant?.policy, policy, DELIVERY_FIELDS);
  if (looser) throw fail('PolicyStricter', `nothing is delivered: ${looser}. ${ADOPT}`);
  const { value, from } = policy.gates.delivery;
  if (value === 'deny') throw fail('NoWarrant', `policy denies every delivery (gates.delivery, ${from})`);
  if (!commit || base === undefined || branch === undefined || plan === undefined)
    return requireNone(policy, 'delivery');
  const digest = digestDelivery({ commit, base, branch, plan });
  const what = `${commit.slice(0, 10)} as ${branch}`;
  await requireApprovals(policy, { kind: 'delivery', digest, repository, what }, warrant);
}

/** Throws where policy does not grant this network to the setup. */
export async function checkSetup(
  context: ActivityContext,
  store: Store,
  of: { repository: string; base: Sha; setup: Setup | null; isAct?: boolean; warrant?: Warrant | undefined },
): Promise<void> {
  const { setup, warrant } = of;
  if (!setup || setup.network === false) return;
  const { repository } = of;
  // A run that began before 0.2.0 does not send its own layer. Its layer must have granted at least this network.
  const own: Warrant = warrant ?? { team: null, run: { network: { setup: setup.network } }, authors: null };
  const said = [...(await listSaid(context, { repository, ...own })), ...(warrant ? [] : [setup.network])];
  const policy = await readFor(context, store, { ...of, said, hasGrant: true }, own);
  const claimed = { ...policy, network: { setup: { value: setup.network, from: 'the run' } } };
  const looser = describeLooser(claimed, policy, /^network\.setup$/);
  if (looser) throw fail('PolicyStricter', `setup does not run: ${looser}. ${ADOPT}`);
}

/** Throws where policy does not grant the content of LFS files to the workspaces. */
export async function checkLfs(
  context: ActivityContext,
  store: Store,
  of: LfsGrant & { repository: string; base: Sha; isAct?: boolean; warrant?: Warrant | undefined },
): Promise<void> {
  if (of.lfs === undefined) return;
  const policy = await readFor(context, store, { ...of, hasGrant: true }, of.warrant);
  const claimed = { ...policy, lfs: { value: of.lfs, from: 'the run' } };
  const looser = describeLooser(claimed, policy, /^lfs$/);
  if (looser) throw fail('PolicyStricter', `content of LFS files is not fetched: ${looser}. ${ADOPT}`);
}

/** Throws where a call may not run: policy denies it, or no person approved exactly these bytes. */
export async function checkCall(
  context: ActivityContext,
  store: Store,
  { input, call }: { input: ActInput; call: Extract<Item, { kind: 'call' }> },
): Promise<void> {
  const { repository, base, profile, warrant, decision, digest } = input;
  const policy = tightenForIsolation(
    await readFor(context, store, { repository, base, isAct: true }, warrant),
    context.isolation,
  );
  const proposal = propose(profile, call, input.checks);
  const { outcome, by, reason } = ruleOnCall(policy, proposal, 'shell');
  if (outcome === 'allow') return;
  const said = `${by} says "${outcome}"${reason === null ? '' : `: ${reason}`}`;
  if (outcome === 'deny' || (warrant && !warrant.decision))
    throw fail(
      'PolicyStricter',
      `the call is not run: the run allows it by ${decision.by}, but in the policy that this worker reads, ${said}. ${ADOPT}`,
    );
  await requireApprovals(policy, { kind: 'call', digest, repository, what: said }, warrant);
}

/**
 * Reads the policy of all layers. Throws on a worker without the organisation's policies where the run began with them.
 */
async function readFor(
  context: ActivityContext,
  store: Store,
  place: Pick<OwnPolicyInput, 'repository' | 'isAct' | 'hasGrant' | 'said'> & { base: Sha | undefined },
  warrant: Warrant | undefined,
): Promise<EffectivePolicy> {
  const { team = null, run = null, organisation: had } = warrant ?? {};
  const { repository, base = null, isAct = false, hasGrant = false, said } = place;
  const grants = { hasGrant, ...(said ? { said } : {}) };
  const read = await readOwnPolicy(context, store, { repository, base, team, run, isAct, ...grants });
  if (had && read.organisation === null)
    throw fail(
      'PolicyStricter',
      'the run began under policies of the organisation, and this worker has none: set COXSWAIN_POLICIES there, then resume',
    );
  return read.policy;
}

/** For inputs from before 0.2.0, which name no decision: throws where policy requires a signature. */
function requireNone(policy: EffectivePolicy, kind: DecisionKind): void {
  if (rulesOf(policy).signatures === 'optional') return;
  throw fail(
    'NoWarrant',
    `policy wants a signed ${kind} (decisions.signatures), and this run began before workers verified signatures: resume, and the run asks for the decision again`,
  );
}

/** Throws unless as many people as policy wants approved this, by what this worker can verify. */
async function requireApprovals(policy: EffectivePolicy, act: Act, warrant: Warrant | undefined): Promise<void> {
  if (!warrant) return requireNone(policy, act.kind);
  const missing = await findMissing(policy, act, warrant);
  if (missing !== undefined) throw fail('NoWarrant', missing);
}

/** What a decision lacks to allow this under a policy; undefined where it lacks nothing. */
export async function findMissing(
  policy: EffectivePolicy,
  { what, kind, digest, repository, workflow = ownWorkflowId() }: Act,
  { authors, decision }: Pick<Warrant, 'authors' | 'decision'>,
): Promise<string | undefined> {
  if (!decision || decision.kind !== kind) return `nobody has decided on this ${kind}: ${what}`;
  if (decision.digest !== digest)
    return `${decision.id} is about digest ${decision.digest.slice(0, 12)}, not about ${what}`;
  const now = Date.now();
  const { namespace } = Context.current().info;
  const wanted = { kind, digest, repository, namespace, workflow };
  const rules = rulesAt(rulesOf(policy), now);
  const counted: Approval[] = [];
  const problems: string[] = [];
  for (const approval of decision.approvals) {
    const weighed = await weighAgain({ rules, wanted, decision, approval, now, authors });
    if (typeof weighed === 'string') {
      problems.push(`${nameOf(approval)}'s approval does not count: ${weighed}`);
      continue;
    }
    const subject = subjectFor(rules, { decision, approval, now }, wanted);
    const tally = countApproval(rules, { ...subject, approvals: counted }, weighed);
    if (tally.kind === 'enough') return undefined;
    if (tally.kind === 'more') counted.push(weighed);
    problems.push(tally.detail);
  }
  return `${decision.id} does not allow this (${what}): ${problems.join('; ') || 'it has no approvals'}`;
}

/** Weighs an approval again, by this worker's policy and clock: the approval that counts, or why it does not. */
async function weighAgain(of: {
  rules: DecisionRules;
  wanted: Wanted;
  decision: GivenDecision;
  approval: Approval;
  now: number;
  authors: string[] | null;
}): Promise<Approval | string> {
  const { rules, wanted, approval, authors } = of;
  const { proof, signed: _, ...claim } = approval;
  const subject = subjectFor(rules, of, wanted);
  const weighed = { rules, subject, authors, message: { verb: 'approve' as const } };
  if (!proof) {
    if (rules.signatures === 'required') return 'nothing shows who signed it';
    return say(allow(weighed, nameOf(approval), { ...claim, signed: false }));
  }
  const { text, signature } = proof;
  const { at } = approval;
  const misfit = findMisfit(text, { rules, subject, wanted, at });
  if (misfit !== undefined) return misfit;
  const approvers = (listApprovers(rules, subject) ?? []).map(({ may: __, ...key }) => key);
  const verdict = await verifyText({ text, signature, signer: approval.principal, approvers, at });
  if (verdict.kind === 'bad') return verdict.reason;
  return say(allow(weighed, verdict.principal, { ...approval, principal: verdict.principal, signed: true }));
}

function say(weighing: Weighing): Approval | string {
  if (weighing.kind === 'counts') return weighing.approval;
  return weighing.kind === 'refused' ? weighing.reason : 'it can not be verified';
}

/**
 * Compares an agent's report of its result with the hub: the head, the evidence, the tokens and calls, and the changes
 * that people let it keep.
 * Rule: the report says where to look in the hub; only what the hub shows counts.
 */
import { kindOfEffects } from '../../core/agent/gate-effects.ts';
import { upgradeDecision } from '../../core/policy/decision-kinds.ts';
import { rulesOf } from '../../core/policy/decision-fields.ts';
import { canonicalJson, digestValue } from '../../core/digest.ts';
import type { IntegrateInput, PermittedChanges } from '../../core/refactor/exchange.ts';
import { findingRulesOf } from '../../core/policy/rules-and-effects.ts';
import type { Permit } from '../../core/decisions/permits.ts';
import { permittedBy, leftOutAt } from '../../core/decisions/permits.ts';
import type { EffectivePolicy } from '../../core/policy/policy.ts';
import type { Spend } from '../../core/spend.ts';
import { NOTHING_SPENT, spendOn } from '../../core/spend.ts';
import type { Sha } from '../../core/transcript.ts';
import { signedLeaveOut } from '../../core/decisions/warrant.ts';
import { ensureCommit } from '../../git/remote/fetch-commit.ts';
import { isInFolder } from '../../git/remote/own-commit.ts';
import { readChain, readLink } from '../../git/read/read-chain.ts';
import { readRef } from '../../git/remote/read-ref.ts';
import type { Store } from '../../git/store.ts';
import { refFolder } from '../../git/ref-name.ts';
import { treeOf } from '../../git/objects/tree-of.ts';
import { ownWorkflowId } from '../attempt/chain.ts';
import type { ActivityContext } from '../attempt/context.ts';
import { evidenceRef, formerEvidenceRef, readEvidence } from '../agent/store-evidence.ts';
import { readOwnPolicy } from '../attempt/own-policy.ts';
import { findMissing } from '../attempt/warrant.ts';

/** What in the agent's report contradicts the hub; undefined where all of it agrees. */
export async function findUntruth(store: Store, input: IntegrateInput): Promise<string | undefined> {
  const { result, head } = input;
  if (!result) return undefined;
  const { agent, task } = result;
  if (!agent.startsWith(`${ownWorkflowId()}/${task}.`)) return `${agent} is no agent of this task`;
  // The refs of evidence are in the same folder as the agent's chains, and are not chains.
  const chains = { folder: refFolder('agents', agent), leaveOut: 'evidence-' };
  if (!(await isInFolder(store, { commit: head, ...chains })))
    return `commit ${head.slice(0, 10)} is on no ref of ${agent} in the hub`;
  return await findWrongEvidence(store, head, result);
}

/**
 * What is wrong in the evidence. Every claim has to equal the stored evidence of the head's tree; every check has to be
 * green, or red in the same way as a person accepted it on the base.
 */
async function findWrongEvidence(
  store: Store,
  head: Sha,
  { agent, checks, evidence, redBefore = [] }: NonNullable<IntegrateInput['result']>,
): Promise<string | undefined> {
  if (checks.length === 0 && evidence.length === 0) return undefined;
  const found = await findEvidence(store, { agent, head, log: evidence.at(-1)?.log });
  if (!found) return `there is no such evidence for ${head.slice(0, 10)} in the hub`;
  const { at, ref } = found;
  await ensureCommit(store, { commit: at, ref });
  const link = await readLink(store, at);
  if (link.parent !== head || link.tree !== (await treeOf(store, head)))
    return `the evidence in the hub is of another tree than ${head.slice(0, 10)} has`;
  const stored = readEvidence(link.message);
  const isStored = (claim: (typeof evidence)[number]): boolean =>
    stored.some(
      (one) =>
        one.command === claim.command &&
        one.green === claim.green &&
        one.commit === claim.commit &&
        one.tree === claim.tree &&
        one.outputDigest === claim.outputDigest,
    );
  const invented = evidence.find((claim) => !isStored(claim));
  if (invented) return `its result of "${invented.command.slice(0, 200)}" is not the one that the hub has`;
  const last = new Map(stored.map((one) => [one.command, one]));
  const isProved = (command: string): boolean => {
    const one = last.get(command);
    return one?.green === true || (one?.before?.isSame === true && redBefore.includes(command));
  };
  const unproved = checks.find((command) => !isProved(command));
  return unproved && `"${unproved.slice(0, 200)}" is not green in the evidence of the hub`;
}

/** The evidence commit that a claim names; without a name, the last one of an agent from before 0.2.0. */
async function findEvidence(
  store: Store,
  { agent, head, log }: { agent: string; head: Sha; log: Sha | undefined },
): Promise<{ at: Sha; ref: string } | undefined> {
  const refs = [
    ...(log === undefined ? [] : [evidenceRef('agents', agent, { commit: head, log })]),
    formerEvidenceRef('agents', agent, head),
  ];
  for (const ref of refs) {
    const at = await readRef(store, ref);
    if (at !== null && (log === undefined || at === log)) return { at, ref };
  }
  return undefined;
}

/** What the agent's chain shows as used, if that is more than the agent reported; otherwise undefined. */
export async function findMoreSpend(store: Store, input: IntegrateInput): Promise<Spend | undefined> {
  const claimed = input.result?.spend;
  if (!claimed) return undefined;
  const chain = await readChain(store, { base: input.start, head: input.head });
  const took = chain.reduce<Spend>((sum, { entry }) => {
    if (entry?.kind === 'think' || entry?.kind === 'compact') return spendOn(sum, entry.usage);
    return entry?.kind === 'act' ? { ...sum, acts: sum.acts + 1 } : sum;
  }, NOTHING_SPENT);
  const fields = ['inputTokens', 'outputTokens', 'modelCalls', 'acts'] as const;
  // `>=` and not `<`: a claim of NaN has to count as wrong too.
  return fields.every((field) => claimed[field] >= took[field]) ? undefined : took;
}

/** The changes that a task may keep, and the paths and globs that people left out of its result. */
export interface VerifiedPermits {
  keeps: PermittedChanges;
  leftOut: string[];
}

/**
 * The changes that a task may keep, by the policy as this worker reads it. Where decisions have to be signed, only
 * permits whose approvals this worker has verified count; any other change is asked about before it is integrated.
 */
export async function verifyPermits(
  context: ActivityContext,
  store: Store,
  { repository, keeps, whole, warrant, permits = [], result, head }: IntegrateInput,
): Promise<VerifiedPermits | undefined> {
  if (!keeps) return undefined;
  const here = { workflow: ownWorkflowId(), head };
  const { team = null, run = null, authors = null } = warrant ?? {};
  const { policy } = await readOwnPolicy(context, store, {
    repository,
    base: whole?.base ?? null,
    team,
    run,
    // An old view of the default branch is enough here: the delivery reads it again.
    isAct: true,
  });
  const barred = [...new Set([...keeps.barred, ...policy.protectedPaths.value])];
  if (rulesOf(policy).signatures === 'optional')
    return { keeps: { ...keeps, barred }, leftOut: leftOutAt(permits, here) };
  const verified: Permit[] = [];
  for (const permit of permits)
    if (await isGiven(policy, permit, { repository, authors, task: result?.task ?? '' })) verified.push(permit);
  const { paths, effects } = permittedBy(verified);
  const allowed = policy.gates.scope.value === 'deny' ? [] : paths;
  const kept = keeps.effects ? { effects: { rules: findingRulesOf(policy), kept: effects } } : {};
  return { keeps: { ...keeps, barred, allowed, ...kept }, leftOut: leftOutAt(verified, here) };
}

/** Whether people who may do so let the task or one of its agents keep exactly this, except for what they left out. */
async function isGiven(
  policy: EffectivePolicy,
  { workflow, decision, asked, leaveOut = [] }: Permit,
  { repository, authors, task }: { repository: string; authors: string[] | null; task: string },
): Promise<boolean> {
  const own = ownWorkflowId();
  const isOurs = workflow === own ? decision.id.startsWith(`${task}/`) : workflow.startsWith(`${own}/${task}.`);
  const isPart = canonicalJson(leaveOut.toSorted()) === canonicalJson(signedLeaveOut(decision).toSorted());
  if (!isOurs || !isPart) return false;
  const kind = workflow === own ? 'integration' : kindOfEffects(asked.findings, findingRulesOf(policy));
  const act = { kind, digest: digestValue(asked), what: 'effects', repository, workflow } as const;
  return (await findMissing(policy, act, { authors, decision: upgradeDecision(decision) })) === undefined;
}

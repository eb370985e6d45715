/**
 * What an agent says of its result, compared with what stands in the hub: its head, the evidence, what it took, and
 * what people let it keep.
 * Rule: a report is where to look, never what counts; what the hub does not show is not so.
 */
import { kindOfEffects } from '../../core/agent/gate-effects.ts';
import { upgradeDecision } from '../../core/policy/decision-kinds.ts';
import { rulesOf } from '../../core/policy/approvers.ts';
import { canonicalJson, digestValue } from '../../core/digest.ts';
import type { IntegrateInput, Keeps } from '../../core/refactor/exchange.ts';
import { findingRulesOf } from '../../core/policy/judge-fields.ts';
import type { Permit } from '../../core/decisions/permits.ts';
import { keptBy, leftOutAt } from '../../core/decisions/permits.ts';
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
import { treeOf } from '../../git/store.ts';
import { ownWorkflowId, refFolder } from '../attempt/chain.ts';
import type { ActivityContext } from '../attempt/context.ts';
import { evidenceRef, formerEvidenceRef, readEvidence } from '../agent/store-evidence.ts';
import { readOwnPolicy } from '../attempt/own-policy.ts';
import { findMissing } from '../attempt/warrant.ts';

/** Why a result is not what its agent's report says; undefined where the hub bears it out. */
export async function findUntruth(store: Store, input: IntegrateInput): Promise<string | undefined> {
  const { result, head } = input;
  if (!result) return undefined;
  const { agent, task } = result;
  if (!agent.startsWith(`${ownWorkflowId()}/${task}.`)) return `${agent} is no agent of this task`;
  // Evidence lies beside an agent's chains.
  const chains = { folder: refFolder('agents', agent), leaveOut: 'evidence-' };
  if (!(await isInFolder(store, { commit: head, ...chains })))
    return `commit ${head.slice(0, 10)} is on no ref of ${agent} in the hub`;
  return await findWrongEvidence(store, head, result);
}

/** Every check has to be green, or red as a person accepted it on the base, and every claim as it was kept, on the tree of the head. */
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
  const kept = readEvidence(link.message);
  const isKept = (claim: (typeof evidence)[number]): boolean =>
    kept.some(
      (one) =>
        one.command === claim.command &&
        one.green === claim.green &&
        one.commit === claim.commit &&
        one.tree === claim.tree &&
        one.outputDigest === claim.outputDigest,
    );
  const invented = evidence.find((claim) => !isKept(claim));
  if (invented) return `its result of "${invented.command.slice(0, 200)}" is not the one that the hub has`;
  const last = new Map(kept.map((one) => [one.command, one]));
  const isProved = (command: string): boolean => {
    const one = last.get(command);
    return one?.green === true || (one?.before?.isSame === true && redBefore.includes(command));
  };
  const unproved = checks.find((command) => !isProved(command));
  return unproved && `"${unproved.slice(0, 200)}" is not green in the evidence of the hub`;
}

/** The evidence that a claim names; without a name, what an agent of before wrote last. */
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

/** What an agent's chain shows that it took, where that is more than it said. */
export async function findMoreSpend(store: Store, input: IntegrateInput): Promise<Spend | undefined> {
  const claimed = input.result?.spend;
  if (!claimed) return undefined;
  const chain = await readChain(store, { base: input.start, head: input.head });
  const took = chain.reduce<Spend>((sum, { entry }) => {
    if (entry?.kind === 'think' || entry?.kind === 'compact') return spendOn(sum, entry.usage);
    return entry?.kind === 'act' ? { ...sum, acts: sum.acts + 1 } : sum;
  }, NOTHING_SPENT);
  const fields = ['inputTokens', 'outputTokens', 'modelCalls', 'acts'] as const;
  // Not "less than": what is no number is as wrong as too little.
  return fields.every((field) => claimed[field] >= took[field]) ? undefined : took;
}

/** What a task may keep, and which paths and globs people left out of its result. */
export interface VerifiedPermits {
  keeps: Keeps;
  leftOut: string[];
}

/**
 * What a task may keep, by the policy as this worker reads it: where decisions have to be signed, only what approvals
 * that it has verified itself are of. What these do not name is asked about before it is integrated.
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
    // The delivery looks at the default branch anew.
    isAct: true,
  });
  const barred = [...new Set([...keeps.barred, ...policy.protectedPaths.value])];
  if (rulesOf(policy).signatures === 'optional')
    return { keeps: { ...keeps, barred }, leftOut: leftOutAt(permits, here) };
  const verified: Permit[] = [];
  for (const permit of permits)
    if (await isGiven(policy, permit, { repository, authors, task: result?.task ?? '' })) verified.push(permit);
  const { paths, effects } = keptBy(verified);
  const allowed = policy.gates.scope.value === 'deny' ? [] : paths;
  const kept = keeps.effects ? { effects: { rules: findingRulesOf(policy), kept: effects } } : {};
  return { keeps: { ...keeps, barred, allowed, ...kept }, leftOut: leftOutAt(verified, here) };
}

/** Whether people who may have let the task, or one of its agents, keep exactly this, but for what they left out. */
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

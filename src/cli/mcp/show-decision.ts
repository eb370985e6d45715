/**
 * Shows one decision whole: what it is about, from what its run shows, with its terms and what each answer does.
 * Rule: what is shown is what the digest covers. Text of models, repositories and people has a mark before each line.
 */
import { ClientFailure } from '../../client/client-failure.ts';
import { findDifferenceOf, showDifference, showStat } from '../../client/difference.ts';
import { queryRun } from '../../client/refactors.ts';
import { asBlock, asLine as safe, clip } from '../../core/text/lines.ts';
import type { NeedView } from '../../core/views/status.ts';
import { refactorQueries, runQueries } from '../../workflows/messages.ts';
import { findShownProblem } from '../person/check-shown.ts';
import { showPlan } from '../person/show.ts';
import type { ToolContext } from './tool-context.ts';

/** Characters of a difference that are shown with its decision; the tool `diff` has more. */
const MAX_DIFF = 20_000;

/** An open decision of a run, by its id and, where given, the beginning of its digest. */
export async function findNeed(context: ToolContext, run: string, id: string, digest?: string): Promise<NeedView> {
  const { needs } = await queryRun(context.client, run, runQueries.status);
  const need = needs.find((one) => one.id === id);
  if (!need) {
    const open = needs.map((one) => safe(one.id)).join(', ') || 'none';
    throw new ClientFailure('failed', `${safe(id)} is not open at ${safe(run)}; open: ${open}`);
  }
  if (digest !== undefined && (digest.length < 8 || !need.digest.startsWith(digest)))
    throw new ClientFailure(
      'failed',
      `${safe(id)} is about digest ${safe(need.digest.slice(0, 12))}, not ${safe(digest.slice(0, 12))}: look at it again by the tool decision`,
    );
  return need;
}

/** A decision whole, without the difference that it is about. Fails if the run shows another thing than its digest covers. */
export async function showNeed(context: ToolContext, run: string, need: NeedView): Promise<string> {
  const { id, kind, digest, openedAt, owner, risk, does, mayDecide, signatures, silence } = need;
  const problem = await findShownProblem(context.client, run, { workflow: owner ?? run, id, kind, digest, openedAt });
  if (problem !== undefined) throw new ClientFailure('failed', problem);
  const plan = kind === 'plan' ? (await queryRun(context.client, run, refactorQueries.plan))?.plan : undefined;
  const stat = kind === 'delivery' ? await readChanges(context, run, need, showStat) : undefined;
  return [
    `decision ${safe(id)} of ${safe(run)}: ${safe(kind)}, ${risk} risk`,
    `digest ${safe(digest)}`,
    plan ? showPlan(plan, 'whole') : asBlock(need.about),
    ...(stat === undefined ? [] : [stat]),
    ...(does ? [`approve: ${safe(does.approve)}`, `reject: ${safe(does.reject)} (note ${does.note})`] : []),
    ...(does?.part === undefined ? [] : [`approve with leaveOut: ${safe(does.part)}`]),
    `who may decide: ${mayDecide === undefined ? 'any person' : mayDecide.map(safe).join(', ') || 'nobody'}${signatures === 'required' ? ', by signature' : ''}`,
    ...(silence === undefined ? [] : [`if nobody decides: ${safe(silence)}`]),
  ].join('\n');
}

/** The difference that a decision is about, or its beginning; undefined where it is about no files. */
export async function showNeedsDifference(
  context: ToolContext,
  run: string,
  need: NeedView,
): Promise<string | undefined> {
  return await readChanges(context, run, need, async (changed) => {
    const { kept, left } = clip(await showDifference(changed), MAX_DIFF);
    return left > 0 ? `${kept}\n… ${left} more characters: the tool diff has them` : kept;
  });
}

async function readChanges(
  { client, hub }: ToolContext,
  run: string,
  need: NeedView,
  show: typeof showStat,
): Promise<string | undefined> {
  try {
    const changed = await findDifferenceOf(client, hub, run, need);
    return changed && asBlock(await show(changed));
  } catch (error) {
    // It can be decided without: the hub may be one that this machine does not reach.
    return `the difference can't be shown here: ${safe(error instanceof Error ? error.message : String(error))}`;
  }
}

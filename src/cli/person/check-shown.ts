/**
 * Checks, before a person signs it, that a decision belongs to the run that shows it: any worker on the queue can
 * answer a query.
 * Rule: run id and namespace are compared with Temporal's own; the digest is computed here from what the run shows.
 */
import type { Client } from '@temporalio/client';
import { explainFailures } from '../../client/client-failure.ts';
import { queryRun } from '../../client/refactors.ts';
import { digestDelivery } from '../../core/refactor/delivery.ts';
import { digestValue } from '../../core/digest.ts';
import { escapeForPeople as safe } from '../../core/text/escape.ts';
import type { Subject } from '../../core/decisions/signed-text.ts';
import type { Sha } from '../../core/transcript.ts';
import { refactorQueries } from '../../workflows/messages.ts';

/** Why a subject must not be signed as that of the run `id`; undefined where it is what the run shows. */
export async function findShownProblem(client: Client, id: string, subject: Subject): Promise<string | undefined> {
  const { workflow, place } = subject;
  if (workflow !== id && !workflow.startsWith(`${id}/`))
    return `${safe(id)} shows ${safe(subject.id)} as a decision of ${safe(workflow)}, which is another run: look at that one, and decide there`;
  if (place) {
    const { runId } = await explainFailures(workflow, () => client.workflow.getHandle(workflow).describe());
    const { namespace } = client.options;
    const { run = '', namespace: shown = '' } = place;
    if (run !== runId || shown !== namespace)
      return `${safe(workflow)} is at run ${runId} of namespace ${safe(namespace)}, and shows ${safe(subject.id)} for run ${safe(run)} of ${safe(shown)}: look again`;
  }
  const digest = await digestOfShown(client, id, subject);
  if (digest === undefined || digest === subject.digest) return undefined;
  return `${safe(subject.id)} has digest ${safe(subject.digest.slice(0, 12))}, but what ${safe(id)} shows has ${digest.slice(0, 12)}: look again`;
}

/** The digest of a plan or a delivery, from what is shown of it; undefined for decisions that are not shown whole. */
async function digestOfShown(client: Client, id: string, { kind, workflow }: Subject): Promise<string | undefined> {
  if (workflow !== id || (kind !== 'plan' && kind !== 'delivery')) return undefined;
  const shown = await queryRun(client, id, refactorQueries.plan);
  if (!shown) return undefined;
  const plan = digestValue(shown.plan);
  if (kind === 'plan') return plan;
  const { line, base, branch } = await queryRun(client, id, refactorQueries.status);
  return line === null ? undefined : digestDelivery({ commit: line as Sha, base: (base ?? '') as Sha, branch, plan });
}

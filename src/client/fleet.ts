/**
 * The refactors that a Temporal server knows, read from its list: search attributes and the card in the memo.
 * Rule: one list, no query to any run, so that it is quick for thousands of runs and works without a worker.
 */
import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import type { RunCard } from '../core/views/card.ts';
import { CARD, readCard } from '../core/views/card.ts';
import { explainFailures } from './client-failure.ts';

/** Words that narrow a list; each one is compared exactly, except the repository, of which a part is enough. */
export interface FleetFilter {
  team?: string | undefined;
  campaign?: string | undefined;
  state?: string | undefined;
  /** A kind of decision, or `true` for whatever waits for a person. */
  needs?: string | true | undefined;
  repository?: string | undefined;
  /** A condition in Temporal's own words. */
  query?: string | undefined;
}

export interface FleetRun {
  id: string;
  /** As `status` shows it; of a run that Temporal ended, how it ended. */
  state: string;
  isOpen: boolean;
  repository: string;
  team: string | undefined;
  campaign: string | undefined;
  startedAt: number;
  closedAt: number | undefined;
  /** Kinds of decisions that wait for a person, `resume` where it holds, and whether one is late. */
  needs: string[];
  /** Runs that began under an older version have none. */
  card: RunCard | undefined;
}

const REFACTORS = 'WorkflowType = "refactor"';
/** Small enough for one message of the server, with cards of a few kilobytes. */
const PAGE = 250;

/** The condition that Temporal's list gets. Everything in it can be typed after `temporal workflow list --query`. */
export function fleetQuery(filter: FleetFilter, which: 'open' | 'ended'): string {
  const isWaiting = filter.needs === true ? ['CoxNeeds IS NOT NULL'] : [];
  const words = { CoxTeam: filter.team, CoxCampaign: filter.campaign, CoxState: filter.state, CoxNeeds: filter.needs };
  const conditions = Object.entries(words).flatMap(([name, value]) =>
    typeof value === 'string' && !UNFINDABLE.test(value) ? [`${name} = "${value}"`] : [],
  );
  const status = which === 'open' ? 'ExecutionStatus = "Running"' : 'ExecutionStatus != "Running"';
  const own = filter.query === undefined ? [] : [`(${filter.query})`];
  return [REFACTORS, status, ...conditions, ...isWaiting, ...own].join(' AND ');
}

/** Temporal's list finds no value with one of these, however it is written. Such words are compared here only. */
const UNFINDABLE = /["\\]/;

function isSaid(run: FleetRun, { team, campaign, state, repository }: FleetFilter): boolean {
  return (
    (team === undefined || run.team === team) &&
    (campaign === undefined || run.campaign === campaign) &&
    (state === undefined || run.state === state) &&
    (repository === undefined || run.repository.includes(repository))
  );
}

/** The runs of a filter, newest first: all that are open, or the newest `most` that ended. */
export async function readFleet(
  client: Client,
  filter: FleetFilter,
  { which, most = Number.POSITIVE_INFINITY }: { which: 'open' | 'ended'; most?: number },
): Promise<FleetRun[]> {
  const runs: FleetRun[] = [];
  const query = fleetQuery(filter, which);
  await explainFailures('the list', async () => {
    if (most === 0) return;
    for await (const info of client.workflow.list({ query, pageSize: PAGE })) {
      const run = toRun(info);
      if (!isSaid(run, filter)) continue;
      runs.push(run);
      if (runs.length >= most) break;
    }
  });
  return runs.toSorted((one, other) => other.startedAt - one.startedAt);
}

function toRun({ workflowId, status, startTime, closeTime, searchAttributes, memo }: WorkflowExecutionInfo): FleetRun {
  const attributes = searchAttributes as Record<string, (string | undefined)[] | undefined>;
  const isOpen = status.name === 'RUNNING';
  // A run that Temporal ended could not say so itself.
  const isOwn = isOpen || status.name === 'COMPLETED';
  return {
    id: workflowId,
    state: (isOwn ? attributes['CoxState']?.[0] : undefined) ?? status.name.toLowerCase(),
    isOpen,
    repository: attributes['CoxRepository']?.[0] ?? '',
    team: attributes['CoxTeam']?.[0],
    campaign: attributes['CoxCampaign']?.[0],
    startedAt: startTime.getTime(),
    closedAt: closeTime?.getTime(),
    needs: isOpen ? (attributes['CoxNeeds'] ?? []).flatMap((need) => need ?? []) : [],
    card: readCard(memo?.[CARD]),
  };
}

/**
 * Checks the requests to the model: which responses were stored, which were paid in vain, and which disturbance
 * explains that.
 * Rule: a response is stored from the moment that the hub's ref is at its checkpoint. A later request for the same
 * think asks for a stored response again, except within the moment in which two attempts race.
 */
import type { Hit } from './disturb.ts';
import type { Findings } from './findings.ts';
import type { Link, Move } from './read-runs.ts';
import type { Asked } from './scripted-model.ts';
import { numberOf } from './scripted-model.ts';

export interface ModelAudit {
  findings: Findings;
  refactor: string;
  chains: ReadonlyMap<string, readonly Link[]>;
  moves: readonly Move[];
  ledger: readonly Asked[];
  hits: readonly Hit[];
}

/** Counts of the audit, in addition to its findings. */
export interface ModelCounts {
  asked: number;
  stored: number;
  inVain: number;
}

/**
 * On a busy machine, some hundred milliseconds pass between an attempt's last look at the hub and the arrival of its
 * request. A response that a frozen attempt stores in this time does not count as stored before the request.
 */
const RACE_MS = 500;
/** A disturbance may still hit a request this long afterwards, by a late heartbeat or a response under way. */
const TAIL_MS = 3000;

export function auditModel({ findings, refactor, chains, moves, ledger, hits }: ModelAudit): ModelCounts {
  const asked = ledger.filter((request) => request.refactor === refactor);
  const storedAt = readStored(chains, moves);
  findings.look('stored', storedAt.size);
  const wasted: { request: Asked; hit: Hit | undefined }[] = [];
  for (const request of asked) {
    if (storedAt.has(request.number)) continue;
    const twins = asked.filter(({ hash }) => hash === request.hash);
    const twin = twins.find(({ number }) => storedAt.has(number));
    const stored = twin ? (storedAt.get(twin.number) ?? Infinity) : Infinity;
    if (request.at > stored + RACE_MS) {
      const text = `${describe(request)} was asked ${request.at - stored} ms after its answer was stored`;
      findings.broke('stored', refactor, text);
    }
    wasted.push({ request, hit: findCause(twins, stored, hits) });
  }
  findings.look('inFlight', wasted.length);
  const charged = new Map<string, Asked>();
  for (const { request, hit } of wasted) {
    const key = `${request.task} ${request.isMerge} ${hit?.at ?? ''}`;
    if (!hit) findings.broke('inFlight', refactor, `${describe(request)} was paid in vain, and no blow explains it`);
    else if (charged.has(key)) findings.broke('inFlight', refactor, `${describe(request)}: a second one for one blow`);
    charged.set(key, request);
  }
  return { asked: asked.length, stored: storedAt.size, inVain: wasted.length };
}

/** The time at which the response of each request became a checkpoint in the hub, by the request's number. */
function readStored(chains: ModelAudit['chains'], moves: readonly Move[]): Map<number, number> {
  const reached = new Map(moves.map(({ to, at }) => [to, at]));
  const stored = new Map<number, number>();
  for (const link of [...chains.values()].flat()) {
    if (link.entry?.kind !== 'think') continue;
    for (const item of link.entry.items) {
      if (item.kind === 'call') stored.set(numberOf(item.callId), reached.get(link.commit) ?? Infinity);
    }
  }
  return stored;
}

/**
 * The disturbance of a worker that asked for this response, between its request and the storing of a response. If a
 * frozen worker woke up before its successor was done, the successor's response was paid in vain.
 */
function findCause(twins: readonly Asked[], storedAt: number, hits: readonly Hit[]): Hit | undefined {
  return hits.find(({ worker, at, until }) =>
    twins.some((asked) => asked.worker === worker && until + TAIL_MS >= asked.at && at <= storedAt + TAIL_MS),
  );
}

function describe({ task, isMerge, turn, number, worker }: Asked): string {
  return `model call ${turn + 1} of ${task}${isMerge ? ' (merge)' : ''} by ${worker} (request ${number})`;
}

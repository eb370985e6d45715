/**
 * Checks people's messages: each acknowledged message has a receipt, and each steer reached its model once.
 * Rule: a receipt `superseded` or `refused` is an end too; a message without a final receipt is lost.
 */
import type { RefactorStatus } from '../../src/core/views/status.ts';
import type { Findings } from './findings.ts';
import type { Person } from './person.ts';
import type { Link } from './read-runs.ts';

export interface MessagesAudit {
  findings: Findings;
  refactor: string;
  person: Person;
  chains: ReadonlyMap<string, readonly Link[]>;
}

/** Final states of a receipt. */
const ENDS: ReadonlySet<RefactorStatus['receipts'][number]['state']> = new Set([
  'delivered',
  'applied',
  'superseded',
  'refused',
]);
/** The refactor shows an agent's decision as open until the agent reports its end, at most a few steps later. */
const STILL_OPEN_MS = 30_000;

export function auditMessages({ findings, refactor, person, chains }: MessagesAudit): void {
  findings.look('signals', person.sent.length);
  for (const { id, verb, way, answer } of person.sent) {
    const times = [...chains].map(([agent, links]) => ({ agent, times: countDelivered(links, id) }));
    for (const { agent, times: count } of times) {
      if (count > 1) findings.broke('signals', refactor, `${id} reached the model of ${agent} ${count} times`);
    }
    const receipt = person.receipts.get(id);
    const isDelivered = times.some(({ times: count }) => count > 0);
    if (isDelivered || (receipt && ENDS.has(receipt.state)) || answer?.kind === 'refused') continue;
    const became = receipt ? `${receipt.state} (${receipt.detail}) for ever` : 'nothing at all';
    findings.broke('signals', refactor, `${verb} ${id}, acknowledged as ${way}, became ${became}`);
  }
  findings.look('decisions', person.decided.length);
  for (const { decision, answer, stillOpenMs } of person.decided) {
    if (stillOpenMs > STILL_OPEN_MS)
      findings.broke(
        'decisions',
        refactor,
        `${decision} was open ${stillOpenMs} ms after it was ${answer.kind}: ${answer.detail}`,
      );
    else if (answer.kind === 'refused') findings.broke('decisions', refactor, `${decision} refused: ${answer.detail}`);
  }
}

function countDelivered(links: readonly Link[], id: string): number {
  return links.filter(({ entry }) => entry?.kind === 'think' && entry.steers.includes(id)).length;
}

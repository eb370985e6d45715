/**
 * Counts a command's connections and bytes by host.
 * Rule: takes bounded memory, whatever a command asks for.
 */
import type { HostUse } from '../core/egress.ts';

/** Most combinations of host, port, verdict and reason that are counted separately; a large setup uses a handful. */
const MAX_USES = 200;
const OTHERS = '(others)';

/** Connections by host. */
export class HostLog {
  readonly #uses = new Map<string, HostUse>();

  /** Counts one connection. The caller adds the bytes of an allowed one when it ends. */
  add(use: Pick<HostUse, 'host' | 'port' | 'verdict' | 'reason' | 'allow'>): HostUse {
    const key = JSON.stringify([use.host, use.port, use.verdict, use.reason]);
    let known = this.#uses.get(key);
    if (!known && this.#uses.size >= MAX_USES && use.host !== OTHERS) {
      const reason = use.verdict === 'allowed' ? '' : `more than ${MAX_USES} hosts and ports: counted together`;
      return this.add({ host: OTHERS, port: 0, verdict: use.verdict, reason });
    }
    known ??= { ...use, connections: 0, sentBytes: 0, receivedBytes: 0 };
    known.connections += 1;
    this.#uses.set(key, known);
    return known;
  }

  /** All counts, sorted by host. */
  list(): HostUse[] {
    const key = ({ host, verdict, reason }: HostUse): string => `${host} ${verdict} ${reason}`;
    return [...this.#uses.values()]
      .map((use) => ({ ...use }))
      .sort((a, b) => (a.host === b.host && a.port !== b.port ? a.port - b.port : key(a) < key(b) ? -1 : 1));
  }
}

/**
 * Finds the route to a host that a command asks for, or says why the host is refused.
 * Rule: a name is looked up only if it is listed, and only once; connections go exactly to the checked addresses.
 */
import { lookup as lookUp } from 'node:dns/promises';
import type { LookupFunction, Socket } from 'node:net';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { describeAllowance, readAuthority } from '../core/egress.ts';
import type { HostUse } from '../core/egress.ts';
import type { HostLog } from './host-log.ts';
import type { GrantedHosts, HostAndPort } from './granted-hosts.ts';

/** Returns all addresses of a name; throws if it has none. */
export type Resolve = (host: string) => Promise<readonly string[]>;

/** A route to a host. `lookup` returns only the checked addresses. */
export interface Route {
  target: HostAndPort;
  lookup: LookupFunction;
  use: HostUse;
}

/** The parts of the proxy that serving a request needs. */
export interface Means {
  /** The route to a host, or why it is refused. If `asked` is undefined, `text` is the unreadable target. */
  find(asked: HostAndPort | undefined, text: string): Promise<Route | string>;
  /** Ends this connection when the proxy closes. */
  keep(socket: Duplex): void;
}

/** Looks up a name by the system's resolver. */
export async function resolveAll(host: string): Promise<string[]> {
  return (await lookUp(host, { all: true, order: 'verbatim' })).map(({ address }) => address);
}

/** Checks the host, looks up its name, checks the addresses, and logs the result. */
export async function findRoute(
  { judge, log, resolve }: { judge: GrantedHosts; log: HostLog; resolve: Resolve },
  target: HostAndPort,
): Promise<Route | string> {
  const turnAway = (verdict: 'refused' | 'failed', reason: string, allow?: string): string => {
    const known = allow === undefined ? {} : { allow };
    log.add({ host: target.host, port: target.port, verdict, reason, ...known });
    return `${target.host}:${target.port}: ${reason}${allow === undefined ? '' : `; ${describeAllowance(allow)}`}`;
  };
  const named = judge.host(target);
  if (named.kind === 'refused') return turnAway('refused', named.reason, named.allow);
  let found: readonly string[];
  try {
    found = target.isAddress ? [target.host] : await resolve(target.host);
  } catch {
    return turnAway('failed', 'the name has no address');
  }
  const fine = judge.addresses(target, found);
  if (fine.kind === 'refused') return turnAway('refused', fine.reason, fine.allow);
  const use = log.add({ host: target.host, port: target.port, verdict: 'allowed', reason: '' });
  return { target, lookup: alwaysReturn(fine.value), use };
}

/** Logs a request whose target can't be read, or that names two hosts. */
export function refuseUnreadable(log: HostLog, text: string): string {
  const reason = `not one host and port, which nothing in network.setup can allow: ${text.replace(/[^\x21-\x7e]/g, '?').slice(0, 80)}`;
  log.add({ host: '(unreadable)', port: 0, verdict: 'refused', reason });
  return reason;
}

/** A lookup that always returns these addresses. */
function alwaysReturn(addresses: readonly string[]): LookupFunction {
  const all = addresses.map((address) => ({ address, family: isIP(address) }));
  return (_host, options, done) => {
    if (options.all === true) done(null, all);
    else done(null, all[0]?.address ?? '', all[0]?.family);
  };
}

/** Whether a request's Host header, if it has one, names the same host as its target. */
export function isSameHost(host: string, header: string | undefined): boolean {
  return header === undefined || readAuthority(header)?.host === host;
}

/** Adds the bytes of a connection that has ended. */
export function countBytes(use: HostUse, upstream: Socket): void {
  use.sentBytes += upstream.bytesWritten;
  use.receivedBytes += upstream.bytesRead;
}

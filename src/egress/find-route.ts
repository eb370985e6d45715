/**
 * Finds the way to a host that a command asked for, or says why there is none.
 * Rule: a name is looked up only if it is listed, once, and whoever connects gets exactly the addresses that were
 * judged.
 */
import { lookup as lookUp } from 'node:dns/promises';
import type { LookupFunction, Socket } from 'node:net';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { describeAllowance, readAuthority } from '../core/egress.ts';
import type { HostUse } from '../core/egress.ts';
import type { HostLog } from './host-log.ts';
import type { GrantedHosts, HostAndPort } from './granted-hosts.ts';

/** Gives all addresses of a name; fails where it has none. */
export type Resolve = (host: string) => Promise<readonly string[]>;

/** A way to a host: `lookup` knows nothing but the addresses that were judged. */
export interface Route {
  target: HostAndPort;
  lookup: LookupFunction;
  use: HostUse;
}

/** What serving a request needs of the proxy. */
export interface Means {
  /** The way to a host, or why there is none. Without a target `text` is what could not be read as one. */
  find(asked: HostAndPort | undefined, text: string): Promise<Route | string>;
  /** Ends this connection when the proxy closes. */
  keep(socket: Duplex): void;
}

/** Asks the system's resolver. */
export async function resolveAll(host: string): Promise<string[]> {
  return (await lookUp(host, { all: true, order: 'verbatim' })).map(({ address }) => address);
}

/** Judges the host, looks its name up, judges the addresses, and logs what came of it. */
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
  return { target, lookup: answerAlways(fine.value), use };
}

/** Logs a request whose target can't be read, or that names two hosts. */
export function refuseUnreadable(log: HostLog, text: string): string {
  const reason = `not one host and port, which nothing in network.setup can allow: ${text.replace(/[^\x21-\x7e]/g, '?').slice(0, 80)}`;
  log.add({ host: '(unreadable)', port: 0, verdict: 'refused', reason });
  return reason;
}

/** Answers every lookup of a connection with the same addresses. */
function answerAlways(addresses: readonly string[]): LookupFunction {
  const all = addresses.map((address) => ({ address, family: isIP(address) }));
  return (_host, options, answer) => {
    if (options.all === true) answer(null, all);
    else answer(null, all[0]?.address ?? '', all[0]?.family);
  };
}

/** Whether a request's Host header names the same host as its target, as an honest client's does. */
export function isSameHost(host: string, header: string | undefined): boolean {
  return header === undefined || readAuthority(header)?.host === host;
}

/** Adds what went over a connection that has ended. */
export function countBytes(use: HostUse, upstream: Socket): void {
  use.sentBytes += upstream.bytesWritten;
  use.receivedBytes += upstream.bytesRead;
}

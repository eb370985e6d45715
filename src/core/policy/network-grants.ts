/**
 * How two grants of the network become one.
 * Rule: the result allows only what both grants allow.
 */
import type { HostList, HostRule, NetworkGrant } from '../egress.ts';
import { readHostRule } from '../egress.ts';

/** The network that both grants allow. */
export function tightenNetwork(one: NetworkGrant, other: NetworkGrant): NetworkGrant {
  if (one === false || other === false) return false;
  if (one === true) return other === true || intersect(other, other);
  return intersect(one, other === true ? one : other);
}

/** Whether a grant allows no more than another. */
export function isWithin(grant: NetworkGrant, wider: NetworkGrant): boolean {
  return JSON.stringify(tightenNetwork(grant, wider)) === JSON.stringify(tightenNetwork(grant, grant));
}

function intersect(one: HostList, other: HostList): HostList {
  const hosts = intersectHosts(one.hosts, other.hosts);
  const both = intersectHosts(one.private ?? [], other.private ?? []);
  const afterChanges = one.afterChanges === true && other.afterChanges === true;
  return { hosts, ...(both.length === 0 ? {} : { private: both }), ...(afterChanges ? { afterChanges } : {}) };
}

function intersectHosts(one: readonly string[], other: readonly string[]): string[] {
  const met = [...new Set(one.flatMap((host) => other.flatMap((listed) => meet(host, listed))))].toSorted();
  return met.filter((host) => !met.some((wider) => wider !== host && meet(wider, host)[0] === host));
}

/** The overlap of two entries: the narrower host with the narrower port. Empty if they have none. */
function meet(one: string, other: string): string[] {
  const [a, b] = [readHostRule(one), readHostRule(other)];
  if (!a || !b) return one === other ? [one] : [];
  const host = isIn(a, b) ? a : isIn(b, a) ? b : undefined;
  const port = a.port ?? b.port;
  const bothHavePort = a.port === b.port || ((a.port ?? b.port) !== null && isUsual(a.port) && isUsual(b.port));
  const differ = a.port !== null && b.port !== null && a.port !== b.port;
  if (!host || !bothHavePort || differ) return [];
  const name = host.isAddress && host.host.includes(':') ? `[${host.host}]` : host.host;
  return [`${host.isWildcard ? '*.' : ''}${name}${port === null ? '' : `:${port}`}`];
}

/** Without a port an entry means those of HTTP and HTTPS. */
function isUsual(port: number | null): boolean {
  return port === null || port === 80 || port === 443;
}

function isIn(narrow: HostRule, wide: HostRule): boolean {
  if (!wide.isWildcard) return !narrow.isWildcard && wide.host === narrow.host;
  return narrow.host.endsWith(`.${wide.host}`) || (narrow.isWildcard && narrow.host === wide.host);
}

/**
 * The kinds of fields that a policy has, each with how two values of it become one.
 * Rule: `tighten` gives a value that is at least as strict as both, is associative, and of two equal values that value.
 */
import type { HostList, HostRule, NetworkGrant } from '../egress.ts';
import { readHostRule } from '../egress.ts';
import type { GateRule } from '../risk.ts';

export type LfsRule = 'pointers' | 'content';

/** A field: its built-in limit and value, and the stricter of two values. */
export interface Field<T> {
  builtIn: { limit: T; value: T };
  tighten(this: void, one: T, other: T): T;
  /** Whether layers add to it, so that none can be too loose. */
  accumulates?: boolean;
  /** The name of a setting that stands for this one where a layer does not name this one itself. */
  orElse?: string;
  /** The only layers that may have it, where it is about more than what they stand for. */
  only?: readonly string[];
}

const STRICTNESS: Record<GateRule, number> = { allow: 0, ask: 1, deny: 2 };

/** A gate; the stricter answer wins. */
export function gate(limit: GateRule): Field<GateRule> {
  return {
    builtIn: { limit, value: limit },
    tighten: (one, other) => (STRICTNESS[one] >= STRICTNESS[other] ? one : other),
  };
}

/** A number that is at most something; the smaller wins. */
export function most(builtIn: { limit: number; value: number }): Field<number> {
  return { builtIn, tighten: (one, other) => Math.min(one, other) };
}

/** A list of what is forbidden; both count. */
export function prohibitions(): Field<string[]> {
  return {
    builtIn: { limit: [], value: [] },
    tighten: (one, other) => [...new Set([...one, ...other])].toSorted(),
    accumulates: true,
  };
}

/** Something that may be done; only where both say so. */
export function permission(builtIn: { limit: boolean; value: boolean }): Field<boolean> {
  return { builtIn, tighten: (one, other) => one && other };
}

/** Whether workspaces have the content that git LFS keeps, or pointers to it; the content only where both say so. */
export function lfsContent(builtIn: { limit: LfsRule; value: LfsRule }): Field<LfsRule> {
  return { builtIn, tighten: (one, other) => (one === 'content' ? other : one) };
}

/** A grant of the network; what both grant. */
export function allowance(builtIn: { limit: NetworkGrant; value: NetworkGrant }): Field<NetworkGrant> {
  return { builtIn, tighten: tightenNetwork };
}

/** What of the network two grants both let through. */
export function tightenNetwork(one: NetworkGrant, other: NetworkGrant): NetworkGrant {
  if (one === false || other === false) return false;
  if (one === true) return other === true || intersect(other, other);
  return intersect(one, other === true ? one : other);
}

/** Whether a grant is no wider than another one. */
export function isWithin(grant: NetworkGrant, wider: NetworkGrant): boolean {
  const { tighten } = allowance({ limit: true, value: false });
  return JSON.stringify(tighten(grant, wider)) === JSON.stringify(tighten(grant, grant));
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

/** What two entries both stand for: the narrower host at the narrower port; empty where they have nothing in common. */
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

/** Without a port an entry stands for those of HTTP and HTTPS. */
function isUsual(port: number | null): boolean {
  return port === null || port === 80 || port === 443;
}

function isIn(narrow: HostRule, wide: HostRule): boolean {
  if (!wide.isWildcard) return !narrow.isWildcard && wide.host === narrow.host;
  return narrow.host.endsWith(`.${wide.host}`) || (narrow.isWildcard && narrow.host === wide.host);
}

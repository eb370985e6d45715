/**
 * The kinds of policy fields. Each says how two values become one.
 * Rule: `tighten` returns a value at least as strict as both. It is associative, and two equal values stay the same.
 */
import type { HostList, HostRule, NetworkGrant } from '../egress.ts';
import { readHostRule } from '../egress.ts';
import type { GateRule } from '../risk.ts';
import { stricter } from '../risk.ts';

export type LfsRule = 'pointers' | 'content';

/** A field: its built-in limit and value, and `tighten`, which returns the stricter of two values. */
export interface Field<T> {
  builtIn: { limit: T; value: T };
  tighten(this: void, one: T, other: T): T;
  /** Whether layers add to the value, so that no layer can be too loose. */
  accumulates?: boolean;
  /** The field that counts instead if a layer does not set this one. */
  orElse?: string;
  /** The only layers that may set it, if it affects more than the layer's own repositories. */
  only?: readonly string[];
}

/** A gate. The stricter rule wins. */
export function gate(limit: GateRule): Field<GateRule> {
  return {
    builtIn: { limit, value: limit },
    tighten: stricter,
  };
}

/** A maximum. The smaller number wins. */
export function most(builtIn: { limit: number; value: number }): Field<number> {
  return { builtIn, tighten: (one, other) => Math.min(one, other) };
}

/** A list of prohibitions. Those of both layers count. */
export function prohibitions(): Field<string[]> {
  return {
    builtIn: { limit: [], value: [] },
    tighten: (one, other) => [...new Set([...one, ...other])].toSorted(),
    accumulates: true,
  };
}

/** A permission. It is given only if both layers give it. */
export function permission(builtIn: { limit: boolean; value: boolean }): Field<boolean> {
  return { builtIn, tighten: (one, other) => one && other };
}

/** Whether workspaces get the contents of LFS files, or pointers. Contents only if both layers say so. */
export function lfsContent(builtIn: { limit: LfsRule; value: LfsRule }): Field<LfsRule> {
  return { builtIn, tighten: (one, other) => (one === 'content' ? other : one) };
}

/** A network grant: what both layers grant. */
export function allowance(builtIn: { limit: NetworkGrant; value: NetworkGrant }): Field<NetworkGrant> {
  return { builtIn, tighten: tightenNetwork };
}

/** The network that both grants allow. */
export function tightenNetwork(one: NetworkGrant, other: NetworkGrant): NetworkGrant {
  if (one === false || other === false) return false;
  if (one === true) return other === true || intersect(other, other);
  return intersect(one, other === true ? one : other);
}

/** Whether a grant allows no more than another. */
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

/**
 * Rules on the hosts that a command asks the proxy for: first on name and port, then on the name's addresses.
 * Rule: pure; a caller looks up a name only after it is allowed.
 */
import { readHostRule } from '../core/egress.ts';
import type { Authority, HostRule, NetworkGrant } from '../core/egress.ts';
import { canonicalAddress, classOfAddress } from './classify-address.ts';

/** A host and the port to connect to. */
export interface HostAndPort extends Authority {
  port: number;
}

export type HostRuling<T = unknown> =
  | { kind: 'allowed'; value: T }
  /** `allow` is the entry that would allow the host, to add to the grant. */
  | { kind: 'refused'; reason: string; allow?: string };

/** A grant of the network, read once. */
export interface GrantedHosts {
  /** Rules on a host and port. */
  host(target: HostAndPort): HostRuling;
  /** The addresses of an allowed host that may be contacted. */
  addresses(target: HostAndPort, found: readonly string[]): HostRuling<string[]>;
}

/** Ports of an entry without a port. */
const USUAL_PORTS = [80, 443];

/**
 * Reads a grant: a list, or `true` for every host with a public address. Throws for an entry that is no host: policy's
 * schema should have refused it.
 */
export function readGrantedHosts(grant: Exclude<NetworkGrant, false>): GrantedHosts {
  const list = grant === true ? { hosts: [] } : grant;
  const hidden = (list.private ?? []).map(readRule);
  const rules = [...list.hosts.map(readRule), ...hidden];
  return {
    host: (target) => {
      if (grant === true) return { kind: 'allowed', value: target.host };
      const named = rules.filter((rule) => isNamed(rule, target));
      const allow = entry('hosts', target);
      if (named.length === 0) return { kind: 'refused', reason: 'not in the list', allow };
      if (named.some((rule) => hasPort(rule, target.port))) return { kind: 'allowed', value: target.host };
      return { kind: 'refused', reason: 'another port than listed', allow };
    },
    addresses: (target, found) => {
      const isHidden = hidden.some((rule) => isNamed(rule, target) && hasPort(rule, target.port));
      const isFine = (address: string): boolean => {
        const asked = { host: address, isAddress: true, port: target.port };
        if (rules.some((rule) => isNamed(rule, asked) && hasPort(rule, asked.port))) return true;
        const kind = classOfAddress(address);
        return kind === 'public' || (kind === 'private' && isHidden);
      };
      const fine = found.filter(isFine);
      if (fine.length > 0) return { kind: 'allowed', value: fine };
      const kinds = [...new Set(found.map(classOfAddress))].join(', ');
      const is = `its address is ${kinds || 'unknown'}`;
      const reason = grant === true ? `${is}, and true allows only public addresses: write a list in its place` : is;
      const [first] = found;
      if (first === undefined) return { kind: 'refused', reason };
      // A private address is allowed by the host's name under `private`; any other special one only by itself.
      const byName = kinds === 'private' && !target.isAddress;
      const allow = byName
        ? entry('private', target)
        : entry('hosts', { host: first, isAddress: true, port: target.port });
      return { kind: 'refused', reason, allow };
    },
  };
}

/** A host as an entry of the grant, for people. */
function entry(field: 'hosts' | 'private', { host, isAddress, port }: HostAndPort): string {
  const name = isAddress && host.includes(':') ? `[${host}]` : host;
  return `"${field}": ["${name}${USUAL_PORTS.includes(port) ? '' : `:${port}`}"]`;
}

function readRule(text: string): HostRule {
  const rule = readHostRule(text);
  if (!rule) throw new Error(`not a host: ${JSON.stringify(text)}`);
  return rule;
}

function isNamed(rule: HostRule, { host, isAddress }: Omit<Authority, 'port'>): boolean {
  if (rule.isAddress || isAddress) {
    return rule.isAddress && isAddress && canonicalAddress(rule.host) === canonicalAddress(host);
  }
  return rule.isWildcard ? host.endsWith(`.${rule.host}`) : host === rule.host;
}

function hasPort(rule: HostRule, port: number): boolean {
  return rule.port === null ? USUAL_PORTS.includes(port) : rule.port === port;
}

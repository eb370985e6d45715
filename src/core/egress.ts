/**
 * The network that a setup may use: none, all of it, or hosts by name; and what it used of them.
 * Rule: one reading of "host:port" for what policy lists and for what a command asks, so that no spelling means two
 * things; which address a name stands for is judged where the connection is made.
 */
import { z } from 'zod';

/** A host as it was named, in small letters and without the dot at its end. */
export interface Authority {
  host: string;
  /** Whether the host is an IP address (IPv6 without brackets). */
  isAddress: boolean;
  port: number | null;
}

/** One host of a list: itself, or all names below it. Without a port, those of HTTP and HTTPS. */
export interface HostRule extends Authority {
  isWildcard: boolean;
}

const LABEL = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/;
const BYTE = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
const IPV4 = new RegExp(`^${BYTE}(?:\\.${BYTE}){3}$`);
const LONGEST_NAME = 253;

/**
 * Reads `name`, `name:port`, `1.2.3.4:port` or `[::1]:port`; undefined for anything else. Numbers in other spellings
 * (decimal, octal, hexadecimal, shortened), which some resolvers take for addresses, are no names.
 */
export function readAuthority(text: string): Authority | undefined {
  const [, ipv6, name = '', digits] = /^(?:\[([0-9a-f:.]{2,45})\]|([^:[\]]+))(?::(\d{1,5}))?$/i.exec(text) ?? [];
  const port = digits === undefined ? null : Number(digits);
  if (port === 0 || (port ?? 0) > 65_535) return undefined;
  if (ipv6 !== undefined) {
    return z.ipv6().safeParse(ipv6).success ? { host: ipv6.toLowerCase(), isAddress: true, port } : undefined;
  }
  const host = name.toLowerCase().replace(/\.$/, '');
  const labels = host.split('.');
  if (host.length > LONGEST_NAME || !labels.every((label) => LABEL.test(label))) return undefined;
  const isAddress = IPV4.test(host);
  if (!isAddress && /^(?:\d+|0x[0-9a-f]*)$/.test(labels.at(-1) ?? '')) return undefined;
  return { host, isAddress, port };
}

/** Reads one entry of a list of hosts: as above, or `*.name` for all names below `name`. */
export function readHostRule(text: string): HostRule | undefined {
  const isWildcard = text.startsWith('*.');
  const authority = readAuthority(isWildcard ? text.slice(2) : text);
  if (!authority || (isWildcard && authority.isAddress)) return undefined;
  return { ...authority, isWildcard };
}

const hostSchema = z
  .string()
  .max(300)
  .refine(
    (text) => readHostRule(text) !== undefined,
    'is no host: write "registry.example.org", "*.example.org", "10.0.0.5:8081" or "[2001:db8::1]:443"',
  );

/**
 * What a setup may reach. `hosts` lists it; a host of `private` may also stand for an address of a private network.
 * Loopback, link-local and metadata addresses are only reached where they are listed literally.
 */
export const networkGrantSchema = z.union([
  z.boolean(),
  z.strictObject({
    hosts: z.array(hostSchema).max(200),
    private: z.array(hostSchema).max(200).optional(),
    /** Also when setup runs again because an agent changed what it depends on: then the agent's changes choose. */
    afterChanges: z.boolean().optional(),
  }),
]);
/** `false` none, `true` every public address, or the hosts by name. */
export type NetworkGrant = z.infer<typeof networkGrantSchema>;
export type HostList = Exclude<NetworkGrant, boolean>;

/** What became of the connections to one host and port. */
export interface HostUse {
  host: string;
  port: number;
  verdict: 'allowed' | 'refused' | 'failed';
  /** Why it was refused or failed; empty for what was allowed. */
  reason: string;
  /** What to add to `network.setup` for it, where that would allow it. */
  allow?: string;
  connections: number;
  sentBytes: number;
  receivedBytes: number;
}

/** Hosts that a sentence names. */
const MAX_SHOWN = 20;

/** A sentence for people on the hosts that a setup used and was refused; empty where there was none. */
export function describeHostUse(uses: readonly HostUse[]): string {
  const list = (verdict: HostUse['verdict']): string => {
    const all = [...new Set(uses.filter((use) => use.verdict === verdict).map(describeOne))];
    const more = all.length > MAX_SHOWN ? [`and ${all.length - MAX_SHOWN} more`] : [];
    return [...all.slice(0, MAX_SHOWN), ...more].join(', ');
  };
  const [allowed, refused] = [list('allowed'), list('refused')];
  return [allowed && `setup used the network: ${allowed}`, refused && `setup was refused: ${refused}`]
    .filter((part) => part !== '')
    .join('; ');
}

function describeOne({ host, port, verdict, reason, allow }: HostUse): string {
  const why = [reason, allow === undefined ? '' : describeAllowance(allow)].filter((part) => part !== '').join('; ');
  return verdict === 'allowed' || why === '' ? `${host}:${port}` : `${host}:${port} (${why})`;
}

/** Says how a host that was refused would be allowed. */
export function describeAllowance(allow: string): string {
  return `to allow it, add ${allow} to network.setup`;
}

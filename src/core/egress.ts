/**
 * The network that a setup may use (none, all, or hosts by name), and what it used.
 * Rule: policy's entries and a command's targets are read by the same function, so that no spelling means two things.
 * The address of a name is judged where the connection is made.
 */
import { z } from 'zod';

/** A host as it was named, in lower case and without a dot at its end. */
export interface Authority {
  host: string;
  /** Whether the host is an IP address (IPv6 without brackets). */
  isAddress: boolean;
  port: number | null;
}

/** One entry of a list: a host, or all names below it. Without a port, the ports of HTTP and HTTPS. */
export interface HostRule extends Authority {
  isWildcard: boolean;
}

const LABEL = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/;
const BYTE = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
const IPV4 = new RegExp(`^${BYTE}(?:\\.${BYTE}){3}$`);
const LONGEST_NAME = 253;

/**
 * Reads `name`, `name:port`, `1.2.3.4:port` or `[::1]:port`; undefined for anything else. Other spellings of numbers
 * (decimal, octal, hexadecimal, shortened) are refused, since some resolvers take them for addresses.
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

/** Reads one entry of a list of hosts: as readAuthority does, or `*.name` for all names below `name`. */
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
    'is not a host: write "registry.example.org", "*.example.org", "10.0.0.5:8081" or "[2001:db8::1]:443"',
  );

/**
 * The hosts that a setup may reach. A host in `private` may also resolve to a private address. Loopback, link-local and
 * metadata addresses are reached only if they are listed literally.
 */
export const networkGrantSchema = z.union([
  z.boolean(),
  z.strictObject({
    hosts: z.array(hostSchema).max(200),
    private: z.array(hostSchema).max(200).optional(),
    /**
     * The grant also holds when setup runs again because an agent changed its inputs. The agent's changes then choose
     * what is downloaded.
     */
    afterChanges: z.boolean().optional(),
  }),
]);
/** `false`: nothing. `true`: every public address. Otherwise the listed hosts. */
export type NetworkGrant = z.infer<typeof networkGrantSchema>;
export type HostList = Exclude<NetworkGrant, boolean>;

/** All connections of a setup to one host and port with the same verdict. */
export interface HostUse {
  host: string;
  port: number;
  verdict: 'allowed' | 'refused' | 'failed';
  /** Why it was refused or failed; empty if allowed. */
  reason: string;
  /** The entry in `network.setup` that would allow it, if one would. */
  allow?: string;
  connections: number;
  sentBytes: number;
  receivedBytes: number;
}

/** Most hosts that a sentence names. */
const MAX_SHOWN = 20;

/** A sentence for people about the hosts that a setup used or was refused; empty if there were none. */
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

/** The part of a sentence that says how to allow a refused host. */
export function describeAllowance(allow: string): string {
  return `to allow it, add ${allow} to network.setup`;
}

/**
 * Tells which kind of network an IP address belongs to.
 * Rule: only addresses that are certainly on the public Internet count as public; others get the name of their class.
 */
import ipaddr from 'ipaddr.js';

/** `public`, `private`, or the name of a special class, which only an entry with the address itself allows. */
export type AddressClass = 'public' | 'private' | (string & {});

/** Addresses where clouds hand out their machines' credentials. Some are in ordinary ranges. */
const METADATA = new Set(
  ['169.254.169.254', '168.63.129.16', '100.100.100.200', '192.0.0.192', 'fd00:ec2::254', 'fd20:ce::254'].map(
    canonicalAddress,
  ),
);
const PRIVATE = new Set<string>(['private', 'uniqueLocal', 'carrierGradeNat']);
/** The only part of IPv6 that is assigned; ipaddr.js counts the rest as unicast too. */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');

/** The class of a valid address. */
export function classOfAddress(text: string): AddressClass {
  const address = ipaddr.parse(text);
  if (METADATA.has(canonicalAddress(text))) return 'metadata';
  const range: string = address.range();
  if (PRIVATE.has(range)) return 'private';
  if (range !== 'unicast') return range;
  return address.kind() === 'ipv4' || address.match(GLOBAL_UNICAST) ? 'public' : 'reserved';
}

/** The canonical spelling of an address. */
export function canonicalAddress(text: string): string {
  return ipaddr.parse(text).toString();
}

/**
 * Tells what kind of network an IP address belongs to.
 * Rule: only what is surely of the public Internet counts as public; everything special is refused by its class.
 */
import ipaddr from 'ipaddr.js';

/** `public` and `private` by themselves; all else is a class that only a literal entry opens. */
export type AddressClass = 'public' | 'private' | (string & {});

/** Addresses at which clouds hand out their machines' credentials, also where they lie in ordinary ranges. */
const METADATA = new Set(
  ['169.254.169.254', '168.63.129.16', '100.100.100.200', '192.0.0.192', 'fd00:ec2::254', 'fd20:ce::254'].map(
    canonicalAddress,
  ),
);
const PRIVATE = new Set<string>(['private', 'uniqueLocal', 'carrierGradeNat']);
/** The only part of IPv6 that is given out; the library counts the rest as unicast too. */
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

/** One spelling for each address. */
export function canonicalAddress(text: string): string {
  return ipaddr.parse(text).toString();
}

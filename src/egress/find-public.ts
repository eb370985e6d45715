/**
 * Finds the public addresses of a host, before git contacts it for a person who started a run.
 * Rule: a host with any loopback, private or special address is refused, even if it has public ones too.
 */
import { classOfAddress } from './classify-address.ts';
import type { Resolve } from './find-route.ts';

export type PublicHost =
  | { kind: 'public'; addresses: readonly string[] | null }
  | { kind: 'refused' | 'unknown'; reason: string };

/** Looks up a host and checks its addresses. With `isProxied` an unknown name is allowed: the proxy looks it up. */
export async function findPublicAddresses(
  { host, isAddress }: { host: string; isAddress: boolean },
  { resolve, isProxied }: { resolve: Resolve; isProxied: boolean },
): Promise<PublicHost> {
  if (/(?:^|\.)localhost$/.test(host)) return { kind: 'refused', reason: `${host} is this worker's own host` };
  const found = isAddress ? [host] : await resolve(host).catch(() => []);
  if (found.length === 0) {
    if (isProxied) return { kind: 'public', addresses: null };
    return { kind: 'unknown', reason: `${host} has no address that this worker can find` };
  }
  const bad = found.find((address) => classOfAddress(address) !== 'public');
  if (bad === undefined) return { kind: 'public', addresses: found };
  return { kind: 'refused', reason: `${host} has a ${classOfAddress(bad)} address (${bad}), not a public one` };
}

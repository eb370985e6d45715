/**
 * The public addresses of a host that git is about to reach for somebody who started a run.
 * Rule: as the proxy of setups judges: loopback, private and special addresses are nobody's to name, and a name that
 * has one such address is not taken for the others.
 */
import { classOfAddress } from './classify-address.ts';
import type { Resolve } from './find-route.ts';

export type PublicHost =
  | { kind: 'public'; addresses: readonly string[] | null }
  | { kind: 'refused' | 'unknown'; reason: string };

/** Looks a host up and judges what it stands for; with a proxy, which looks up itself, an unknown name is let by. */
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
  return { kind: 'refused', reason: `${host} stands for a ${classOfAddress(bad)} address (${bad}), not a public one` };
}

/**
 * Finds and proves the isolation of this host's commands: with overlays where these work, else without.
 * Rule: what it gives was proven by real commands; without overlays all promises hold, only the costs are others.
 */
import { findBubblewrap } from '../bubblewrap/find-bubblewrap.ts';
import { probeIsolation } from './isolation.ts';
import type { Isolation } from './isolation.ts';

/** What this host can do. `noOverlay` says why workspaces are plain folders here; null where they are overlays. */
export type IsolationFinding =
  | { kind: 'proven'; isolation: Isolation; version: string; noOverlay: string | null }
  | { kind: 'failed'; reason: string };

/** Where and how to look. */
export interface IsolationRequest {
  cacheDir: string;
  /** Where workspaces will lie. */
  folder: string;
  configured?: string;
  overlay: 'auto' | 'off';
  toolchains?: readonly string[];
}

/** Looks for bubblewrap and proves it in `folder`, with overlays first unless they are off. */
export async function openIsolation(request: IsolationRequest): Promise<IsolationFinding> {
  const { cacheDir, configured, folder, overlay: wanted, toolchains } = request;
  const found = await findBubblewrap({
    cacheDir,
    ...(configured === undefined ? {} : { configured }),
    needsOverlay: wanted === 'auto',
  });
  if (found.kind === 'missing') {
    return { kind: 'failed', reason: `no bubblewrap. Tried: ${found.tried.join('; ')}. ${found.remedy}` };
  }
  const own = toolchains === undefined ? {} : { toolchains };
  const { path, version } = found;
  let noOverlay = wanted === 'off' ? 'COXSWAIN_OVERLAY=off' : `bubblewrap ${version} has none, 0.11 does`;
  if (wanted === 'auto' && found.overlay) {
    const isolation = { kind: 'bwrap', path, overlay: true, ...own } as const;
    const probe = await probeIsolation(isolation, folder);
    if (probe.ok) return { kind: 'proven', isolation, version, noOverlay: null };
    noOverlay = `probe "${probe.probe}": ${probe.reason}`;
  }
  const isolation = { kind: 'bwrap', path, overlay: false, ...own } as const;
  const probe = await probeIsolation(isolation, folder);
  if (probe.ok) return { kind: 'proven', isolation, version, noOverlay };
  return { kind: 'failed', reason: `probe "${probe.probe}": ${probe.reason}. ${probe.remedy}` };
}

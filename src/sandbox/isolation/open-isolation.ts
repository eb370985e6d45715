/**
 * Finds bubblewrap on this host and probes it: with overlays where they work, otherwise without.
 * Rule: the returned isolation passed the probe. Without overlays all promises hold too, but copies cost time and disk.
 */
import { findBubblewrap } from '../bubblewrap/find-bubblewrap.ts';
import { probeIsolation } from './isolation.ts';
import type { Isolation } from './isolation.ts';

/** The result. `noOverlay` says why workspaces are plain folders on this host; null if they are overlays. */
export type IsolationFinding =
  | { kind: 'proven'; isolation: Isolation; version: string; noOverlay: string | null }
  | { kind: 'failed'; reason: string };

/** Where and how to look. */
export interface IsolationRequest {
  cacheDir: string;
  /** Where workspaces will be. */
  folder: string;
  configured?: string;
  overlay: 'auto' | 'off';
  toolchains?: readonly string[];
}

/** Finds bubblewrap and probes it in `folder`, first with overlays unless they are off. */
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
  let noOverlay = wanted === 'off' ? 'COXSWAIN_OVERLAY=off' : `bubblewrap ${version} has no overlays, 0.11 does`;
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

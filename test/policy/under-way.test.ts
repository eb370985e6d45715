import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { policySchema } from '../../src/core/policy/policy.ts';
import type { LayerSources, LayersResult } from '../../src/policy/read-layers.ts';
import { readLayers } from '../../src/policy/read-layers.ts';

/** The result of joining an organisation's file and a base's; without a text the worker has no organisation. */
async function layersOf(
  organisation: string | undefined,
  repository: string,
  more: Partial<LayerSources>,
): Promise<LayersResult> {
  const folder = await mkdtemp(join(tmpdir(), 'coxswain-policies-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  if (organisation !== undefined) await writeFile(join(folder, 'organisation.yaml'), organisation);
  const sources = {
    folder: organisation === undefined ? undefined : folder,
    team: undefined,
    address: '/r',
    repository,
  };
  return await readLayers({ ...sources, run: undefined, ...more });
}

describe('a run that is under way goes on when', () => {
  const strict = 'version: 1\nlimits:\n  maxParallelAgents: 2\n  gates:\n    commands: ask\n';
  const lax = 'version: 1\ndefaults:\n  maxParallelAgents: 4\nlimits:\n  gates:\n    commands: allow\n';

  test('its organisation became stricter than its input and its base: the limit counts', async () => {
    const run = policySchema.parse({ maxParallelAgents: 3 });
    expect(await layersOf(strict, lax, { run })).toMatchObject({ kind: 'bad' });
    const layers = await layersOf(strict, lax, { run, isUnderWay: true });
    expect(layers).toMatchObject({
      kind: 'ok',
      policy: {
        maxParallelAgents: { value: 2, from: 'organisation' },
        gates: { commands: { value: 'ask', from: 'organisation' } },
      },
    });
  });

  test('it has patterns that are refused now: they stay, and protect', async () => {
    const run = { protectedPaths: ['docs/@(a|b)/**'] };
    const base = 'version: 1\nlimits:\n  protectedPaths: ["src/+(x)/**"]\n';
    expect(await layersOf(undefined, base, { run })).toMatchObject({ kind: 'bad' });
    expect(await layersOf(undefined, base, { run, isUnderWay: true })).toMatchObject({
      policy: { protectedPaths: { value: ['docs/@(a|b)/**', 'src/+(x)/**'] } },
    });
  });
});

/** The content of LFS files is granted by policy files, never by a run alone. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { LayerSources, LayersResult } from '../../src/policy/read-layers.ts';
import { readLayers } from '../../src/policy/read-layers.ts';

/** The result of joining layers with these files. */
async function layersOf(
  files: Record<string, string>,
  repository?: string,
  more: Partial<LayerSources> = {},
): Promise<LayersResult> {
  const folder = await mkdtemp(join(tmpdir(), 'coxswain-policies-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  const team = 'teams/core.yaml' in files ? 'core' : undefined;
  return await readLayers({ folder, team, address: '/r', repository, run: undefined, ...more });
}

describe('the content of LFS files', () => {
  const CONTENT = 'version: 1\ndefaults:\n  lfs: content\n';
  const POINTERS = 'version: 1\nlimits:\n  lfs: pointers\n';
  const granted = (from: string): object => ({ kind: 'ok', policy: { lfs: { value: 'content', from } } });
  const pointers = { kind: 'ok', policy: { lfs: { value: 'pointers' } } };
  const run = { lfs: 'content' } as const;
  const refused = { kind: 'bad', isRefusal: true, problems: [expect.stringContaining('Write `lfs: content`')] };

  test('is granted by a file of any layer, unless one above it says pointers', async () => {
    expect(await layersOf({ 'organisation.yaml': 'version: 1\n' })).toMatchObject(pointers);
    expect(await layersOf({ 'organisation.yaml': CONTENT })).toMatchObject(granted('organisation'));
    expect(await layersOf({ 'organisation.yaml': 'version: 1\n', 'teams/core.yaml': CONTENT })).toMatchObject(
      granted('team'),
    );
    expect(await layersOf({ 'organisation.yaml': 'version: 1\n' }, CONTENT)).toMatchObject(granted('repository'));
    expect(await layersOf({ 'organisation.yaml': POINTERS }, CONTENT)).toEqual({
      kind: 'bad',
      problems: [
        '.coxswain/policy.yaml:3: defaults.lfs: "content" is looser than the limit "pointers" of the organisation layer',
      ],
    });
  });

  test('is not granted by the run itself, nor by a base that it chooses', async () => {
    const plain = { 'organisation.yaml': 'version: 1\n' };
    expect(await layersOf(plain, undefined, { run })).toEqual(refused);
    expect(await layersOf(plain, CONTENT, { defaultBranch: 'version: 1\n' })).toEqual(refused);
    expect(await layersOf(plain, CONTENT, { defaultBranch: undefined })).toEqual(refused);
    expect(await layersOf(plain, CONTENT, { defaultBranch: CONTENT })).toMatchObject(granted('repository'));
    const limits = { 'organisation.yaml': 'version: 1\nlimits:\n  lfs: content\n' };
    expect(await layersOf(limits)).toMatchObject(pointers);
    expect(await layersOf(limits, undefined, { run })).toMatchObject(granted('run'));
    expect(await layersOf(limits, CONTENT, { run: { lfs: 'pointers' } })).toMatchObject(pointers);
  });

  test('that a run under way was granted and is no longer granted counts as pointers', async () => {
    const plain = { 'organisation.yaml': 'version: 1\n' };
    expect(await layersOf(plain, undefined, { run, isUnderWay: true })).toMatchObject(pointers);
    expect(await layersOf(plain, CONTENT, { defaultBranch: undefined, isUnderWay: true })).toMatchObject(pointers);
    expect(await layersOf({ 'organisation.yaml': POINTERS }, CONTENT, { isUnderWay: true })).toMatchObject(pointers);
  });
});

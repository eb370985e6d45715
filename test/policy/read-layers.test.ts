import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { LayersResult } from '../../src/policy/read-layers.ts';
import { readLayers } from '../../src/policy/read-layers.ts';
import { readPolicyFile } from '../../src/policy/read-policy-file.ts';

/** What layers in these files make. */
async function layersOf(files: Record<string, string>, repository?: string): Promise<LayersResult> {
  const folder = await mkdtemp(join(tmpdir(), 'coxswain-policies-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return await readLayers({ folder, team: 'core', repository, run: undefined });
}

describe('a policy file with a fault is said by file and line', () => {
  test.each([
    ['an unknown field', 'version: 1\nlimits:\n  colour: red\n', 'policy.yaml:3: limits: Unrecognized key: "colour"'],
    [
      'a wrong type',
      'version: 1\n\ndefaults:\n  maxParallelAgents: many\n',
      'policy.yaml:4: defaults.maxParallelAgents',
    ],
    ['a wrong value', 'version: 1\nlimits:\n  gates:\n    plan: maybe\n', 'policy.yaml:4: limits.gates.plan'],
    ['a version of its own', 'version: 7\n', 'policy.yaml:1: version'],
    ['a key said twice', 'version: 1\nversion: 1\n', 'policy.yaml:2: Map keys must be unique'],
    ['no YAML', 'version: [1\n', 'policy.yaml:2:'],
    ['an old file without a version', 'limits: {}\n', 'policy.yaml:1: version'],
    ['nothing', '', 'policy.yaml:1:'],
    [
      'a rule whose example fails',
      'version: 1\nlimits:\n  rules:\n    commands:\n      - id: no-x\n        effect: deny\n        programs: [x]\n        reason: not here\n' +
        '        match:\n          - x -a\n          - y -b\n        notMatch: []\n',
      'policy.yaml:11: rule "no-x" does not match its own example: y -b',
    ],
    [
      'a rule that allows',
      'version: 1\nlimits:\n  rules:\n    commands:\n      - id: x\n        effect: allow\n        programs: [x]\n        reason: fine\n' +
        '        match: [x]\n        notMatch: []\n',
      'policy.yaml:5: limits.rules.commands.0: rules of policy ask or deny',
    ],
  ])('%s', (_name, text, words) => {
    const read = readPolicyFile('policy.yaml', text);
    expect(read).toMatchObject({ kind: 'bad', problems: [expect.stringContaining(words)] });
  });

  test('aliases that would unfold to much are refused', () => {
    const bomb = `a: &a [x, x]\nb: &b [*a, *a, *a, *a, *a]\nc: [*b, *b, *b, *b, *b, *b, *b, *b]\n`;
    expect(readPolicyFile('policy.yaml', bomb).kind).toBe('bad');
  });
});

test('organisation, team and repository are joined, each field with its layer', async () => {
  const layers = await layersOf(
    {
      'organisation.yaml': 'version: 1\nlimits:\n  maxParallelAgents: 3\n',
      'teams/core.yaml': 'version: 1\ndefaults:\n  gates:\n    commands: ask\n',
    },
    'version: 1\ndefaults:\n  maxParallelAgents: 2\n',
  );
  expect(layers).toMatchObject({
    kind: 'ok',
    policy: {
      maxParallelAgents: { value: 2, from: 'repository' },
      gates: { commands: { value: 'ask', from: 'team' }, plan: { from: 'built-in' } },
    },
  });
});

test('a repository that is looser than its organisation is refused, with the line', async () => {
  const layers = await layersOf(
    { 'organisation.yaml': 'version: 1\nlimits:\n  network:\n    setup: false\n' },
    '# our own\nversion: 1\nlimits:\n  network:\n    setup: true\n',
  );
  expect(layers).toEqual({
    kind: 'bad',
    problems: [
      '.coxswain/policy.yaml:5: limits.network.setup: true is looser than the limit false of the organisation layer',
    ],
  });
});

test("a team's name can't lead out of the folder", async () => {
  const folder = await mkdtemp(join(tmpdir(), 'coxswain-policies-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, 'organisation.yaml'), 'version: 1\n');
  const read = await readLayers({ folder, team: '../organisation', repository: undefined, run: undefined });
  expect(read.kind).toBe('ok');
});

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { NetworkGrant } from '../../src/core/egress.ts';
import { policySchema } from '../../src/core/policy/policy.ts';
import type { LayerSources, LayersResult } from '../../src/policy/read-layers.ts';
import { readLayers } from '../../src/policy/read-layers.ts';
import { readPolicyFile } from '../../src/policy/read-policy-file.ts';

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

describe('a problem in a policy file is reported with file and line', () => {
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

  test('aliases that would expand to a huge value are refused', () => {
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

describe("a run's own input", () => {
  const runWith = async (
    setup: NetworkGrant,
    files: Record<string, string> = {},
    said: NetworkGrant[] = [],
  ): Promise<LayersResult> => {
    const folder = await mkdtemp(join(tmpdir(), 'coxswain-policies-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
    const run = policySchema.parse({ network: { setup } });
    return await readLayers({
      folder: Object.keys(files).length === 0 ? undefined : folder,
      team: undefined,
      address: null,
      repository: undefined,
      run,
      said,
    });
  };
  const refused = { kind: 'bad', isRefusal: true, problems: [expect.stringContaining("can't open the network")] };
  const lists = (hosts: string, part = 'limits'): Record<string, string> => ({
    'organisation.yaml': `version: 1\n${part}:\n  network:\n    setup: ${hosts}\n`,
  });

  test('opens no network that no layer above it and no person granted', async () => {
    expect(await runWith(true)).toEqual(refused);
    expect(await runWith({ hosts: ['registry.example.com'] })).toEqual(refused);
    expect(await runWith(true, { 'organisation.yaml': 'version: 1\n' })).toEqual(refused);
    expect(await runWith(false)).toMatchObject({ kind: 'ok' });
  });

  test('opens no network by a base that it chooses, unless the default branch grants it', async () => {
    const file = 'version: 1\ndefaults:\n  network:\n    setup: {hosts: [evil.example]}\n';
    const read = async (sources: Partial<LayerSources>): Promise<LayersResult> =>
      await readLayers({
        folder: undefined,
        team: undefined,
        address: null,
        repository: file,
        run: undefined,
        ...sources,
      });
    expect(await read({ defaultBranch: undefined })).toEqual(refused);
    expect(await read({ defaultBranch: 'version: 1\n' })).toEqual(refused);
    expect(await read({ defaultBranch: file })).toMatchObject({ kind: 'ok' });
    expect(await read({})).toMatchObject({ kind: 'ok' });
    expect(await read({ defaultBranch: undefined, said: [true] })).toMatchObject({ kind: 'ok' });
  });

  test('opens what a file or a person grants, and no more', async () => {
    const one = { hosts: ['registry.example.com'] };
    for (const part of ['limits', 'defaults'])
      expect(await runWith(one, lists('{hosts: ["*.example.com"]}', part))).toMatchObject({
        policy: { network: { setup: { value: one, from: 'run' } } },
      });
    expect(await runWith(one, {}, [one])).toMatchObject({ kind: 'ok' });
    expect(await runWith(one, {}, [true])).toMatchObject({ kind: 'ok' });
    expect(await runWith(one, {}, [{ hosts: ['other.example.com'] }])).toEqual(refused);
    expect(await runWith(true, {}, [one])).toEqual(refused);
    expect(await runWith({ ...one, afterChanges: true }, {}, [one])).toEqual(refused);
    // A person's grant can't exceed a limit.
    const beyond = await runWith(true, lists('false'), [true]);
    expect(beyond).toMatchObject({ problems: [expect.stringContaining('is looser than the limit false')] });
  });
});

test("a team's name can't lead out of the folder", async () => {
  const folder = await mkdtemp(join(tmpdir(), 'coxswain-policies-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, 'organisation.yaml'), 'version: 1\n');
  const sources = { folder, team: '../organisation', address: '/r', repository: undefined, run: undefined };
  expect(await readLayers(sources)).toMatchObject({ kind: 'bad', problems: [expect.stringContaining('has no file')] });
});

describe('a layer that is named is there, or nothing starts', () => {
  const organisation = 'version: 1\nlimits:\n  maxParallelAgents: 3\n';
  const core = 'version: 1\nlimits:\n  protectedPaths: [deploy/**]\n';
  const files = { 'organisation.yaml': organisation, 'teams/core.yaml': core };

  test.each(['paymnts', 'Core', 'CORE', 'core ', './core', '', 'core.yaml'])('team "%s" is not core', async (team) => {
    expect(await layersOf(files, undefined, { team })).toMatchObject({
      kind: 'bad',
      problems: [expect.stringContaining('teams with one: core')],
    });
  });

  test('a missing folder, or one without organisation.yaml, is an error', async () => {
    for (const folder of ['/no/such/folder', tmpdir()])
      expect(await layersOf(files, undefined, { folder, team: undefined })).toMatchObject({
        kind: 'bad',
        problems: [expect.stringContaining(`there is no organisation.yaml in ${folder}`)],
      });
  });

  test('a file that can not be read is an error', async () => {
    const read = await layersOf({ 'organisation.yaml/inside': '' }, undefined, { team: undefined });
    expect(read).toMatchObject({ kind: 'bad', problems: [expect.stringContaining("organisation.yaml can't be read")] });
    const team = await layersOf({ 'organisation.yaml': organisation, 'teams/core.yaml/inside': '' });
    expect(team).toMatchObject({ kind: 'bad', problems: [expect.stringContaining("teams/core.yaml can't be read")] });
  });

  test('the digest depends only on the meaning of the files of organisation and team', async () => {
    const digestOf = async (changed: Record<string, string>): Promise<unknown> => {
      const read = await layersOf({ ...files, ...changed });
      return read.kind === 'ok' ? read.organisation : read;
    };
    const plain = await digestOf({});
    expect(await digestOf({ 'organisation.yaml': `# ours\n${organisation}` })).toBe(plain);
    expect(await digestOf({ 'teams/other.yaml': core })).toBe(plain);
    expect(await digestOf({ 'organisation.yaml': organisation.replace('3', '4') })).not.toBe(plain);
    expect(await digestOf({ 'teams/core.yaml': 'version: 1\n' })).not.toBe(plain);
    expect(await layersOf({}, undefined, { folder: undefined })).toMatchObject({ organisation: null });
  });
});

describe('the organisation decides to which team a repository belongs', () => {
  const team = (...repositories: string[]): string => `version: 1\nrepositories: ${JSON.stringify(repositories)}\n`;
  const files = {
    'organisation.yaml': 'version: 1\n',
    'teams/core.yaml': team('github.com/acme/**', '/srv/git/core.git'),
    'teams/payments.yaml': team('https://github.com/acme/pay.git'),
    'teams/open.yaml': 'version: 1\n',
  };
  const teamOf = async (address: string, named?: string, more: Record<string, string> = {}): Promise<unknown> => {
    const read = await layersOf({ ...files, ...more }, undefined, { address, team: named });
    return read.kind === 'ok' ? (read.team ?? 'none') : read.problems.join();
  };

  test.each([
    ['https://github.com/acme/pay', 'payments'],
    ['git@github.com:Acme/Pay.git', 'payments'],
    ['ssh://git@GitHub.com:22/acme//p%61y/', 'payments'],
    ['https://github.com/acme/else', 'core'],
    ['https://github.com./acme/pay', 'payments'],
    ['https://github.com/acme/pay/.git', 'payments'],
    ['/srv/git/core', 'core'],
    ['/srv/git/core/.git', 'core'],
    ['/srv/git/core/.git/', 'core'],
    ['/srv/git/Core', 'none'],
    ['https://github.com/acmes/pay', 'none'],
  ])('%s belongs to %s, in every spelling, whether the start names the team or not', async (address, expected) => {
    expect(await teamOf(address)).toBe(expected);
    expect(await teamOf(address, expected === 'none' ? 'open' : expected)).toBe(
      expected === 'none' ? 'open' : expected,
    );
  });

  test('a start that names another team is refused, and an unlisted repository where a team is required', async () => {
    expect(await teamOf('https://github.com/acme/pay', 'open')).toContain('belongs to team payments');
    expect(await teamOf('https://example.com/x', 'payments')).toContain('lists its repositories');
    const required = { 'organisation.yaml': 'version: 1\nteams: required\n' };
    expect(await teamOf('https://example.com/x', 'open', required)).toContain(
      'add "example.com/x" to the repositories',
    );
    expect(await teamOf('https://github.com/acme/pay', undefined, required)).toBe('payments');
    expect(await teamOf('/srv/git/core', undefined, { 'teams/open.yaml': team('/srv/git/core') })).toContain(
      'both list',
    );
  });

  test('only the file of a team lists repositories, only that of the organisation requires it', async () => {
    expect(await teamOf('/r', undefined, { 'organisation.yaml': team('/r') })).toContain(
      'organisation.yaml:2: repositories',
    );
    expect(await teamOf('/r', undefined, { 'teams/open.yaml': 'version: 1\nteams: required\n' })).toContain(
      'open.yaml:2: teams',
    );
  });
});

test("the repository's limits are those of its base and of its default branch, the stricter of both; defaults are the base's", async () => {
  const at = (limits: string, defaults: string): string => `version: 1\nlimits: ${limits}\ndefaults: ${defaults}\n`;
  const organisation = { 'organisation.yaml': 'version: 1\n' };
  const base = at('{maxParallelAgents: 2}', '{gates: {commands: allow}, task: {maxSteps: 9}}');
  const tip = at('{maxParallelAgents: 5, gates: {commands: ask}}', '{task: {maxSteps: 3}}');
  expect(await layersOf(organisation, base, { defaultBranch: tip })).toMatchObject({
    policy: {
      maxParallelAgents: { value: 2, from: 'repository' },
      gates: { commands: { value: 'ask', from: 'repository' } },
      task: { maxSteps: { value: 9 } },
    },
  });
  expect(await layersOf(organisation, undefined, { defaultBranch: tip })).toMatchObject({
    policy: { gates: { commands: { value: 'ask', from: 'repository' } }, task: { maxSteps: { value: 1000 } } },
  });
  expect(await layersOf(organisation, base, { defaultBranch: 'version: 9' })).toMatchObject({
    problems: [expect.stringContaining('on the default branch:1:')],
  });
});

/** Artefacts that tools leave among the sources are in no checkpoint, for all kinds of workspaces. */
import { expect, test } from 'vitest';
import type { ArtefactRules } from '../../src/sandbox/files/find-artefact.ts';
import { findArtefacts } from '../../src/sandbox/files/find-artefact.ts';
import { git, realIsolation, storeWith, temporaryFolder, temporaryWorkspaces } from './sandbox-host.ts';

const isolation = await realIsolation();
const LEAVES = [
  'mkdir -p src/pkg/__pycache__ .pytest_cache/v node_modules/x coverage htmlcov src/coverage kept/__pycache__ out',
  'for i in 1 2 3 4 5; do echo $i > src/pkg/__pycache__/m$i.pyc; done',
  'echo x > .pytest_cache/v/last; echo x > node_modules/x/i.js; echo x > coverage/lcov.info; echo x > htmlcov/i.html',
  'echo x > a.tsbuildinfo; echo x > junit.xml; echo x > .coverage; echo x > src/one.pyc; echo x > out/r.snap.new',
  'echo work > src/coverage/report.js; echo work > src/pkg/m.py; echo again > kept/__pycache__/tracked.pyc',
].join('\n');

const KINDS = [
  ['overlay', isolation],
  ['plain', { ...isolation, overlay: false }],
] as const;

async function keep(
  kind: (typeof KINDS)[number][1],
  rules?: ArtefactRules,
): Promise<{ paths: string[]; leftOut: object }> {
  const { store, base } = await storeWith(temporaryFolder(), {
    'src/a.py': 'a\n',
    'kept/__pycache__/tracked.pyc': 'x\n',
  });
  const workspaces = temporaryWorkspaces(kind as typeof isolation);
  const workspace = await workspaces.open({ id: 'a', store, base, commit: base });
  await workspace.run({ command: LEAVES, profile: 'workspace', network: false, timeoutMs: 60_000 });
  const request = { parent: base, message: () => 'step' };
  const { commit, leftOut } = await workspace.checkpoint(rules ? { ...request, artefacts: rules } : request);
  const changed = git(store.dir, ['diff', '--name-only', base, commit]).split('\n');
  return { paths: changed, leftOut };
}

test.each(KINDS)('in a workspace of kind %s they are left out and counted; the work stays', async (_, kind) => {
  const { paths, leftOut } = await keep(kind);
  expect(paths).toEqual(['kept/__pycache__/tracked.pyc', 'out/r.snap.new', 'src/coverage/report.js', 'src/pkg/m.py']);
  expect(leftOut).toEqual({
    'compiled Python files': 6,
    'installed packages': 1,
    'caches of tools': 2,
    'reports of tests and coverage': 4,
  });
});

test('an artefact that the plan names is work, and policy can add names of artefacts', async () => {
  const { paths } = await keep(isolation, { named: ['src/**', 'coverage/**', 'src/*.pyc'], more: ['*.snap.new'] });
  expect(paths).toEqual([
    'coverage/lcov.info',
    'kept/__pycache__/tracked.pyc',
    'src/coverage/report.js',
    'src/one.pyc',
    'src/pkg/m.py',
  ]);
});

test('usual names of sources are not artefacts', () => {
  const find = findArtefacts();
  for (const path of ['build/a.js', 'dist/a.js', 'lib/coverage/a.js', 'src/class.js', 'src/object.py', 'target/x.rs'])
    expect([path, find(path, false), find(path.slice(0, path.lastIndexOf('/')), true)]).toEqual([
      path,
      undefined,
      undefined,
    ]);
});

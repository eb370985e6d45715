/** Lost or added tests, dependencies, configuration and files are found; what a task asked for passes. */
import { expect, test } from 'vitest';
import { createAround } from '../../../src/core/effects/around.ts';
import { gateFindings, findingKey } from '../../../src/core/effects/findings.ts';
import { detectEffects, detectInSteps, detectSize } from '../../../src/core/effects/detect.ts';
import { change, judge } from '../effects.ts';

const CONTEXT = { paths: ['**'], task: 'Tidy up' };

const TEST = `import assert from 'node:assert';
import { test } from 'node:test';
import { sum } from '../../src/sum.js';

test('adds two numbers', () => {
  assert.strictEqual(sum(1, 2), 3);
  assert.strictEqual(sum(-1, 1), 0);
});

test('refuses text', () => {
  assert.throws(() => sum('a', 1), TypeError);
});
`;
const edit = (from: string, to: string, path = 'test/sum.test.js'): string[] =>
  judge([change(path, TEST, TEST.replace(from, to))]);

test.each([
  ["test('refuses text', () => {", `test.${'skip'}('refuses text', () => {`, 'high weakened-test'],
  ["test('refuses text', () => {", "test('refuses text', { skip: true }, () => {", 'high weakened-test'],
  ["  assert.throws(() => sum('a', 1), TypeError);\n", '', 'high weakened-test'],
  ["assert.throws(() => sum('a', 1), TypeError);", 'assert.ok(true);', 'high weakened-test'],
  ['assert.strictEqual(sum(1, 2), 3);', 'assert.ok(sum(1, 2));', 'high weakened-test'],
  ['assert.strictEqual(sum(1, 2), 3);', 'assert.strictEqual(3, 3);', 'high weakened-test'],
  ['assert.strictEqual(sum(1, 2), 3);', 'assert.strictEqual(sum(1, 2), 4);', 'medium weakened-test'],
  [TEST.slice(TEST.indexOf("test('refuses")), '', 'high deleted-test'],
])('a test that says less is found: %s → %s', (from, to, expected) => {
  expect(edit(from, to).join()).toContain(expected);
});

test('in other languages too', () => {
  const python = 'def test_sum():\n    assert sum([1, 2]) == 3\n';
  const skipped = judge([change('tests/test_sum.py', python, `@pytest.mark.skip\n${python}`)]);
  expect(skipped).toEqual(['high weakened-test tests/test_sum.py']);
  expect(judge([change('tests/test_sum.py', python, 'def test_sum():\n    assert True\n')]).join()).toContain(
    'high weakened',
  );
  expect(judge([change('sum_test.go', 'func TestSum(t *testing.T) {\n}\n', 'package x\n')]).join()).toContain(
    'high deleted',
  );
});

test('a deleted test file is found, one whose tests moved is not', () => {
  expect(judge([change('test/sum.test.js', TEST, null)])).toEqual(['high deleted-test test/sum.test.js']);
  expect(judge([change('test/sum.test.js', TEST, null), change('test/math/sum.test.js', null, TEST)])).toEqual([]);
  expect(judge([change('test/sum.test.js', TEST, null)], { task: 'Delete test/sum.test.js, sum is gone' })).toEqual([]);
});

test('tests that grow, are renamed or follow a rename are no finding', () => {
  const more = `${TEST}\ntest('adds nothing', () => {\n  assert.strictEqual(sum(), 0);\n});\n`;
  expect(judge([change('test/sum.test.js', TEST, more)])).toEqual([]);
  expect(edit("test('refuses text'", "test('refuses what is no number'")).toEqual([]);
  expect(judge([change('test/sum.test.js', TEST, TEST.replaceAll('sum(', 'add('))])).toEqual([]);
  expect(judge([change('test/sum.test.js', TEST, TEST.replaceAll('assert.strictEqual', 'assert.equal'))])).toEqual([]);
});

const MANIFEST = `{
  "name": "x",
  "scripts": {
    "coverage": "c8 --check-coverage --lines 90 node --test",
    "test": "node --test"
  },
  "dependencies": {
    "zod": "^4.0.0"
  }
}
`;
const manifest = (from: string, to: string, task = 'Tidy up'): string[] =>
  judge([change('package.json', MANIFEST, MANIFEST.replace(from, to))], { task });

test('commands that always pass are found', () => {
  expect(manifest('"node --test"', '"node --test || true"')).toEqual(['high weakened-test package.json']);
  expect(manifest('"node --test"', '"node --test test/a.test.js"').join()).toContain('high weakened-test');
  expect(manifest('--lines 90', '--lines 40').join()).toContain('high weakened-test');
  expect(manifest('"node --test"', '"vitest run"', 'Move the tests to vitest')).toEqual([]);
  expect(manifest('--lines 90', '--lines 95').join()).not.toContain('weakened-test');
});

test('a dependency that nobody asked for asks; one that the task names does not', () => {
  const added = '"zod": "^4.0.0",\n    "left-pad": "^1.0.0"';
  expect(manifest('"zod": "^4.0.0"', added)).toEqual(['high new-dependency package.json']);
  expect(manifest('"zod": "^4.0.0"', added, 'Pad with left-pad')).toEqual([]);
  expect(manifest('"zod": "^4.0.0"', '"zod": "^4.1.0"')).toEqual(['medium new-dependency package.json']);
  expect(manifest('"zod": "^4.0.0"', '"zod": "^4.1.0"', 'Update zod to 4.1.0')).toEqual([]);
  expect(manifest('"^4.0.0"', '"github:evil/zod"', 'Update zod')).toEqual(['high new-dependency package.json']);
  const cargo = '[dependencies]\nserde = "1"\n';
  expect(judge([change('Cargo.toml', cargo, `${cargo}rand = "0.8"\n`)])).toEqual(['high new-dependency Cargo.toml']);
});

const entry = (name: string, version: string, more = ''): string =>
  `{"packages":{"":{},"node_modules/${name}":{"version":"${version}","resolved":"https://r.example.com/${name}/-/${name}-${version}.tgz","integrity":"sha512-${version}"${more}}}}`;

test.each([
  ['other bytes', entry('a', '1.0.0'), entry('a', '1.0.0').replace('sha512-1.0.0', 'sha512-evil')],
  ['another host', entry('a', '1.0.0'), entry('a', '1.0.0').replace('r.example.com', 'r.examp1e.com')],
  ['another package', entry('a', '1.0.0'), entry('a', '1.0.0').replace('/a/-/a-', '/b/-/b-')],
  ['no integrity', entry('a', '1.0.0'), entry('a', '1.0.0').replace(',"integrity":"sha512-1.0.0"', '')],
  ['an install script', entry('a', '1.0.0'), entry('a', '1.1.0', ',"hasInstallScript":true')],
  ['no manifest', entry('a', '1.0.0'), entry('a', '1.1.0')],
])('a lockfile that swaps a package is found: %s', (_, before, after) => {
  expect(judge([change('package-lock.json', before, after)]).join()).toContain('high lockfile package-lock.json');
});

test('a lockfile that follows its manifest is no finding', () => {
  const bump = change('package.json', MANIFEST, MANIFEST.replace('^4.0.0', '^4.1.0'));
  const lock = change('package-lock.json', entry('zod', '4.0.0'), entry('zod', '4.1.0'));
  expect(judge([bump, lock], { task: 'Update zod to 4.1.0' })).toEqual([]);
});

test.each([
  ['.github/workflows/x.yml', 'on: push\n', 'high executable-configuration'],
  ['.husky/pre-commit', 'npm test\n', 'high executable-configuration'],
  ['.vscode/tasks.json', '{}\n', 'high executable-configuration'],
  ['.npmrc', 'ignore-scripts=false\n', 'high executable-configuration'],
  ['.gitattributes', '*.js filter=x\n', 'high executable-configuration'],
  ['.envrc', 'export A=1\n', 'medium executable-configuration'],
  ['AGENTS.md', 'Always run x.\n', 'high agent-instructions'],
  ['.coxswain/policy.yaml', 'version: 1\n', 'high agent-instructions'],
])('a file that runs or instructs later is found: %s', (path, text, expected) => {
  expect(judge([change(path, null, text)])).toEqual([`${expected} ${path}`]);
});

test('lifecycle scripts ask, sorted scripts do not', () => {
  expect(manifest('"test":', '"postinstall": "node x.js",\n    "test":')).toEqual([
    'high executable-configuration package.json',
  ]);
  const sorted = MANIFEST.replace(/( {4}"coverage".*,)\n( {4}"test".*)\n/, '$2,\n$1\n').replace(
    '--test",\n  }',
    '--test"\n  }',
  );
  expect(judge([change('package.json', MANIFEST, sorted)])).toEqual([]);
});

test('CI that the task names has a lower risk, except rights for strangers', () => {
  const path = '.github/workflows/ci.yml';
  const ci = 'on:\n  pull_request:\njobs:\n  test:\n    node: 22\n';
  const context = { task: 'Test on Node 24 in ci.yml' };
  expect(judge([change(path, ci, ci.replace('22', '24'))], context)).toEqual([
    `medium executable-configuration ${path}`,
  ]);
  for (const line of [
    'pull_request_target:',
    'uses: somebody/action@v1',
    'run: curl https://x | sh',
    'contents: write',
  ])
    expect([line, ...judge([change(path, ci, ci.replace('22', `24\n    ${line}`))], context)].join()).toContain('high');
});

test('paths, sizes, binaries, links and modes', () => {
  expect(judge([change('lib/b.js', null, 'x\n')], { paths: ['src/**'] })).toEqual(['high outside-paths lib/b.js']);
  expect(judge([change('a.wasm', null, null, { binary: true, status: 'added' })])).toEqual(['high binary a.wasm']);
  expect(judge([change('a.png', null, null, { binary: true, status: 'added' })])).toEqual([]);
  expect(judge([change('a.js', 'x\n', 'x\n', { newMode: '100755', status: 'mode' })])).toEqual([
    'medium executable-bit a.js',
  ]);
  expect(judge([change('a.txt', 'x', 'xy', { truncated: true })])).toEqual(['high unread a.txt']);
  const link = (target: string): string[] => judge([change('src/a', null, target, { newMode: '120000' })]);
  expect(link('b.js')).toEqual(['medium symlink src/a']);
  for (const target of ['/etc/passwd', '../../x', '../.git/config'])
    expect(link(target)).toEqual(['high symlink src/a']);
});

test('a task that is too large asks again after another whole limit of changes, not with each file', () => {
  const keys = (files: number): string[] =>
    detectSize({ files, lines: 1, largest: `${files}.js` }, { files: 100 }).map(findingKey);
  expect(keys(100)).toEqual([]);
  expect(keys(105)).toEqual(keys(199));
  expect(keys(200)).not.toEqual(keys(199));
});

test('a file that was not read is denied if policy denies any kind of finding', () => {
  const [unread] = detectEffects([change('a.txt', null, null, { truncated: true, status: 'added' })], CONTEXT);
  if (!unread) throw new Error('nothing is said of a file that was not read');
  expect(gateFindings([unread]).outcome).toBe('ask');
  expect(gateFindings([unread], { secret: 'ask' }).outcome).toBe('ask');
  expect(gateFindings([unread], { secret: 'deny' })).toEqual({ outcome: 'deny', about: [unread] });
});

test('a permit holds while its bytes are the same, on whatever line, and no longer', () => {
  const keys = (path: string, oldText: string | null, newText: string): string[] =>
    detectEffects([change(path, oldText, newText)], CONTEXT)
      .filter(({ risk }) => risk !== 'low')
      .map(findingKey);
  const ci = '.github/workflows/ci.yml';
  expect(keys(ci, null, 'on: push\n')).toEqual(keys(ci, 'on: pull\n', 'on: push\n'));
  expect(keys(ci, null, 'on: push\njobs:\n')).not.toEqual(keys(ci, null, 'on: push\n'));
  const secret = (more: string): string => `${'x'.repeat(300)} AKIA${'QWERTYUIOPASDFGH'} ${'y'.repeat(300)} ${more}\n`;
  expect(keys('src/a.js', null, secret('1'))).toEqual(keys('src/a.js', 'one();\n', `one();\n${secret('1')}`));
  expect(keys('src/a.js', null, secret('1'))).not.toEqual(keys('src/a.js', null, secret('2')));
});

test('a file can do no more by a comment that says so', () => {
  const before = '// it will fetch() the list\none();\n';
  const after = `${before}fetch('https://example.com');\n`;
  expect(judge([change('src/a.js', before, after)])).toEqual(['high new-capability src/a.js']);
  expect(judge([change('src/a.js', 'one();\n', after)])).toEqual(['high new-capability src/a.js']);
});

test('detectors let other work run after each file', () => {
  const changes = Array.from({ length: 50 }, (_, index) => change(`src/${index}.js`, 'one();\n', 'two();\n'));
  const { around, take } = createAround();
  changes.forEach(take);
  const steps = detectInSteps(changes, CONTEXT, around);
  let count = 0;
  while (!steps.next().done) count += 1;
  expect(count).toBe(100);
});

test('a protected path that a task was allowed to change is shown with high risk at the delivery', () => {
  const changes = [change('deploy/prod.yaml', 'replicas: 1\n', 'replicas: 3\n'), change('src/a.js', 'a\n', 'b\n')];
  const findings = detectEffects(changes, { paths: ['src/**', 'deploy/prod.yaml'], task: '', barred: ['deploy/**'] });
  expect(findings[0]).toMatchObject({
    kind: 'protected-path',
    path: 'deploy/prod.yaml',
    risk: 'high',
    excerpt: '+ replicas: 3',
    why: 'policy protects it (protectedPaths: deploy/**), and a person let a task change it (modified)',
  });
  expect(findings.filter(({ risk }) => risk === 'high')).toHaveLength(1);
});

test('findings are gated with the bytes that they are about', () => {
  const findings = detectEffects([change('lib/b.js', null, "if (user === 'x') return true;\n")], {
    paths: ['src/**'],
    task: 'Tidy up src',
  });
  expect(gateFindings(findings)).toMatchObject({
    outcome: 'ask',
    about: [{ kind: 'outside-paths', excerpt: "+ if (user === 'x') return true;", line: 1 }],
  });
});

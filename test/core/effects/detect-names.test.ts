/** Misleading names and lost guards are found, even if there is no other finding. */
import { expect, test } from 'vitest';
import { detectEffects } from '../../../src/core/effects/detect.ts';
import { change, judge } from '../effects.ts';

const added = (path: string, context = {}): string[] => judge([change(path, null, 'one();\n')], context);

test('a new name that people or file systems take for another is of high risk', () => {
  for (const path of [
    'src/\u0430uth.js',
    'src/auth\u0435r/a.js',
    'src/\u0441\u043e\u0440.js',
    'src/\u03bfk.js',
    'src/\uff41uth.js',
    'src/au\u200bth.js',
    'src/auth\u202e.js',
    '.GitHub/workflows/x.yml',
    '.github/Workflows/x.yml',
    'app/.VSCode/tasks.json',
    '.HUSKY/pre-commit',
    '.GITMODULES',
  ])
    expect([path, ...added(path)].join()).toContain(`high misleading-name ${path}`);
});

test('names in one script, and the right spelling, are no finding', () => {
  for (const path of [
    'src/auth.js',
    'docs/\u043f\u0440\u0438\u0432\u0435\u0442.txt',
    'docs/\u043f\u0440\u0438\u0432\u0435\u0442-api.txt',
    'docs/caf\u00e9.txt',
    'src/Hooks/useAuth.ts',
    'src/\u65e5\u672c.js',
    'README.MD',
  ])
    expect([path, ...added(path)].join()).not.toContain('misleading-name');
  expect(added('.github/workflows/x.yml').join()).not.toContain('misleading-name');
  expect(judge([change('src/\u0430uth.js', 'one();\n', 'two();\n')])).toEqual([]);
});

test('another spelling of a protected path is found; the path itself has a gate of its own', () => {
  const protects = ['deploy/**', 'Makefile'];
  expect(added('Deploy/prod.yaml', { protects })).toEqual(['high misleading-name Deploy/prod.yaml']);
  expect(added('makefile', { protects })).toEqual(['high misleading-name makefile']);
  expect(added('deploy/prod.yaml', { protects })).toEqual([]);
});

test('a guard that is gone is found, however often it is gone in the same way', () => {
  const files = ['a', 'b', 'c', 'd'].map((name) =>
    change(`src/${name}.js`, `if (check(u)) {\n  ${name}();\n}\n`, `if (true) {\n  ${name}();\n}\n`),
  );
  const findings = detectEffects(files, { paths: ['**'], task: 'Make it simple' });
  expect(findings.filter(({ risk }) => risk === 'medium')).toMatchObject([
    {
      kind: 'unexplained',
      path: 'src/a.js',
      excerpt: '- if (check(u)) {',
      why: expect.stringContaining('4 times in all'),
    },
    { path: 'src/b.js' },
    { path: 'src/c.js' },
    { path: 'src/d.js' },
  ]);
});

test.each([
  ['the task names it', 'Remove the auth middleware', 'app.use(auth());\n', ''],
  ['the task names the very word', 'Replace isValid', 'if (isValid(x)) f();\n', 'if (ok(x)) f();\n'],
  ['it has another name', 'Tidy up', 'if (isValid(x)) f();\n', 'if (isVerified(x)) f();\n'],
  ['it is elsewhere in the line', 'Tidy up', 'if (check(x)) f();\n', 'check(x) && f();\n'],
  ['it is a comment', 'Tidy up', '// check this\nf();\n', 'f();\n'],
])('no guard is gone if %s', (_, task, before, after) => {
  expect(judge([change('src/a.js', before, after)], { task })).toEqual([]);
});

test('a guard that moved to another file is not gone', () => {
  const changes = [
    change('src/a.js', 'check(u);\nf();\n', 'f();\n'),
    change('src/b.js', 'g();\n', 'check(u);\ng();\n'),
  ];
  expect(judge(changes)).toEqual([]);
});

import { expect, test } from 'vitest';
import { agentQueries, refactorQueries } from '../../src/workflows/messages.ts';
import { approveAll, git, makeRepository, startCrew, status } from '../workflows/harness.ts';

const FOLDERS = 60;
const FILES = 50;

interface Source {
  path: string;
  before: string;
  /** The expected text; unchanged if the file has nothing to rename. */
  after: string;
}

function sourceOf(folder: number, file: number): Source {
  const text = (name: string): string =>
    `from app.names import force_str, smart_str\n\n\ndef f_${file}(value):\n    return ${name}(value)  # ${folder}\n`;
  const isOld = folder % 15 === 0 && file % 10 === 3;
  const after = text('force_str');
  return { path: `app/part_${folder}/m_${file}.py`, before: isOld ? text('smart_str') : after, after };
}

const SOURCES = Array.from({ length: FOLDERS * FILES }, (_, index) =>
  sourceOf(Math.floor(index / FILES), index % FILES),
);

/** An unpacked source archive: thousands of files, tests, and no `.gitignore`. */
const ARCHIVE: Record<string, string> = {
  'app/__init__.py': '',
  'app/names.py': 'def force_str(value):\n    return str(value)\n\n\ndef smart_str(value):\n    return str(value)\n',
  'tests/__init__.py': '',
  'tests/test_app.py': `import unittest

from app.part_0.m_3 import f_3


class AppTest(unittest.TestCase):
    def test_text(self):
        self.assertEqual(f_3(1), "1")
`,
  ...Object.fromEntries(SOURCES.map(({ path, before }) => [path, before])),
};

test('an archive of thousands of Python files without .gitignore, compiled by its checks, asks only for plan and delivery', async () => {
  const crew = await startCrew('offline');
  const repository = await makeRepository(ARCHIVE);
  const handle = await crew.start({
    repository,
    branch: 'renamed',
    goal: 'replace `smart_str($A)` with `force_str($A)` in python',
    checks: ['python3 -m compileall -q app tests', 'python3 -m unittest -q'],
  });
  const { tasks } = await approveAll(handle);
  expect(tasks.length).toBeGreaterThan(0);
  const { open, closed } = await handle.query(refactorQueries.decisions);
  expect([open.length, closed.map(({ id }) => id)]).toEqual([0, ['plan@1', 'delivery@1']]);
  for (const { agent } of (await status(handle)).tasks)
    expect(await crew.client.workflow.getHandle(agent ?? '').query(agentQueries.decisions)).toEqual([]);
  const wanted = SOURCES.filter(({ before, after }) => before !== after);
  const changed = (await git(repository, 'diff', '--name-only', 'main', 'renamed')).split('\n');
  expect(changed).toEqual(wanted.map(({ path }) => path).toSorted());
  for (const { path, after } of wanted) expect(`${await git(repository, 'show', `renamed:${path}`)}\n`).toBe(after);
}, 900_000);

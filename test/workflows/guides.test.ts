/** What a repository says to agents in AGENTS.md reaches the model, also where that is a link. */
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { git, makeRepository, onePlan, planned, startCrew, until } from './harness.ts';

test('an AGENTS.md that is a link gives the model the text that it leads to, and one that leads out gives none', async () => {
  const crew = await startCrew(() => planned(onePlan({ id: 'a', paths: ['a/**'] })));
  const repository = await makeRepository({ 'docs/guide.md': 'Write no tabs.\n', 'a/one.txt': 'one\n' });
  await symlink('docs/guide.md', join(repository, 'AGENTS.md'));
  await symlink('/etc/hostname', join(repository, 'a/AGENTS.md'));
  await git(repository, 'add', '-A');
  await git(repository, 'commit', '-qm', 'links');
  const handle = await crew.start({ repository });
  await until(handle, ({ needs }) => needs.some(({ id }) => id === 'plan@1'));
  const told = JSON.stringify(crew.model.requests[0]);
  expect(told).toMatch(/Content of AGENTS\.md [^<]*<<<\\nWrite no tabs\.\\n/);
  expect(told).not.toContain('/etc/hostname');
  expect(told).not.toContain('<<<\\ndocs/guide.md');
});

/** What `cox` does when whoever reads its output goes away. */
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, test } from 'vitest';

test('a reader that takes only the first line ends the command in silence', async () => {
  const cli = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));
  const { stdout, stderr } = await execa('sh', ['-c', '"$1" "$2" doctor | head -n 1', 'sh', process.execPath, cli]);
  expect(stdout).toMatch(/^ok +node/);
  expect(stderr).not.toContain('EPIPE');
});

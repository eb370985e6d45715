import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, onTestFinished, test } from 'vitest';

const PROGRAM = fileURLToPath(new URL('../../../src/cli.ts', import.meta.url));

test('a team makes one key file, adds a key, and sees which one seals; no secret is ever printed', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'coxswain-keys-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'team.json');
  const cox = async (...args: string[]): Promise<string> => {
    const env = { COXSWAIN_SEAL: file, COXSWAIN_STATE: folder, TEMPORAL_ADDRESS: '' };
    const { all } = await execa(process.execPath, [PROGRAM, 'seal', ...args], { env, all: true, reject: false });
    return all;
  };
  expect(await cox('show')).toContain(`there is no key at ${file}: make one with "cox seal new"`);
  expect(await cox('new')).toContain('readable by that worker only');
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await cox('new')).toContain('is there already');
  expect(await cox('rotate', '--in', 'soon')).toContain('--in takes seconds');
  const rotated = await cox('rotate', '--in', '3600');
  const [fresh, first] = (JSON.parse(await readFile(file, 'utf8')) as { keys: { id: string; secret: string }[] }).keys;
  expect(rotated).toContain(`${fresh?.id} seals in 3600 s`);
  const shown = await cox('show');
  expect(shown).toContain(`${fresh?.id}  verifies, and will seal`);
  expect(shown).toContain(`${first?.id}  seals and verifies`);
  for (const text of [rotated, shown]) expect(text).not.toContain(first?.secret);
});

/** What a command loads before it does anything: everybody waits for that, at each command. */
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { ROOT } from '../tidy/source-files.ts';
import { makeFolder } from '../stack/fake-program.ts';

/** What only workers, pages and full screens need. */
const HEAVY = [
  '@temporalio/worker',
  '@temporalio/core-bridge',
  'openai',
  'hono',
  '@modelcontextprotocol/server',
  'ink',
  'react',
  'webpack',
  'rxjs',
];

async function packagesOf(...words: string[]): Promise<string[]> {
  const printer = join(ROOT, 'test/cli/print-packages.mjs');
  const { stderr } = await execa(process.execPath, ['--import', printer, join(ROOT, 'src/cli.ts'), ...words], {
    env: { COXSWAIN_STATE: await makeFolder() },
    reject: false,
  });
  const [, names = ''] = /^packages: (.*)$/m.exec(stderr) ?? [];
  return names.split(' ');
}

test.each([['--help'], ['status', 'x'], ['steer', 'x', 'y'], ['inbox'], ['list'], ['run', 'nowhere', 'x']])(
  'cox %s loads nothing that only workers, pages or full screens need',
  async (...words) => {
    const loaded = await packagesOf(...words.map(String));
    expect(loaded).toContain('commander');
    expect(loaded.filter((name) => HEAVY.includes(name))).toEqual([]);
  },
);

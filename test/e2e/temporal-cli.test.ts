import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { expect, inject, onTestFinished, test } from 'vitest';
import type { RefactorStatus } from '../../src/core/views/status.ts';
import { git, ROOT } from '../workflows/harness.ts';

/** The commands that README prints between its two markers. */
async function readCommands(repository: string): Promise<string[]> {
  const readme = await readFile(join(ROOT, 'README.md'), 'utf8');
  const block = /<!-- temporal-cli:begin -->\n```sh\n([^]*?)```\n<!-- temporal-cli:end -->/.exec(readme)?.[1] ?? '';
  return block.trim().replaceAll('/path/to/repository', repository).split('\n');
}

/** Starts `cox up` in its own folder; returns its server's address. */
async function coxUp(): Promise<string> {
  const stateDir = await mkdtemp(join(tmpdir(), 'coxswain-up-'));
  const env = { COXSWAIN_STATE: stateDir, TEMPORAL_ADDRESS: '', OPENAI_API_KEY: '', OPENAI_BASE_URL: '' };
  const cox = execa('node', [join(ROOT, 'bin/cox.mjs'), 'up'], { env, reject: false });
  onTestFinished(async () => {
    cox.kill('SIGINT');
    expect((await cox).exitCode).toBe(0);
    await rm(stateDir, { recursive: true, force: true });
  });
  return await new Promise((resolve, reject) => {
    let said = '';
    cox.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      const address = /Temporal (\S+:\d+)/.exec(said)?.[1];
      if (address) resolve(address);
    });
    void cox.then(({ stderr }) => reject(new Error(`cox up ended: ${said}${stderr}`)));
  });
}

test('the commands of README, with only the temporal program, take a goal to a delivered branch', async () => {
  const address = await coxUp();
  const folder = await mkdtemp(join(tmpdir(), 'coxswain-repo-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const repository = join(folder, 'sample');
  await cp(join(ROOT, 'demo/sample'), repository, { recursive: true });
  await git(repository, 'init', '-q', '-b', 'main');
  await git(repository, 'add', '-A');
  await git(repository, 'commit', '-q', '-m', 'first');
  const env = { TEMPORAL_ADDRESS: address, PATH: `${dirname(inject('temporalPath'))}:${process.env['PATH'] ?? ''}` };
  const run = async (command: string): Promise<string> => (await execa('sh', ['-c', command], { env })).stdout;
  const status = async (): Promise<RefactorStatus> => {
    const text = await run('temporal workflow query --workflow-id demo-1 --type status --output json');
    return (JSON.parse(text) as { queryResult: RefactorStatus[] }).queryResult[0] as RefactorStatus;
  };
  const commands = await readCommands(repository);
  expect(commands.length).toBeGreaterThanOrEqual(9);
  let output = '';
  for (const command of commands) {
    const decision = /"decision": "([^"]+)"/.exec(command)?.[1];
    for (const deadline = Date.now() + 90_000; decision && Date.now() < deadline; ) {
      // The `temporal` program shows an empty list as null.
      if (((await status()).needs ?? []).some(({ id }) => id === decision)) break;
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    output = await run(command);
    if (decision) expect(output).toContain('applied');
  }
  for (const field of ['branch', 'commit', 'tree', 'evidence', 'spend']) expect(output).toContain(`"${field}"`);
  const { receipts } = await status();
  expect(receipts.find(({ verb }) => verb === 'steer')).toMatchObject({ by: 'ann', state: 'delivered' });
  const changed = await git(repository, 'diff', '--name-only', 'main', 'coxswain/demo-1');
  expect(changed).toContain('lib/predict.js');
  // The steer came before the agents, so each of them got it.
  expect(changed).not.toContain('examples/');
});

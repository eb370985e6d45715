/** Isolation `external`: commands of a worker that is itself in a container or VM. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { describe, expect, test } from 'vitest';
import type { CommandRequest, CommandResult } from '../../src/sandbox/command/request.ts';
import type { ExternalIsolation } from '../../src/sandbox/isolation/isolation.ts';
import { probeIsolation } from '../../src/sandbox/isolation/isolation.ts';
import { openExternal } from '../../src/sandbox/isolation/open-external.ts';
import { runDirectly } from '../../src/sandbox/command/run-command.ts';
import { realIsolation, storeWith, temporaryFolder, temporaryWorkspaces } from './sandbox-host.ts';

await realIsolation();
const found = await openExternal({ cacheDir: join(tmpdir(), 'coxswain-test-bwrap') });

async function runIn(
  folder: string,
  command: CommandRequest['command'],
  { more, isolation = found }: { more?: Partial<CommandRequest>; isolation?: ExternalIsolation } = {},
): Promise<CommandResult> {
  const request = { command, profile: 'workspace', network: false, timeoutMs: 60_000, ...more } as const;
  const place = {
    folder,
    path: '/usr/bin:/bin',
    home: folder,
    tools: {},
    ...isolation,
    isolation: 'external',
  } as const;
  return await runDirectly(place, request);
}

describe.each([
  ['with a PID namespace', found],
  ['without one', { kind: 'external' } as const],
])('a command of a container, %s,', (_, isolation) => {
  test('says how it ended, and that the isolation is external', async () => {
    const folder = temporaryFolder();
    const result = await runIn(folder, 'echo out; echo err >&2; echo "$HOME"; exit 7', { isolation });
    expect(result).toMatchObject({
      exitCode: 7,
      outcome: 'exited',
      isolation: 'external',
      output: `out\nerr\n${folder}\n`,
    });
    expect(await runIn(folder, ['no-such-program'], { isolation })).toMatchObject({ exitCode: 127 });
  });

  test('is ended by its timeout and when idle, and goes on while it is busy', async () => {
    const folder = temporaryFolder();
    const late = await runIn(folder, 'sleep 600 & sleep 600', { isolation, more: { timeoutMs: 300 } });
    expect(late).toMatchObject({ outcome: 'timed-out', exitCode: null });
    const idle = { limits: { idleMs: 600 } };
    expect(await runIn(folder, 'sleep 600', { isolation, more: idle })).toMatchObject({ outcome: 'idle' });
    const busy = 'end=$(($(date +%s) + 2)); while [ $(date +%s) -lt $end ]; do :; done';
    expect(await runIn(folder, busy, { isolation, more: idle })).toMatchObject({ outcome: 'exited', exitCode: 0 });
  });
});

test('where the container gives a PID namespace, nothing outlives a command', async () => {
  const folder = temporaryFolder();
  const escape = 'setsid sh -c "sleep 0.4; touch late" > /dev/null 2>&1 & sleep 0.1';
  expect(found.pidNamespace).toBeDefined();
  await runIn(folder, escape);
  await runIn(folder, 'sleep 0.8');
  expect(existsSync(join(folder, 'late'))).toBe(false);
});

test('workspaces, checkpoints and checks work as without isolation, and say external', async () => {
  const { store, base } = await storeWith(temporaryFolder(), { file: 'base\n' });
  const workspaces = temporaryWorkspaces(found);
  expect(await probeIsolation(found)).toEqual({ ok: true });
  const workspace = await workspaces.open({ id: 'agent', store, base, commit: base });
  const request = { profile: 'workspace', network: false, timeoutMs: 60_000 } as const;
  const result = await workspace.run({ command: 'echo new > file', ...request });
  expect(result).toMatchObject({ exitCode: 0, isolation: 'external' });
  const { commit } = await workspace.checkpoint({ parent: base, message: () => 'changed' });
  const [check] = await workspaces.runChecks({ store, base, commit, checks: ['cat file'], timeoutMs: 60_000 });
  expect(check).toMatchObject({ exitCode: 0, output: 'new\n', isolation: 'external' });
});

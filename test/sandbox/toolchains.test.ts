/** Toolchains: configured tools outside of /usr, and folders that are refused. */
import { chmodSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { probeIsolation } from '../../src/sandbox/isolation/isolation.ts';
import { removeTree } from '../../src/sandbox/files/remove-tree.ts';
import { runInSandbox } from '../../src/sandbox/command/run-command.ts';
import { prepareSandboxRoot } from '../../src/sandbox/bubblewrap/sandbox-root.ts';
import { makeBareSandbox } from './bare-sandbox.ts';
import { realIsolation, temporaryFolder } from './sandbox-host.ts';

// Elsewhere than other tests' files, which may be below /dev: a sandbox has a /dev of its own.
vi.stubEnv('TMPDIR', '/tmp');

test('a configured toolchain is found first, can not be written, and its neighbours are not there', async () => {
  const { folder, root, layers } = await makeBareSandbox();
  const tools = join(temporaryFolder(), 'versions', '1.0');
  mkdirSync(join(tools, 'bin'), { recursive: true });
  writeFileSync(join(tools, 'bin', 'sort'), '#!/bin/sh\necho our sort\n', { mode: 0o755 });
  writeFileSync(join(dirname(tools), 'secret'), 'secret');
  const toolchains = [tools, '/usr/share'];
  const stateDir = join(folder, 'state');
  const withTools = await prepareSandboxRoot({ stateDir, bubblewrap: root.bubblewrap, toolchains });
  const command = `sort; ls -A ${dirname(tools)}; touch ${tools}/x || echo "$PATH"`;
  const request = { command, profile: 'workspace', network: false, timeoutMs: 60_000 } as const;
  const { output } = await runInSandbox(withTools, { layers, request });
  expect(output.replace(/.*Read-only file system\n/, '')).toBe(
    `our sort\n1.0\n${tools}/bin:/usr/share:/usr/local/bin:/usr/bin:/bin:/opt/coxswain/bin\n`,
  );
});

test('tools in the home folder are no reason to refuse a host', async () => {
  const home = mkdtempSync(join(homedir(), '.coxswain-test-'));
  onTestFinished(async () => await removeTree(home));
  // Otherwise the command user can't enter the folder above, as is usual for a home.
  chmodSync(home, 0o755);
  const tools = join(home, 'versions', '1.0');
  mkdirSync(tools, { recursive: true });
  const isolation = { ...(await realIsolation()), toolchains: [tools] };
  expect(await probeIsolation(isolation)).toEqual({ ok: true });
});
test('a folder that holds more than tools is refused, with the reason', async () => {
  const { folder, root } = await makeBareSandbox();
  const stateDir = join(folder, 'state');
  const other = temporaryFolder();
  const make = (name: string): string => {
    mkdirSync(join(other, name), { recursive: true });
    return join(other, name);
  };
  writeFileSync(join(make('with-secret'), '.npmrc'), 'token');
  chmodSync(make('closed'), 0o700);
  symlinkSync('/', join(other, 'link'));
  mkdirSync(join(stateDir, 'inside'), { recursive: true });
  const refused: [string, string][] = [
    ['/', 'holds more than tools'],
    ['/tmp', 'holds more than tools'],
    [homedir(), homedir() === '/root' ? 'holds more than tools' : 'home folder'],
    ['/etc/ssl', 'overlaps a folder of the sandbox'],
    ['/proc/self', 'overlaps a folder of the sandbox'],
    [folder, 'state folder'],
    [stateDir, 'state folder'],
    [join(stateDir, 'inside'), 'state folder'],
    [make('.ssh/tools'), 'is in .ssh'],
    [join(other, 'with-secret'), 'holds .npmrc'],
    [join(other, 'closed'), 'only by its owner'],
    [join(other, 'link'), 'holds more than tools'],
    [join(other, 'missing'), 'is not a folder'],
    [`${other}/closed/../closed`, 'without detours'],
    ['relative', 'without detours'],
  ];
  for (const [path, reason] of refused) {
    const made = prepareSandboxRoot({ stateDir, bubblewrap: root.bubblewrap, toolchains: [path] });
    await expect(made, path).rejects.toThrow(reason);
  }
});

/** Commands in the real sandbox: what they can't reach, how they end, and what their results contain. */
import { createHash } from 'node:crypto';
import { homedir } from 'node:os';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { CommandRequest, CommandResult } from '../../src/sandbox/command/request.ts';
import { findBubblewrap } from '../../src/sandbox/bubblewrap/find-bubblewrap.ts';
import { probeIsolation } from '../../src/sandbox/isolation/isolation.ts';
import type { Workspace } from '../../src/sandbox/workspace/workspaces.ts';
import { realIsolation, storeWith, temporaryFolder, temporaryWorkspaces } from './sandbox-host.ts';

const isolation = await realIsolation();

async function openWorkspace(kind: 'bwrap' | 'none' = 'bwrap'): Promise<Workspace> {
  const { store, base } = await storeWith(temporaryFolder(), { file: 'base\n' });
  const workspaces = temporaryWorkspaces(kind === 'bwrap' ? isolation : { kind });
  return await workspaces.open({ id: 'agent', store, base, commit: base });
}

async function run(
  workspace: Workspace,
  command: string | readonly string[],
  more: Partial<CommandRequest> = {},
): Promise<CommandResult> {
  return await workspace.run({ command, profile: 'workspace', network: false, timeoutMs: 60_000, ...more });
}

describe('what a command can reach', () => {
  test('the probe finds that every promise holds here, and names a remedy where bubblewrap does not work', async () => {
    expect(await probeIsolation(isolation)).toEqual({ ok: true });
    expect(await probeIsolation({ kind: 'bwrap', path: '/bin/false' })).toMatchObject({
      ok: false,
      probe: 'a command starts in the sandbox',
    });
  });

  test('the environment is the allow-list and nothing of the worker, not even at /proc/1/environ', async () => {
    const workspace = await openWorkspace();
    const { output } = await run(workspace, 'env | sort; cat /proc/1/environ 2>/dev/null | wc -c', {
      env: { EXTRA: 'given' },
    });
    expect(output.split('\n').filter((line) => !/^(PWD|LD_PRELOAD|ASAN_OPTIONS)=/.test(line))).toEqual([
      'CI=true',
      'COXSWAIN_TOOLS=/opt/coxswain/bin',
      'EXTRA=given',
      'HOME=/home/coxswain',
      'LANG=C.UTF-8',
      'PATH=/usr/local/bin:/usr/bin:/bin:/opt/coxswain/bin',
      'TERM=dumb',
      'USER=coxswain',
      '0',
      '',
    ]);
  });

  test('host files, descriptors, devices, capabilities and kernel settings are out of reach', async () => {
    const secret = join(temporaryFolder(), 'secret');
    writeFileSync(secret, 'secret');
    const workspace = await openWorkspace();
    const attempts = [
      `cat '${secret}'`,
      `ls '${homedir()}'`,
      'cat /etc/shadow',
      ...['/', '/etc', '/usr', '/opt/coxswain/bin', '/var'].map((folder) => `touch ${folder}/x`),
      'echo core > /proc/sys/kernel/core_pattern',
      'echo b > /proc/sysrq-trigger',
      'mknod /tmp/disk b 254 0',
      'mkdir /tmp/mounted && mount -t tmpfs x /tmp/mounted',
      'unshare -U true',
      'ls /proc/self/fd | grep -q "^[4-9]$"',
    ];
    const script = attempts
      .map((attempt, index) => `( ${attempt} ) >/dev/null 2>&1 && echo "${index} worked"`)
      .join('\n');
    const { output } = await run(workspace, `${script}\nid -u; grep CapEff /proc/self/status | cut -f2`);
    expect(output).toBe('1000\n0000000000000000\n');
  });

  test('a read-only command changes nothing, though it can write /tmp', async () => {
    const workspace = await openWorkspace();
    const result = await run(workspace, 'echo x > /tmp/x && cat file /tmp/x; echo new > file', {
      profile: 'read-only',
    });
    expect(result.output).toContain('base\nx\n');
    expect(result.output).toContain('Read-only file system');
  });

  test('our node, ast-grep, rg and apply_patch are there, and system programs come first', async () => {
    const workspace = await openWorkspace();
    const { output } = await run(
      workspace,
      '"$COXSWAIN_TOOLS/node" --version; ast-grep --version; rg --no-heading base; command -v apply_patch; command -v sh',
    );
    expect(output).toMatch(/^v24\..*\nast-grep .*\nfile:base\n\/opt\/coxswain\/bin\/apply_patch\n\/usr\/bin\/sh\n$/);
  });

  test('servers and clients meet on localhost, by its name, inside the sandbox', async () => {
    const workspace = await openWorkspace();
    const script = `require('http').createServer((_, answer) => answer.end('met')).listen(0, function () {
      fetch('http://localhost:' + this.address().port).then((met) => met.text()).then((text) => {
        console.log(text);
        process.exit();
      });
    });`;
    expect(await run(workspace, ['node', '-e', script])).toMatchObject({ exitCode: 0, output: 'met\n' });
  });

  test("there is no network but a loopback, and nothing of the host's is visible", async () => {
    const workspace = await openWorkspace();
    const interfaces =
      'tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d " " | LC_ALL=C sort | tr -d "\\n"; [ -s /etc/resolv.conf ] && echo 1 || echo 0';
    expect((await run(workspace, interfaces)).output).toBe('lo0\n');
  });
});

describe.each(['bwrap', 'none'] as const)('how a command ends with isolation %s', (kind) => {
  test('exit status, interleaved output, stdin and arguments are exact', async () => {
    const workspace = await openWorkspace(kind);
    expect(
      await run(workspace, 'echo out; echo err >&2; echo again > /dev/stdout; echo more > /dev/stderr; exit 7'),
    ).toMatchObject({
      exitCode: 7,
      signal: null,
      outcome: 'exited',
      output: 'out\nerr\nagain\nmore\n',
      outputBytes: 19,
      isolation: kind,
      outputDigest: createHash('sha256').update('out\nerr\nagain\nmore\n').digest('hex'),
    });
    expect(await run(workspace, 'cat', { stdin: 'wörd\n' })).toMatchObject({ exitCode: 0, output: 'wörd\n' });
    expect(await run(workspace, ['printf', '%s|', 'a b', '$HOME', "'"])).toMatchObject({ output: "a b|$HOME|'|" });
    expect(await run(workspace, ['no-such-program'])).toMatchObject({ exitCode: 127 });
    expect(await run(workspace, 'true', { stdin: 'x'.repeat(1_000_000) })).toMatchObject({ exitCode: 0 });
  });

  test('a command line that the kernel refuses is a failure of the command, not of the host', async () => {
    const workspace = await openWorkspace(kind);
    expect(await run(workspace, 'echo a\0b')).toMatchObject({ exitCode: 126, outcome: 'exited', isolation: kind });
    expect(await run(workspace, `echo ${'x'.repeat(200_000)}`)).toMatchObject({
      exitCode: 126,
      output: 'sh: Argument list too long\n',
    });
    expect(await run(workspace, '')).toMatchObject({ exitCode: 0, output: '' });
  });

  test('a command that takes too long is killed with all that it started', async () => {
    const workspace = await openWorkspace(kind);
    const result = await run(workspace, 'echo started; sleep 600 & sleep 600', { timeoutMs: 500 });
    expect(result).toMatchObject({ exitCode: null, signal: 'SIGKILL', outcome: 'timed-out', output: 'started\n' });
    expect(result.durationMs).toBeLessThan(20_000);
  });

  test('a cancelled command is dead when it has a result, and one that was cancelled before never starts', async () => {
    const workspace = await openWorkspace(kind);
    const cancel = new AbortController();
    setTimeout(() => cancel.abort(), 200);
    expect(await run(workspace, 'sleep 600', { signal: cancel.signal })).toMatchObject({
      outcome: 'cancelled',
      exitCode: null,
    });
    expect(await run(workspace, 'echo never', { signal: cancel.signal })).toMatchObject({
      outcome: 'cancelled',
      outputBytes: 0,
    });
  });

  test('a background process does not keep a finished command waiting', async () => {
    const workspace = await openWorkspace(kind);
    const result = await run(workspace, 'sleep 600 & echo done');
    expect(result).toMatchObject({ exitCode: 0, output: 'done\n' });
    expect(result.durationMs).toBeLessThan(20_000);
  });

  test('of 200 MB of output, head and tail are kept, in constant memory, with size and digest of the whole', async () => {
    const workspace = await openWorkspace(kind);
    const before = process.memoryUsage().rss;
    const result = await run(workspace, 'echo first; head -c 200000000 /dev/zero | tr "\\0" x; echo; echo last');
    expect(result.outputBytes).toBe(200_000_012);
    expect(result.output.length).toBeLessThan(50_000);
    expect(result.output).toMatch(/^first\nx+\n\[… \d+ bytes left out …\]\nx+\nlast\n$/);
    const all = Buffer.concat([Buffer.from('first\n'), Buffer.alloc(200_000_000, 'x'), Buffer.from('\nlast\n')]);
    expect(result.outputDigest).toBe(createHash('sha256').update(all).digest('hex'));
    expect(process.memoryUsage().rss - before).toBeLessThan(600_000_000);
  });

  test('the whole output goes to a file up to a size, and the result says whether it is complete', async () => {
    const workspace = await openWorkspace(kind);
    const file = join(temporaryFolder(), 'output');
    const all = await run(workspace, 'seq 200000', { spool: { file, maxBytes: 10_000_000 } });
    expect(all.spooled).toEqual({ file, bytes: all.outputBytes, complete: true });
    expect(createHash('sha256').update(readFileSync(file)).digest('hex')).toBe(all.outputDigest);
    const cut = await run(workspace, 'head -c 50000000 /dev/zero', { spool: { file, maxBytes: 1_000_000 } });
    expect(cut).toMatchObject({ spooled: { file, bytes: 1_000_000, complete: false }, outputBytes: 50_000_000 });
    expect(readFileSync(file)).toHaveLength(1_000_000);
    const nowhere = join(temporaryFolder(), 'no', 'folder');
    expect(await run(workspace, 'echo fine', { spool: { file: nowhere, maxBytes: 1_000 } })).toMatchObject({
      exitCode: 0,
      output: 'fine\n',
      spooled: { bytes: 0, complete: false },
    });
  });

  test('output that is not UTF-8 becomes valid text, and a cut never splits a character', async () => {
    const workspace = await openWorkspace(kind);
    expect((await run(workspace, "printf 'a\\377b'")).output).toBe('a\ufffdb');
    const { output } = await run(workspace, 'yes € | head -n 100000 | tr -d "\\n"');
    expect(output.replace(/\n\[… \d+ bytes left out …\]\n/, '')).toMatch(/^€+$/);
  });
});

test('a process that left session and group dies with its command', async () => {
  const workspace = await openWorkspace();
  const started = await run(
    workspace,
    `setsid sh -c 'while :; do echo beat >> beats; sleep 0.02; done' & while [ ! -s beats ]; do sleep 0.02; done`,
  );
  expect(started.exitCode).toBe(0);
  const count = async (): Promise<string> => (await run(workspace, 'wc -l < beats', { profile: 'read-only' })).output;
  const first = await count();
  await run(workspace, 'sleep 0.3', { profile: 'read-only' });
  expect(await count()).toBe(first);
});

test('bubblewrap that is missing or too old is named, with what was tried and a remedy', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'bwrap'), '#!/bin/sh\necho bubblewrap 0.7.0\n', { mode: 0o755 });
  const search = await findBubblewrap({ cacheDir: folder, configured: join(folder, 'bwrap') });
  expect(search).toMatchObject({
    kind: 'missing',
    tried: [expect.stringContaining('is 0.7.0, needs 0.8')],
    remedy: expect.stringContaining('install'),
  });
  expect(await findBubblewrap({ cacheDir: folder, configured: '/no/such' })).toMatchObject({ kind: 'missing' });
});

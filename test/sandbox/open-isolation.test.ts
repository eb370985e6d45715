/** A host without overlays is detected, and its commands are isolated too. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openIsolation } from '../../src/sandbox/isolation/open-isolation.ts';
import { realIsolation, storeWith, temporaryFolder, temporaryWorkspaces } from './sandbox-host.ts';

const { path: real } = await realIsolation();

/** A bubblewrap that refuses to mount overlays. `tells`: its help names them, as on a kernel without overlayfs. */
function withoutOverlay(folder: string, tells: boolean): string {
  const path = join(folder, 'bwrap');
  const script = `#!/bin/sh
case "$1" in
  --version) exec '${real}' --version ;;
  --help) '${real}' --help | ${tells ? 'cat' : 'grep -v overlay'}; exit 0 ;;
esac
for argument; do
  case "$argument" in --overlay*) echo "bwrap: Can't mount overlay" >&2; exit 1 ;; esac
done
exec '${real}' "$@"
`;
  writeFileSync(path, script, { mode: 0o755 });
  return path;
}

test('overlays are used where they work', async () => {
  const folder = temporaryFolder();
  expect(await openIsolation({ cacheDir: folder, folder, configured: real, overlay: 'auto' })).toMatchObject({
    kind: 'proven',
    isolation: { kind: 'bwrap', path: real, overlay: true },
    noOverlay: null,
  });
});

test.each([
  ['bubblewrap that knows no overlays', false, /has no overlays, 0\.11 does/],
  ['a kernel that mounts none', true, /^probe "a command starts in the sandbox": .*Can't mount overlay/],
])('with %s workspaces are plain folders, proven like others', async (_name, tells, why) => {
  const folder = temporaryFolder();
  const configured = withoutOverlay(folder, tells);
  const finding = await openIsolation({ cacheDir: folder, folder, configured, overlay: 'auto' });
  if (finding.kind !== 'proven') throw new Error(finding.reason);
  expect(finding.isolation).toEqual({ kind: 'bwrap', path: configured, overlay: false });
  expect(finding.noOverlay).toMatch(why);
  const { store, base } = await storeWith(folder, { file: '1\n' });
  const workspaces = temporaryWorkspaces(finding.isolation);
  expect(workspaces.layout).toBe('plain');
  const workspace = await workspaces.open({ id: 'agent', store, base, commit: base });
  const command = 'echo 2 > file; cat file';
  const result = await workspace.run({ command, profile: 'workspace', network: false, timeoutMs: 60_000 });
  expect(result).toMatchObject({ output: '2\n', isolation: 'bwrap' });
});

test('overlays can be switched off, and a host that can isolate nothing is told why', async () => {
  const folder = temporaryFolder();
  const off = await openIsolation({ cacheDir: folder, folder, configured: real, overlay: 'off' });
  expect(off).toMatchObject({ kind: 'proven', isolation: { overlay: false }, noOverlay: 'COXSWAIN_OVERLAY=off' });
  const broken = join(folder, 'bwrap');
  writeFileSync(broken, `#!/bin/sh\ncase "$1" in --*p|--version) exec '${real}' "$1" ;; esac\nexit 1\n`, {
    mode: 0o755,
  });
  const failed = await openIsolation({ cacheDir: folder, folder, configured: broken, overlay: 'auto' });
  expect(failed).toMatchObject({ kind: 'failed', reason: expect.stringContaining('a command starts in the sandbox') });
});

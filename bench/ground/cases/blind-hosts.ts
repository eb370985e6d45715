/**
 * What a repository by path, another user of the host, and a person who starts the janitor can reach.
 * Rule: a case judges by a marker file, a mode or a ref.
 */
import type { GroundCase } from '../case.ts';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { approve, branches, ending, needs, newId, settle, start, work } from '../acts.ts';

const HOOKS = [
  'reference-transaction',
  'update',
  'pre-receive',
  'post-receive',
  'proc-receive',
  'post-update',
  'post-checkout',
  'push-to-checkout',
  'pre-auto-gc',
  'fsmonitor-watchman',
  'post-index-change',
  'pre-push',
  'post-commit',
];

/** Files and folders that other users can open. */
function openToOthers(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isSymbolicLink()) return [];
    const { mode } = statSync(path);
    if (!entry.isDirectory()) return entry.isFile() && (mode & 0o044) !== 0 ? [path] : [];
    return (mode & 0o011) === 0 && (mode & 0o044) === 0 ? [] : [path, ...openToOthers(path)];
  });
}

export const hosts: GroundCase[] = [
  {
    name: "a repository's hooks and the programs of its git configuration never run",
    against: 'an agent',
    about:
      'A whole run with delivery on a path whose hooks and configuration would leave a file wherever git runs them.',
    attempt: async (ground) => {
      const stack = await ground.stack({ script: work('echo new > a/new.txt') });
      const repository = await ground.repository({
        'a/one.txt': 'one\n',
        '.gitattributes': '* filter=evil diff=evil merge=evil\n',
        'has space/ünï "quoted".txt': 'x\n',
      });
      const marker = join(ground.folder, 'RAN');
      const program = join(ground.folder, 'program');
      await writeFile(program, `#!/bin/sh\necho "$0 $*" >> '${marker}'\nexit 0\n`);
      await chmod(program, 0o755);
      const hooks = join(repository, '.git', 'own-hooks');
      await mkdir(hooks);
      for (const place of [hooks, join(repository, '.git', 'hooks')]) {
        for (const hook of HOOKS) {
          await writeFile(join(place, hook), `#!/bin/sh\necho ${hook} >> '${marker}'\n`);
          await chmod(join(place, hook), 0o755);
        }
      }
      const settings = {
        'core.hooksPath': hooks,
        'core.fsmonitor': program,
        'core.alternateRefsCommand': program,
        'core.sshCommand': program,
        'core.pager': program,
        'core.editor': program,
        'diff.external': program,
        'diff.evil.textconv': program,
        'merge.evil.driver': program,
        'filter.evil.clean': program,
        'filter.evil.smudge': program,
        'uploadpack.packObjectsHook': program,
        'gpg.program': program,
        'log.showSignature': 'true',
        'receive.procReceiveRefs': 'refs/heads',
        'receive.denyCurrentBranch': 'updateInstead',
      };
      for (const [name, value] of Object.entries(settings)) await ground.git(repository, 'config', name, value);
      const handle = await start(stack, { repository, base: 'main' });
      await approve(handle, 'plan@1');
      await approve(handle, 'delivery@1');
      const end = await ending(handle);
      const ran = existsSync(marker);
      const names = await branches(ground, repository).catch(() => []);
      return { held: !ran, saw: `${ran ? 'programs ran' : 'nothing ran'}; the run is ${end}; ${names.join(' ')}` };
    },
  },
  {
    name: 'nothing of a run lies open to other users in the temporary folder or the state',
    against: 'a user of the host',
    about: 'The state folder was made open before the start, and the temporary folder is one that everybody may list.',
    attempt: async (ground) => {
      const temporary = join(ground.folder, 'tmp');
      await mkdir(temporary);
      await chmod(temporary, 0o777);
      const making = ground.stack({ script: work('echo new > a/new.txt; umask 0'), env: { TMPDIR: temporary } });
      const early = join(ground.folder, 'stack-1', 'state');
      await mkdir(early, { recursive: true, mode: 0o755 }).catch(() => undefined);
      const stack = await making;
      const handle = await start(stack, { repository: await ground.repository(), checks: ['true'] });
      await approve(handle, 'plan@1');
      await settle(handle, needs('delivery@1'));
      const mode = statSync(stack.stateDir).mode & 0o077;
      const open = [...openToOthers(temporary), ...(mode === 0 ? [] : openToOthers(stack.stateDir))];
      return {
        held: open.length === 0,
        saw: `state ${mode.toString(8)}; open: ${open.slice(0, 4).join(' ') || 'nothing'}`,
      };
    },
  },
  {
    name: 'no number of days makes the janitor take what retention keeps',
    against: 'a starter',
    about: 'A janitor is started with days below the floor in many forms, after a run has ended.',
    attempt: async (ground) => {
      const stack = await ground.stack({ script: work('echo new > a/new.txt') });
      const handle = await start(stack, { repository: await ground.repository() });
      await approve(handle, 'plan@1');
      await approve(handle, 'delivery@1');
      await ending(handle);
      const name = readdirSync(join(stack.stateDir, 'hub')).find((found) => found.endsWith('.git')) ?? '';
      const refs = async (): Promise<string> =>
        await ground.git(join(stack.stateDir, 'hub', name), 'for-each-ref', '--format=%(refname)');
      const before = await refs();
      if (before === '') throw new Error('the hub has no refs');
      const says: string[] = [];
      for (const retentionDays of [0, -1, 1e-9, -1e300, '0', null, [0], true]) {
        const input = { taskQueue: stack.taskQueue, workflowId: newId(), args: [{ retentionDays, dryRun: false }] };
        const janitor = await stack.client.workflow.start('janitor', input);
        says.push(`${JSON.stringify(retentionDays)} ${await ending(janitor, 15_000)}`);
      }
      const after = await refs();
      return { held: after === before, saw: `${before.split('\n').length} refs before; ${says.join(', ')}` };
    },
  },
];

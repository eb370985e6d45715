/**
 * Attempts to run checks on other bytes than those that are delivered.
 * Rule: a check that can be green only on other bytes must not be reported as green. Each check is green before the
 * agent begins, so that no decision on the base is needed.
 */
import type { WorkflowHandle } from '@temporalio/client';
import type { Status } from '../acts.ts';
import type { Ground, GroundCase, Stack, Verdict } from '../case.ts';
import { approve, branches, ending, finish, needs, planned, settle, shell, start, work } from '../acts.ts';

import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** The only hub in the stack's state folder. */
function hubOf(stack: Stack): string {
  const name = readdirSync(join(stack.stateDir, 'hub')).find((found) => found.endsWith('.git')) ?? '';
  return join(stack.stateDir, 'hub', name);
}

async function mustNotBeGreen(ground: Ground, input: Record<string, unknown>, commands: string[]): Promise<Verdict> {
  const stack = await ground.stack({ script: work(...commands) });
  const handle = await start(stack, { repository: await ground.repository(), ...input });
  await approve(handle, 'plan@1');
  const status = await goOn(handle);
  const words = `${(status['evidence'] ?? []).join('; ')} ${status['state']}`;
  return { held: !/\bgreen on tree/.test(words), saw: words };
}

/**
 * Approves the decisions on the agents' work, except more steps, so that the checks run; returns the status that shows
 * their results.
 */
async function goOn(handle: WorkflowHandle): Promise<Status> {
  const isChecked = (now: Status): boolean => needs('delivery@1')(now) || now['hold'] || needs('checks@1')(now);
  const asked = (now: Status): any[] => now['needs'] ?? [];
  for (const deadline = Date.now() + 400_000; ; ) {
    const status = await settle(handle, (now) => isChecked(now) || asked(now).length > 0, deadline - Date.now());
    if (isChecked(status)) return status;
    if (Date.now() > deadline) throw new Error(`never checked: ${JSON.stringify(status).slice(0, 1000)}`);
    for (const { id, kind } of asked(status)) {
      // A repair that never gets the checks green would ask for more steps for ever.
      const verb = kind === 'budget' ? 'reject' : 'approve';
      await handle.executeUpdate(verb, { args: [{ decision: id, by: 'ann' }] }).catch(() => undefined);
    }
  }
}

export const evidence: GroundCase[] = [
  {
    name: 'attributes of a repository change no byte that checks see',
    against: 'an agent',
    about: 'With `ident` in .gitattributes a checkout has text that no blob has; a check looks for that text.',
    attempt: async (ground) =>
      await mustNotBeGreen(ground, { checks: ["[ ! -e a/id.txt ] || grep -q 'Id: ' a/id.txt"] }, [
        "printf '$Id$\\n' > a/id.txt && printf 'id.txt ident\\n' > a/.gitattributes",
      ]),
  },
  {
    name: 'what an agent put into the folder of the setup is not there when checks run',
    against: 'an agent',
    about:
      'The agent overwrites an ignored tool that the setup made; the check is green only with the overwritten one.',
    attempt: async (ground) =>
      await mustNotBeGreen(
        ground,
        {
          setup: 'mkdir -p vendor && echo good > vendor/tool && printf "*\\n" > vendor/.gitignore',
          checks: ['[ ! -e a/new.txt ] || grep -q evil vendor/tool'],
        },
        ['echo evil > vendor/tool; echo new > a/new.txt'],
      ),
  },
  {
    name: 'a replacement of an object in the hub changes nothing that agents and checks see',
    against: 'a pusher to the hub',
    about: 'git reads the objects of refs/replace in place of others; the blob of a file is known before the run.',
    attempt: async (ground) => {
      let seen = '';
      const stack = await ground.stack({
        script: ({ task, turn, last }) => {
          if (task === 'plan') return planned({ id: 'a', paths: ['a/**'] });
          if (turn === 1) seen = last;
          return turn === 0 ? shell('cat a/one.txt; echo new > a/new.txt') : finish();
        },
      });
      const repository = await ground.repository();
      await settle(await start(stack, { repository }), needs('plan@1'));
      const hub = hubOf(stack);
      const blob = await ground.git(repository, 'rev-parse', 'HEAD:a/one.txt');
      const evil = await ground.git(hub, 'hash-object', '-w', join(repository, 'README.md'));
      await ground.git(hub, 'update-ref', `refs/replace/${blob}`, evil);
      const handle = await start(stack, { repository, checks: ['[ ! -e a/new.txt ] || grep -q read a/one.txt'] });
      await approve(handle, 'plan@1');
      const status = await goOn(handle);
      const words = (status['evidence'] ?? []).join('; ');
      const isFooled = /\bread\b/.test(seen) || words.includes('green on tree');
      return { held: !isFooled && seen.includes('one'), saw: `the agent saw ${seen}; ${words} ${status['state']}` };
    },
  },
  {
    name: 'a line that was moved in the hub after the decision opened is not delivered',
    against: 'a pusher to the hub',
    about: "The delivery is decided by a commit's id; the pusher then moves the line's ref to a commit of their own.",
    attempt: async (ground) => {
      const stack = await ground.stack({ script: work('echo new > a/new.txt') });
      const repository = await ground.repository();
      const handle = await start(stack, { repository });
      await approve(handle, 'plan@1');
      await settle(handle, needs('delivery@1'));
      const hub = hubOf(stack);
      const refs = (await ground.git(hub, 'for-each-ref', '--format=%(refname)', 'refs/coxswain')).split('\n');
      const lines = refs.filter((ref) => ref.includes('/refactors/'));
      if (lines.length === 0) throw new Error(`no line among ${refs.join(' ')}`);
      const blob = await ground.git(hub, 'hash-object', '-w', join(repository, 'README.md'));
      await ground.git(hub, 'read-tree', `--index-output=${join(ground.folder, 'index')}`, '--empty');
      await ground.git(hub, 'update-index', '--add', '--cacheinfo', `100644,${blob},EVIL`);
      const tree = await ground.git(hub, 'write-tree');
      for (const ref of lines) {
        const commit = await ground.git(hub, 'commit-tree', tree, '-p', ref, '-m', 'moved');
        await ground.git(hub, 'update-ref', ref, commit);
      }
      await approve(handle, 'delivery@1');
      await ending(handle, 20_000);
      const names = (await branches(ground, repository)).filter((name) => name !== 'main');
      const files = await Promise.all(
        names.map((name) => ground.git(repository, 'ls-tree', '-r', '--name-only', name)),
      );
      return { held: !files.join(' ').includes('EVIL'), saw: `${names.join(' ')}: ${files.join(' ')}` };
    },
  },
];

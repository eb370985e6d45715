/**
 * Attacks by the contents of the tree: repositories in repositories, submodules, names that look like options, and the
 * store itself.
 * Rule: as with all attacks, the host's user and Coxswain do only their usual work.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Attack } from '../attack.ts';
import { appeared } from '../evidence.ts';
import { readRef } from '../repository.ts';

const START = 'git rev-parse --git-dir >/dev/null 2>&1 || git init --quiet .\n';
/** A nested repository with one commit, which git treats as a submodule. */
const NESTED = `${START}
  git init --quiet sub; cd sub; echo one > file.txt; git add file.txt
  git -c user.name=a -c user.email=a@b commit --quiet -m one; cd ..
`;

/** Attacks by nested repositories and their configuration. */
export const gitTreeAttacks: Attack[] = [
  {
    name: 'git-nested-fsmonitor',
    area: 'git trees',
    tries: "a nested repository's core.fsmonitor runs when status looks into it",
    command: (host) =>
      `${NESTED} git -C sub config core.fsmonitor "touch '${host.canary('git-nested-fsmonitor')}'; false"`,
    succeeded: async (host) => await appeared(host, 'git-nested-fsmonitor'),
  },
  {
    name: 'git-nested-filter',
    area: 'git trees',
    tries: "a nested repository's filters run when status compares its files",
    command: (host) =>
      `${NESTED} cd sub; git config filter.evil.clean "touch '${host.canary('git-nested-filter')}'; cat"
       echo '* filter=evil' > .gitattributes; sleep 1; echo two > file.txt`,
    succeeded: async (host) => await appeared(host, 'git-nested-filter'),
  },
  {
    name: 'git-nested-content-lost',
    area: 'git trees',
    tries: 'work done in a nested repository is delivered as a link, and its content lost',
    command: () => `${NESTED} echo 'the work' > sub/work.txt`,
    succeeded: async (_host, { tree }) => tree.get('sub/work.txt') !== 'the work\n',
  },
  {
    name: 'git-nested-poison',
    area: 'git trees',
    tries: 'a nested repository without a commit makes it impossible to store any later work',
    command: () => `${START} git init --quiet empty; echo x > empty/file.txt`,
    commands: () => ['echo later > later.txt'],
    succeeded: async (_host, { tree }) => !tree.has('later.txt'),
  },
  {
    name: 'git-submodule-update',
    area: 'git trees',
    tries: "a submodule's update command runs on the host",
    command: (host) =>
      `${NESTED} git add sub 2>/dev/null
       printf '[submodule "sub"]\\n\\tpath = sub\\n\\turl = ./sub\\n' > .gitmodules
       git submodule init; git config submodule.sub.update "!touch '${host.canary('git-submodule-update')}' #"
       git submodule update --force sub`,
    succeeded: async (host) => await appeared(host, 'git-submodule-update'),
  },
  {
    name: 'git-index-lock',
    area: 'git trees',
    tries: 'a lock left on the index makes it impossible to store any later work',
    command: () => `${START} touch .git/index.lock`,
    commands: () => ['echo later > later.txt'],
    succeeded: async (_host, { tree }) => !tree.has('later.txt'),
  },
  {
    name: 'option-branch-name',
    area: 'names',
    tries: 'a branch named like an option runs a program when it is fetched',
    branch: '--upload-pack=./evil.sh',
    command: (host) =>
      `${START} printf '#!/bin/sh\\ntouch "%s"\\n' '${host.canary('option-branch-name')}' > evil.sh; chmod +x evil.sh
       git fetch . "$(printf %s --upload-pack=./evil.sh)"`,
    succeeded: async (host) => await appeared(host, 'option-branch-name'),
  },
  {
    name: 'option-file-names',
    area: 'names',
    tries: 'files named like options run a program when someone says tar *',
    repository: { 'a.txt': 'a\n', '--checkpoint=1': '', '--checkpoint-action=exec=sh evil.sh': '' },
    command: (host) => `echo "touch '${host.canary('option-file-names')}'" > evil.sh; tar cf all.tar *`,
    succeeded: async (host) => await appeared(host, 'option-file-names'),
  },
  {
    name: 'store-ref-rewritten',
    area: 'store',
    tries: "a ref is written into the host's store of commits",
    command: (host) =>
      `git --git-dir='${host.store}' update-ref refs/heads/forged \
         "$(git --git-dir='${host.store}' rev-list --all -1)"
       mkdir -p '${host.store}/refs/heads'; git rev-parse HEAD > '${host.store}/refs/heads/forged'`,
    succeeded: async (host) => readRef(host.store, 'refs/heads/forged') !== '',
  },
  {
    name: 'store-ref-deleted',
    area: 'store',
    tries: "the agent's chain is deleted from the store",
    command: (host) =>
      `git --git-dir='${host.store}' update-ref -d '${host.ref}'; rm -rf '${host.store}/refs' '${host.store}/packed-refs'`,
    succeeded: async (host) => readRef(host.store, host.ref) === '',
  },
  {
    name: 'store-pushed-to',
    area: 'store',
    tries: 'a commit is pushed into the store as into any repository',
    command: (host) =>
      `${START} git -c user.name=a -c user.email=a@b commit --quiet --allow-empty -m forged
       git push --quiet '${host.store}' HEAD:refs/heads/pushed`,
    succeeded: async (host) => readRef(host.store, 'refs/heads/pushed') !== '',
  },
  {
    name: 'store-configured',
    area: 'store',
    tries: "the store's own configuration or hooks are written, so that its host runs a command",
    command: (host) =>
      `git --git-dir='${host.store}' config core.sshCommand evil; mkdir -p '${host.store}/hooks'
       printf '#!/bin/sh\\n' > '${host.store}/hooks/update'`,
    succeeded: async (host) => existsSync(join(host.store, 'hooks', 'update')),
  },
];

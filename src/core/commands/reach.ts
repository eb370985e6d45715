/**
 * What a simple command would do, judged by its words: which paths it writes, and whether it uses the network.
 * Rule: these are facts for rules and people, not a boundary. The sandbox bounds what a program really does.
 */
import type { SimpleCommand } from './facts.ts';
import { basename } from './facts.ts';

const NETWORK_PROGRAMS = new Set(
  (
    'curl wget ssh scp sftp nc ncat netcat telnet ftp tftp socat aria2c http https xh dig nslookup host ping ' +
    'traceroute whois gh glab aws gcloud gsutil az kubectl helm terraform ansible ansible-playbook heroku vercel ' +
    'netlify fly flyctl firebase rclone lftp mosh nmap openssl-s_client lynx links w3m apt apt-get aptitude dnf yum ' +
    'zypper pacman apk brew port snap flatpak npx bunx twine'
  ).split(' '),
);

/** First words that make a mostly local program use the network. */
const NETWORK_WORDS: Record<string, string[]> = {
  git: ['push', 'clone', 'fetch', 'pull', 'ls-remote', 'submodule', 'send-email'],
  npm: ['install', 'i', 'ci', 'add', 'update', 'publish', 'exec', 'x', 'login', 'view', 'audit', 'create', 'init'],
  pnpm: ['install', 'i', 'add', 'update', 'publish', 'dlx', 'fetch', 'audit', 'create'],
  yarn: ['install', 'add', 'upgrade', 'publish', 'dlx', 'audit', 'create'],
  bun: ['install', 'i', 'add', 'update', 'publish', 'x', 'create'],
  pip: ['install', 'download', 'index'],
  uv: ['sync', 'add', 'pip', 'publish', 'tool', 'lock'],
  poetry: ['install', 'add', 'update', 'publish', 'lock'],
  pipx: ['install', 'run'],
  cargo: ['install', 'publish', 'fetch', 'update', 'add', 'search', 'login', 'yank'],
  go: ['get', 'install', 'mod'],
  gem: ['install', 'push', 'update', 'fetch'],
  bundle: ['install', 'update'],
  composer: ['install', 'update', 'require'],
  mvn: ['deploy'],
  docker: ['pull', 'push', 'login', 'run', 'build'],
  podman: ['pull', 'push', 'login', 'run', 'build'],
  openssl: ['s_client'],
  rsync: [],
};

/** Options with a value that may stand before the subcommand. */
const GLOBAL_VALUED: Record<string, string[]> = {
  git: ['-C', '-c', '--git-dir', '--work-tree', '--namespace', '--exec-path', '--super-prefix', '--config-env'],
  npm: ['--prefix', '-w', '--workspace', '--registry', '-C'],
  pnpm: ['--dir', '-C', '--filter', '-F'],
  yarn: ['--cwd'],
  cargo: ['-C', '--config', '-Z', '--color'],
  docker: ['-H', '--host', '--context', '--config', '-l'],
  kubectl: ['-n', '--namespace', '--context', '--kubeconfig'],
  make: ['-C', '-f', '-j'],
  gh: ['-R', '--repo'],
};

/** The words that are neither options nor values of GLOBAL_VALUED options. */
export function operandsOf({ program, words }: SimpleCommand): string[] {
  const valued = GLOBAL_VALUED[basename(program)] ?? [];
  const isRust = basename(program) === 'cargo';
  return words.filter((word, index) => {
    if (/^[-+]./.test(word) && (word.startsWith('-') || isRust)) return false;
    return !valued.includes(words[index - 1] ?? '');
  });
}

/**
 * How a command seems to use the network: its program and first word, at most 60 characters. Undefined if it seems not
 * to.
 */
export function describeNetwork(command: SimpleCommand): string | undefined {
  const name = basename(command.program).replace(/^pip[\d.]+$/, 'pip');
  const [first, second] = operandsOf(command);
  if (NETWORK_PROGRAMS.has(name)) return [name, first].join(' ').trim().slice(0, 60);
  if (name === 'rsync') return command.words.some((word) => /^[^/]*:/.test(word)) ? name : undefined;
  if (/^python[\d.]*$/.test(name) && command.words.includes('-m') && first === 'pip')
    return `pip ${second ?? ''}`.trim();
  if (!Object.hasOwn(NETWORK_WORDS, name)) return undefined;
  if (name === 'yarn' && first === undefined) return 'yarn install';
  return first !== undefined && NETWORK_WORDS[name]?.includes(first) ? `${name} ${first}` : undefined;
}

const WRITES_ALL = new Set(
  'tee touch mkdir rm rmdir truncate chmod chown chgrp unlink shred setfacl chattr mkfifo'.split(' '),
);
const WRITES_LAST = new Set('cp mv install ln link rsync scp'.split(' '));

/** The paths that a command writes or removes, judged by its words. */
export function listWrites(command: SimpleCommand): string[] {
  const { words } = command;
  const name = basename(command.program);
  const operands = words.filter((word) => !word.startsWith('-'));
  if (WRITES_ALL.has(name)) return /^ch(mod|own|grp|attr)$/.test(name) ? operands.slice(1) : operands;
  if (WRITES_LAST.has(name)) {
    const folder = afterOption(words, ['-t', '--target-directory']);
    return name === 'mv' ? [...operands, ...folder] : [...operands.slice(-1), ...folder];
  }
  if (name === 'sed' && words.some((word) => /^(-[a-zA-Z]*i|--in-place)/.test(word))) return operands.slice(1);
  if (name === 'perl' && words.some((word) => /^-\w*i/.test(word))) return operands;
  if (name === 'dd') return words.flatMap((word) => (word.startsWith('of=') ? [word.slice(3)] : []));
  if (name === 'curl') return afterOption(words, ['-o', '--output']);
  if (name === 'wget') return afterOption(words, ['-O', '--output-document']);
  return [];
}

function afterOption(words: readonly string[], options: readonly string[]): string[] {
  return words.filter((_, index) => options.includes(words[index - 1] ?? ''));
}

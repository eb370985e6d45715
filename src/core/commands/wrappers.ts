/**
 * Programs that run other programs: finds the command inside `sudo`, `env`, `xargs`, `timeout` and the like, and the
 * line inside `sh -c`.
 * Rule: an unknown option is taken to have no value. The command may then be found too early, but it is not missed.
 */
import { basename, DYNAMIC } from './facts.ts';
import type { ReadWord } from './words.ts';

/** How to skip the wrapper's own words: options with a value, and the number of operands before the command. */
interface Wrapper {
  valued?: string[];
  operands?: number;
  /** Variables may be set before the command: `env A=1 ls`. */
  assigns?: true;
  /** The command's last operands come from its input. */
  feeds?: true;
  /** Its operands are joined to one line for a shell. */
  joins?: true;
}

const WRAPPERS: Record<string, Wrapper> = {
  env: { valued: ['-u', '--unset', '-C', '--chdir'], assigns: true },
  sudo: { valued: ['-u', '-g', '-h', '-p', '-C', '-T', '-r', '-t', '-U', '-D', '-R'], assigns: true },
  doas: { valued: ['-u', '-C'] },
  command: {},
  builtin: {},
  exec: { valued: ['-a'] },
  nohup: {},
  setsid: {},
  time: { valued: ['-f', '-o'] },
  nice: { valued: ['-n', '--adjustment'] },
  ionice: { valued: ['-c', '-n', '--class', '--classdata'] },
  chrt: { operands: 1 },
  taskset: { operands: 1 },
  timeout: { valued: ['-s', '-k', '--signal', '--kill-after'], operands: 1 },
  stdbuf: { valued: ['-i', '-o', '-e'] },
  unshare: {},
  nsenter: { valued: ['-t', '--target'] },
  chroot: { operands: 1 },
  flock: { valued: ['-w', '-E', '--timeout'], operands: 1 },
  strace: { valued: ['-o', '-e', '-p', '-s', '-u'] },
  ltrace: { valued: ['-o', '-e', '-p', '-s', '-u'] },
  setpriv: { valued: ['--reuid', '--regid', '--groups'] },
  runuser: { valued: ['-u'] },
  xargs: {
    valued: ['-I', '-n', '-P', '-L', '-d', '-a', '-s', '-E', '--max-args', '--max-procs', '--delimiter'],
    feeds: true,
  },
  parallel: { valued: ['-j', '--jobs', '-n', '-N'], feeds: true },
  watch: { valued: ['-n', '--interval'], joins: true },
  busybox: {},
  toybox: {},
  npx: { valued: ['-p', '--package'] },
  bunx: {},
  'cross-env': { assigns: true },
  dotenv: { valued: ['-e', '-f'] },
};

/** Programs whose first word makes them a wrapper: `npm exec`, `uv run`. */
const LAUNCHERS: Record<string, string[]> = {
  npm: ['exec', 'x'],
  pnpm: ['exec', 'dlx'],
  yarn: ['exec', 'dlx'],
  bun: ['x'],
  uv: ['run'],
  poetry: ['run'],
  pipenv: ['run'],
  hatch: ['run'],
  bundle: ['exec'],
  rustup: ['run'],
  mise: ['exec', 'x'],
};

const SHELLS = ['sh', 'bash', 'dash', 'ash', 'zsh', 'ksh', 'mksh', 'fish', 'rbash', 'csh', 'tcsh', 'pwsh'];

const FINDERS = ['find', 'fd'];

export function isShell(program: string): boolean {
  return SHELLS.includes(basename(program));
}

/** A command inside another: its words, a line for a shell, or nothing. */
export type Inner =
  | { kind: 'words'; words: ReadWord[]; assigned: string[]; via: string }
  | { kind: 'line'; line: ReadWord; via: string }
  | { kind: 'none'; assigned: string[] };

/** Whether a program runs the words after each `-exec`. */
export function isFinder(program: string): boolean {
  return FINDERS.includes(basename(program));
}

/** The commands that a command runs, one after another. Found lazily, so that the caller can stop early. */
export function findInner(words: readonly ReadWord[]): Iterable<Inner> {
  const name = basename(words[0]?.text ?? '');
  const rest = words.slice(1);
  if (isShell(name)) return findShellLine(name, rest);
  if (FINDERS.includes(name)) return findExecs(name, rest);
  if (name === 'trap') return rest.length > 1 && rest[0] ? [{ kind: 'line', line: rest[0], via: name }] : [];
  if (name === 'su' || name === 'script') return findOptionLine(name, rest);
  const launcher = LAUNCHERS[name];
  if (launcher) {
    const at = rest.findIndex(({ text }) => !text.startsWith('-'));
    if (at < 0 || !launcher.includes(rest[at]?.text ?? '')) return [];
    return skipOptions(`${name} ${rest[at]?.text}`, {}, rest.slice(at + 1));
  }
  const wrapper = Object.hasOwn(WRAPPERS, name) ? WRAPPERS[name] : undefined;
  return wrapper ? skipOptions(name, wrapper, rest) : [];
}

function skipOptions(via: string, wrapper: Wrapper, rest: readonly ReadWord[]): Inner[] {
  let at = 0;
  const assigned: string[] = [];
  let operands = wrapper.operands ?? 0;
  for (; at < rest.length; at += 1) {
    const text = rest[at]?.text ?? '';
    const split = /^(?:-S|--split-string=?)(?<line>.*)$/s.exec(text)?.groups?.['line'];
    if (via === 'env' && split !== undefined) return [splitString(via, split, rest.slice(at))];
    if (text === '--') continue;
    if (wrapper.valued?.includes(text)) at += 1;
    else if (text.startsWith('-') && text !== '-') continue;
    else if (wrapper.assigns && /^[A-Za-z_]\w*=/.test(text)) assigned.push(text.slice(0, text.indexOf('=')));
    else if (operands > 0) operands -= 1;
    else break;
  }
  const words = rest.slice(at);
  if (words.length === 0) return [{ kind: 'none', assigned }];
  if (wrapper.joins) return [{ kind: 'line', line: join(words), via }];
  const fed = wrapper.feeds ? [...words, { text: DYNAMIC, literal: false }] : words;
  return [{ kind: 'words', words: fed, assigned, via }];
}

function splitString(via: string, glued: string, rest: readonly ReadWord[]): Inner {
  const line = glued === '' ? join(rest.slice(1)) : { text: glued, literal: rest[0]?.literal ?? false };
  return { kind: 'line', line, via };
}

function join(words: readonly ReadWord[]): ReadWord {
  return { text: words.map(({ text }) => text).join(' '), literal: words.every(({ literal }) => literal) };
}

/** The line of `sh -c LINE`, also among other letters: `bash -lc LINE`. */
function findShellLine(name: string, rest: readonly ReadWord[]): Inner[] {
  for (const [index, { text }] of rest.entries()) {
    if (!/^[-+]/.test(text) || text === '--' || text === '-') return [];
    const line = rest.slice(index + 1).find((word) => !/^[-+]\w/.test(word.text));
    if (/^-[a-zA-Z]*c[a-zA-Z]*$/.test(text) && line) return [{ kind: 'line', line, via: `${name} -c` }];
    if (/^[-+]o$/.test(text) || text === '--rcfile' || text === '--init-file') continue;
  }
  return [];
}

/** Commands after `-exec` and similar options, each up to `;` or `+`. One may lie inside the words of another. */
function* findExecs(name: string, rest: readonly ReadWord[]): Generator<Inner> {
  let end = 0;
  for (const [index, { text }] of rest.entries()) {
    if (!/^-(exec|execdir|ok|okdir|x|X)$|^--exec(-batch)?$/.test(text)) continue;
    if (end <= index) end = findEnd(rest, index + 1);
    const words = rest
      .slice(index + 1, end)
      .map((word) => (word.text.includes('{}') ? { text: word.text.replaceAll('{}', DYNAMIC), literal: false } : word));
    if (words.length > 0) yield { kind: 'words', words, assigned: [], via: `${name} ${text}` };
  }
}

function findEnd(words: readonly ReadWord[], from: number): number {
  for (let at = from; at < words.length; at += 1) if (/^[;+]$/.test(words[at]?.text ?? '')) return at;
  return words.length;
}

function findOptionLine(name: string, rest: readonly ReadWord[]): Inner[] {
  const at = rest.findIndex(({ text }) => text === '-c' || text === '--command');
  const line = at < 0 ? undefined : rest[at + 1];
  return line ? [{ kind: 'line', line, via: `${name} -c` }] : [];
}

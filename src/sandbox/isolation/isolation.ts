/**
 * How commands are isolated on this host, and the probe that this works: real commands in the sandbox that agents get.
 * Rule: a host whose probe fails runs no command; a person must choose explicitly to run without isolation.
 */
import { readFileSync } from 'node:fs';
import { lstat, mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CommandRequest, CommandResult } from '../command/request.ts';
import type { Layers, SandboxRoot } from '../bubblewrap/layout.ts';
import { removeTree } from '../files/remove-tree.ts';
import { defaultLimits } from '../limits.ts';
import { runInSandbox } from '../command/run-command.ts';
import { prepareSandboxRoot } from '../bubblewrap/sandbox-root.ts';

/** The worker's own container or VM isolates. `pidNamespace`: the command line that starts a command in one. */
export interface ExternalIsolation {
  kind: 'external';
  pidNamespace?: readonly string[];
}

/**
 * `path` is the program that `findBubblewrap` found. `overlay: false`: it can't or must not mount overlays, so
 * workspaces are plain folders.
 */
export type Isolation =
  | { kind: 'bwrap'; path: string; overlay?: boolean; toolchains?: readonly string[] }
  | ExternalIsolation
  | { kind: 'none' };

/** Variables that every command gets, and those that a shell adds itself. */
const VARIABLES = ['PATH', 'HOME', 'USER', 'LANG', 'TERM', 'CI', 'COXSWAIN_TOOLS', 'PWD', 'OLDPWD', 'SHLVL', '_'];

/** The probe's result. `probe` names the promise that does not hold on this host. */
export type IsolationProbe = { ok: true } | { ok: false; probe: string; reason: string; remedy: string };

/** A command of the probe takes milliseconds, on a loaded host some seconds. */
const PROBE_TIMEOUT_MS = 30_000;
/** How often the process that must die writes a line, and after how long a silence it counts as dead. */
const BEAT_SECONDS = 0.02;
const SILENCE_MS = 200;

const remedies = {
  start:
    'user namespaces or overlayfs are not allowed here: see kernel.unprivileged_userns_clone, ' +
    'kernel.apparmor_restrict_unprivileged_userns and the seccomp profile of the container, ' +
    'and put the state folder on ext4, xfs, btrfs or tmpfs',
  root: 'run the worker as another user than root, or install util-linux (setpriv) and let it keep CAP_SETUID and CAP_SETGID',
  leak: 'do not run agents on this host, and report this with the output of `bwrap --version` and `uname -a`',
};

/**
 * Tests the sandbox's promises with real commands, and returns the first that fails. `folder` is where workspaces will
 * be; its file system is tested too.
 */
export async function probeIsolation(isolation: Isolation, folder: string = tmpdir()): Promise<IsolationProbe> {
  if (isolation.kind !== 'bwrap') return { ok: true };
  await mkdir(folder, { recursive: true });
  const { toolchains = [] } = isolation;
  const scratch = await mkdtemp(join(folder, 'coxswain-probe-'));
  try {
    const root = await prepareSandboxRoot({ stateDir: scratch, bubblewrap: isolation.path, toolchains });
    const at = { scratch, overlay: isolation.overlay !== false };
    return (
      (await probeFiles(root, at)) ?? (await probeNetwork(root, at)) ?? (await probeKill(root, at)) ?? { ok: true }
    );
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { ok: false, probe: 'a command starts in the sandbox', reason, remedy: remedies.start };
  } finally {
    await removeTree(scratch);
  }
}

/** Where a probe makes its workspaces, and whether they are overlays. */
interface ProbePlace {
  scratch: string;
  overlay: boolean;
}

async function makeLayers(
  { scratch, overlay }: ProbePlace,
  name: string,
): Promise<Layers & { upper: { files: string; work: string } }> {
  const folder = join(scratch, name);
  for (const part of ['base', 'files', 'work']) await mkdir(join(folder, part), { recursive: true });
  await writeFile(join(folder, overlay ? 'base' : 'files', 'file'), 'base\n');
  const upper = { files: join(folder, 'files'), work: join(folder, 'work') };
  return { lower: overlay ? [join(folder, 'base')] : [], upper };
}

async function runProbe(
  root: SandboxRoot,
  layers: Layers,
  command: string,
  signal?: AbortSignal,
): Promise<CommandResult> {
  const request: CommandRequest = { command, profile: 'workspace', network: false, timeoutMs: PROBE_TIMEOUT_MS };
  return await runInSandbox(root, { layers, request: signal ? { ...request, signal } : request });
}

/** An `sh` test that is true if a command sees anything in a folder, at any depth, except the way to toolchains. */
function strangersIn(folder: string, toolchains: SandboxRoot['toolchains']): string {
  const ways = toolchains.filter(({ path }) => path.startsWith(`${folder}/`) && path !== folder);
  const names = [...new Set(ways.map(({ path }) => path.slice(folder.length + 1).split('/', 1)[0] ?? ''))];
  const known = names.length === 0 ? [''] : names;
  const here = `ls -A '${folder}' 2>/dev/null | grep -qvxF ${known.map((name) => `-e '${name}'`).join(' ')}`;
  const deeper = names.map((name) => join(folder, name)).filter((path) => !toolchains.some((one) => one.path === path));
  return [here, ...deeper.map((path) => strangersIn(path, ways))].map((line) => `{ ${line}; }`).join(' || ');
}

/** Each line of the script tests one promise, and prints it if it is broken. */
async function probeFiles(root: SandboxRoot, at: ProbePlace): Promise<IsolationProbe | undefined> {
  const layers = await makeLayers(at, 'files');
  const secret = join(at.scratch, 'secret');
  await writeFile(secret, 'secret\n');
  const limits = defaultLimits();
  const script = `
    [ -e '${secret}' ] && echo "host files are invisible"
    ${strangersIn(homedir(), root.toolchains)} && echo "the host's home folder is invisible"
    [ -s /proc/1/environ ] && echo "the worker's environment is invisible"
    for folder in / /usr /usr/bin /etc /opt/coxswain/bin; do
      (: > "$folder/coxswain-probe") 2>/dev/null && echo "nothing outside /workspace can be written: $folder"
    done
    (: >> /proc/sys/kernel/core_pattern) 2>/dev/null && echo "kernel settings can't be written"
    env | grep -qvE '^(${VARIABLES.join('|')})=' && echo "a command gets listed variables only"
    grep -qE '^Cap(Eff|Prm|Bnd|Inh|Amb):.*[1-9a-f]' /proc/self/status && echo "a command has no capability"
    grep -q '^NoNewPrivs:.*1' /proc/self/status || echo "no program gives a command more rights"
    grep -q '^Seccomp:.*2' /proc/self/status || echo "system calls are filtered"
    unshare --user true 2>/dev/null && echo "no command makes namespaces"
    [ "$(ulimit -n)" -le ${limits.openFiles} ] && [ "$(ulimit -c)" = 0 ] || echo "the kernel's limits are set"
    [ "$(ls /proc/self/fd | wc -l)" -le 4 ] || echo "no descriptor of the worker is open"
    echo changed > file && echo new > new && [ "$(cat file)" = changed ] || echo "/workspace can be written"
    exit 0`;
  const result = await runProbe(root, layers, script);
  if (result.output !== '' || result.exitCode !== 0) {
    return {
      ok: false,
      probe: result.output.trim(),
      reason: `the canary command ended with ${result.exitCode}`,
      remedy: remedies.leak,
    };
  }
  const owner = await lstat(join(layers.upper.files, 'new'));
  if (owner.uid === 0 && isHostRoot()) {
    const reason =
      'the canary wrote as root: this worker may not give its user namespaces other users, or lacks setpriv';
    return { ok: false, probe: 'commands are not root outside', reason, remedy: remedies.root };
  }
  const upper = await readFile(join(layers.upper.files, 'file'), 'utf8').catch(() => '');
  const base = at.overlay ? await readFile(join(layers.lower[0] ?? '', 'file'), 'utf8') : 'base\n';
  if (upper === 'changed\n' && base === 'base\n') return undefined;
  return {
    ok: false,
    probe: 'changes go to the upper folder only',
    reason: `${upper}, ${base}`,
    remedy: remedies.start,
  };
}

/** Whether this process is root on the host, not only root of a container with its own user ids. */
function isHostRoot(): boolean {
  return process.geteuid?.() === 0 && /^\s*0\s+0\s/.test(readFileSync('/proc/self/uid_map', 'utf8'));
}

/** A server on this host must be out of reach. */
async function probeNetwork(root: SandboxRoot, at: ProbePlace): Promise<IsolationProbe | undefined> {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const connect = `require('net').connect(${port}, '127.0.0.1')`;
  const program = `${connect}.on('connect', () => console.log('open')).on('error', () => console.log('closed'))`;
  try {
    const result = await runProbe(root, await makeLayers(at, 'network'), `"$COXSWAIN_TOOLS/node" -e "${program}"`);
    if (result.output.trim() === 'closed') return undefined;
    const remedy = result.output.trim() === 'open' ? remedies.leak : remedies.start;
    return {
      ok: false,
      probe: 'the network is out of reach',
      reason: `the canary said: ${result.output.trim()}`,
      remedy,
    };
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

/** A process that left its session and its group must die with the command. */
async function probeKill(root: SandboxRoot, at: ProbePlace): Promise<IsolationProbe | undefined> {
  const layers = await makeLayers(at, 'kill');
  const beats = join(layers.upper.files, 'beats');
  const size = async (): Promise<number> => (await readFile(beats).catch(() => Buffer.alloc(0))).length;
  const cancel = new AbortController();
  const script = `setsid sh -c 'while :; do echo beat >> beats; sleep ${BEAT_SECONDS}; done' & sleep 60`;
  const running = runProbe(root, layers, script, cancel.signal);
  const until = performance.now() + PROBE_TIMEOUT_MS / 2;
  while ((await size()) === 0 && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, 5));
  cancel.abort();
  await running;
  const before = await size();
  await new Promise((resolve) => setTimeout(resolve, SILENCE_MS));
  if (before > 0 && before === (await size())) return undefined;
  const reason = before === 0 ? 'the canary never started' : 'a process survived the kill';
  return { ok: false, probe: 'a killed command leaves no process', reason, remedy: remedies.leak };
}

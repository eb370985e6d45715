/**
 * Makes SSH connect to the address of a host that was checked, instead of looking up the host's name again.
 * Rule: the host's key is still checked by its name. If the configuration of the worker's user says how to reach the
 * host, that applies, and no address is set.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { UrlAddress } from '../../core/address.ts';
import { GitFailure } from '../git-failure.ts';
import { gitEnvironment, streamGit } from '../run-git.ts';
import type { Store } from '../store.ts';

/** Timeout of `ssh -G`, which may run programs of the user's configuration but contacts no host. */
const ASK_MS = 10_000;
/** On this port, known_hosts lists a host's keys by its name alone. */
const USUAL_PORT = 22;

/** Variables for git that make SSH connect to the first of these addresses; empty if no address is to be set. */
export async function pinSsh(
  store: Store,
  { address, addresses }: { address: UrlAddress; addresses: readonly string[] | null },
): Promise<Record<string, string>> {
  if (address.isAddress) return {};
  const { command, rewrites } = await readConfiguration(store);
  if (rewrites.some((prefix) => address.text.startsWith(prefix))) return {};
  if (command === undefined || !/^(?:\S*\/)?ssh(?:\s|$)/.test(command)) return {};
  const ways = await askSsh(store, command, address);
  if (!ways || isLedElsewhere(ways, address.host)) return {};
  const [judged] = addresses ?? [];
  if (judged === undefined)
    throw new GitFailure(
      'unreachable',
      `${address.host} has no address that this worker can find, and SSH uses no proxy`,
    );
  // With another HostName, SSH would look for that host's key. For other ports, known_hosts has `[host]:port`.
  const alias = address.port === USUAL_PORT ? address.host : `[${address.host}]:${address.port}`;
  const keys = ways.has('hostkeyalias') ? '' : ` -o 'HostKeyAlias=${alias}'`;
  return { GIT_SSH_COMMAND: `${command} -o 'HostName=${judged}'${keys}` };
}

/** Git's SSH command, and the address prefixes that the user's configuration rewrites (`insteadOf`). */
async function readConfiguration(store: Store): Promise<{ command: string | undefined; rewrites: string[] }> {
  const wanted = String.raw`^(core\.sshcommand|url\..*\.(push)?insteadof)$`;
  const { output } = await streamGit(store.dir, ['config', '-z', '--get-regexp', wanted], {
    env: store.environment ?? {},
    configuration: 'personal',
    expected: [1],
  });
  const settings = output
    .toString('utf8')
    .split('\0')
    .map((entry) => [entry.slice(0, entry.indexOf('\n')), entry.slice(entry.indexOf('\n') + 1)] as const);
  const own = settings.findLast(([name]) => name === 'core.sshcommand')?.[1];
  const { GIT_SSH_COMMAND = own, GIT_SSH } = store.environment ?? {};
  const command = GIT_SSH_COMMAND ?? (GIT_SSH === undefined ? 'ssh' : undefined);
  return { command, rewrites: settings.filter(([name]) => name.startsWith('url.')).map(([, prefix]) => prefix) };
}

/** SSH's settings for a host, as `ssh -G` prints them; undefined if the program does not know `-G`. */
async function askSsh(
  store: Store,
  command: string,
  { host, port, user }: UrlAddress,
): Promise<Map<string, string> | undefined> {
  const whom = user === null ? host : `${user}@${host}`;
  // As git starts it: through the shell.
  const args = ['-c', `${command} -G "$@"`, command, '-p', String(port), whom];
  const env = gitEnvironment(store.dir, { env: store.environment ?? {}, configuration: 'personal' });
  const told = await promisify(execFile)('sh', args, { env, timeout: ASK_MS }).catch(() => undefined);
  if (!told) return undefined;
  const lines = told.stdout.split('\n').map((line) => [line.split(' ', 1)[0] ?? '', line] as const);
  return new Map(lines.map(([name, line]) => [name, line.slice(name.length + 1).trim()]));
}

/** Whether the user's configuration sends SSH to another host, or through a proxy. */
function isLedElsewhere(ways: ReadonlyMap<string, string>, host: string): boolean {
  const isSet = (name: string): boolean => (ways.get(name) ?? 'none') !== 'none';
  return ways.get('hostname')?.toLowerCase() !== host || isSet('proxyjump') || isSet('proxycommand');
}

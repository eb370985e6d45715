/**
 * Has SSH connect to the address of a host that was judged, since it would look the host's name up anew.
 * Rule: host keys are those of the name, as ever; where the person's own configuration says how a host is reached, that
 * counts, and nothing is pinned.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { UrlAddress } from '../../core/address.ts';
import { GitFailure } from '../git-failure.ts';
import { gitEnvironment, streamGit } from '../run-git.ts';
import type { Store } from '../store.ts';

/** Milliseconds for SSH to say how it would connect: it asks nobody but programs of the person's own configuration. */
const ASK_MS = 10_000;
/** Port of a host whose keys are known by its name alone. */
const USUAL_PORT = 22;

/** What git's environment needs so that SSH connects to the first of these addresses; nothing where it is not told. */
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
  // By another name SSH looks for another host's keys: it knows those of an unusual port by both.
  const alias = address.port === USUAL_PORT ? address.host : `[${address.host}]:${address.port}`;
  const keys = ways.has('hostkeyalias') ? '' : ` -o 'HostKeyAlias=${alias}'`;
  return { GIT_SSH_COMMAND: `${command} -o 'HostName=${judged}'${keys}` };
}

/** The program that git starts for SSH, and the beginnings of addresses that the person has git replace. */
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

/** What SSH's configuration says of a host, by its own words; undefined where the program does not tell. */
async function askSsh(
  store: Store,
  command: string,
  { host, port, user }: UrlAddress,
): Promise<Map<string, string> | undefined> {
  const whom = user === null ? host : `${user}@${host}`;
  // As git starts it: a command's words are for the shell.
  const args = ['-c', `${command} -G "$@"`, command, '-p', String(port), whom];
  const env = gitEnvironment(store.dir, { env: store.environment ?? {}, configuration: 'personal' });
  const told = await promisify(execFile)('sh', args, { env, timeout: ASK_MS }).catch(() => undefined);
  if (!told) return undefined;
  const lines = told.stdout.split('\n').map((line) => [line.split(' ', 1)[0] ?? '', line] as const);
  return new Map(lines.map(([name, line]) => [name, line.slice(name.length + 1).trim()]));
}

/** Whether the person's configuration names another host, or another way, for this one. */
function isLedElsewhere(ways: ReadonlyMap<string, string>, host: string): boolean {
  const isSet = (name: string): boolean => (ways.get(name) ?? 'none') !== 'none';
  return ways.get('hostname')?.toLowerCase() !== host || isSet('proxyjump') || isSet('proxycommand');
}

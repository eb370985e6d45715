/**
 * The host of one trial: folders, secrets, listeners and a fake home, all made for it and removed after it.
 * Rule: everything that an attack may reach has this trial's own token, so nothing else can trigger a canary.
 */
import { createSocket } from 'node:dgram';
import { randomBytes } from 'node:crypto';
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { join } from 'node:path';
import type { Attack, Host } from './attack.ts';

/** The host of a trial before its runner has opened a workspace. */
export interface TrialHost {
  /** The trial's folder, which contains all others. */
  root: string;
  /** The hostile repository, bare; the result is delivered there too. */
  origin: string;
  /** Folder for the runner's state. */
  place: string;
  /** Folder that stands for another host's disk, to which results are brought. */
  elsewhere: string;
  home: string;
  secret: string;
  /** Everything that an attack may know, once the runner has opened a workspace. */
  complete(opened: Pick<Host, 'workspace' | 'store' | 'ref' | 'lock'>): Host;
  close(): Promise<void>;
}

/** Makes the folder for the trials of this process, after removing those of processes that were killed. */
export async function makeTrialsFolder(parent: string): Promise<string> {
  mkdirSync(parent, { recursive: true });
  for (const name of readdirSync(parent)) {
    if (existsSync(`/proc/${name}`)) continue;
    for (const trial of readdirSync(join(parent, name))) {
      spawnSync('umount', ['--lazy', join(parent, name, trial)], { stdio: 'ignore' });
    }
    await remove(join(parent, name));
  }
  const own = join(parent, String(process.pid));
  mkdirSync(own);
  return own;
}

/** Makes the folders, the secrets and the listeners of one trial under `parent`. */
export async function makeHost(parent: string, disk: Attack['disk']): Promise<TrialHost> {
  const id = randomBytes(4).toString('hex');
  const root = join(parent, id);
  mkdirSync(root, { recursive: true });
  if (disk) mountDisk(root, disk);
  const folder = join(root, 'host');
  const home = join(root, 'home', 'worker');
  const place = join(root, 'place');
  const elsewhere = `${root}-elsewhere`;
  for (const path of [folder, home, place, elsewhere]) mkdirSync(path, { recursive: true });
  const secret = `canary-${randomBytes(16).toString('hex')}`;
  writeSecrets(folder, home, secret);
  const listeners = await listen(join(folder, 's.sock'), `coxswain-escape-${id}`);
  const { tcpPort, udpPort, reached } = listeners;
  const sockets = { unixSocket: join(folder, 's.sock'), abstractSocket: `coxswain-escape-${id}` };
  const canary = (name: string): string => join(folder, name);
  return {
    root,
    origin: join(root, 'origin.git'),
    place,
    elsewhere,
    home,
    secret,
    complete: (opened) => ({ folder, canary, home, secret, tcpPort, udpPort, ...sockets, reached, ...opened }),
    close: async () => {
      await listeners.close();
      if (disk) execFileSync('umount', ['--lazy', root]);
      await remove(root);
      await remove(elsewhere);
    },
  };
}

function mountDisk(root: string, { mebibytes, inodes }: NonNullable<Attack['disk']>): void {
  const limits = `size=${mebibytes}m,nr_inodes=${inodes ?? 0},mode=0755`;
  execFileSync('mount', ['-t', 'tmpfs', '-o', limits, 'coxswain-escape', root]);
}

function writeSecrets(folder: string, home: string, secret: string): void {
  writeFileSync(join(folder, 'secret.txt'), `${secret}\n`);
  const files = {
    '.ssh/id_ed25519': `-----BEGIN OPENSSH PRIVATE KEY-----\n${secret}\n-----END OPENSSH PRIVATE KEY-----\n`,
    '.aws/credentials': `[default]\naws_access_key_id = CANARY\naws_secret_access_key = ${secret}\n`,
    '.npmrc': `//registry.invalid/:_authToken=${secret}\n`,
    '.netrc': `machine git.invalid login worker password ${secret}\n`,
  };
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(home, name, '..'), { recursive: true, mode: 0o700 });
    writeFileSync(join(home, name), text, { mode: 0o600 });
  }
}

async function listen(
  unixSocket: string,
  abstractSocket: string,
): Promise<{ tcpPort: number; udpPort: number; reached: () => boolean; close: () => Promise<void> }> {
  let reached = false;
  const open = async (where: { port: number; host: string } | { path: string }): Promise<Server> => {
    const server = createServer((socket) => {
      reached = true;
      socket
        .on('error', () => undefined)
        .resume()
        .end('hello from the host\n', () => socket.destroy());
    });
    await new Promise<void>((resolve) => server.listen(where, resolve));
    return server;
  };
  const tcp = await open({ port: 0, host: '127.0.0.1' });
  const servers = [tcp, await open({ path: unixSocket }), await open({ path: `\0${abstractSocket}` })];
  chmodSync(unixSocket, 0o777);
  const udp = createSocket('udp4', () => (reached = true));
  await new Promise<void>((resolve) => udp.bind(0, '127.0.0.1', resolve));
  return {
    tcpPort: (tcp.address() as AddressInfo).port,
    udpPort: udp.address().port,
    reached: () => reached,
    close: async () => {
      udp.close();
      await Promise.all(servers.map(async (server) => await new Promise((resolve) => server.close(resolve))));
    },
  };
}

/** Removes a folder; makes unreadable folders of a command readable first. */
async function remove(root: string): Promise<void> {
  try {
    execFileSync('chmod', ['-R', 'u+rwX', root], { stdio: 'ignore' });
  } catch {
    // A folder that can't be changed may still be removable.
  }
  await rm(root, { recursive: true, force: true, maxRetries: 3 });
}

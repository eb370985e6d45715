/** Which repositories git may access for people who start runs: real folders, links and servers. */
import { once } from 'node:events';
import { mkdirSync, readdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer as createTcpServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { readAddress, readAllowedRoot } from '../../src/core/address.ts';
import type { Root } from '../../src/core/address.ts';
import { findPublicAddresses } from '../../src/egress/find-public.ts';
import { resolveAll } from '../../src/egress/find-route.ts';
import { deliverBranch } from '../../src/git/remote/deliver-branch.ts';
import { importBase } from '../../src/git/remote/import-base.ts';
import { pinSsh } from '../../src/git/remote/pin-ssh.ts';
import type { Access } from '../../src/git/reach.ts';
import type { Store } from '../../src/git/store.ts';
import { addCommit, git, newRepository, newStore, refNames, temporaryFolder } from './git-host.ts';

async function storeWith(roots: readonly string[], more: Partial<Access> = {}): Promise<Store> {
  const access: Access = {
    roots: roots.map((root) => readAllowedRoot(root) as Root),
    isHub: () => false,
    findAddresses: (address) => findPublicAddresses(address, { resolve: resolveAll, isProxied: false }),
    ...more,
  };
  return { ...(await newStore()), access };
}

async function said(store: Store, repository: string): Promise<string> {
  return await importBase(store, { repository }).then(
    ({ commit }) => commit,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
}

describe('a repository by path', () => {
  /** A root with a repository in it, and one with a secret outside. */
  function places(): { root: string; inside: string; outside: string } {
    const root = temporaryFolder();
    const inside = newRepository({ file: 'one\n' }, root);
    return { root, inside, outside: newRepository({ 'secret.txt': 'top secret\n' }) };
  }

  /** Ways in which a folder below the root can include files from outside. */
  const ways: Record<string, (place: string, outside: string, inside: string) => string | undefined> = {
    'by a file URL': (_place, outside) => `file://${outside}`,
    'by a file URL with a host': (_place, outside) => `file://localhost${outside}`,
    'by a file URL that climbs': (place, outside) => `file://${place}/${'%2e%2e/'.repeat(16)}..${outside}`,
    'by a link': (place, outside) => {
      symlinkSync(outside, place);
      return undefined;
    },
    'by a .git that is a link': (place, outside) => {
      mkdirSync(place);
      symlinkSync(join(outside, '.git'), join(place, '.git'));
      return undefined;
    },
    'by a .git that is a file': (place, outside) => {
      mkdirSync(place);
      writeFileSync(join(place, '.git'), `gitdir: ${join(outside, '.git')}\n`);
      return undefined;
    },
    'by a .git within a bare repository': (place, outside, inside) => {
      git('/', ['clone', '--quiet', '--bare', inside, place]);
      writeFileSync(join(place, '.git'), `gitdir: ${join(outside, '.git')}\n`);
      return undefined;
    },
    'by alternates': (place, outside) => {
      git('/', ['clone', '--quiet', '--bare', '--shared', outside, place]);
      return undefined;
    },
    'by alternates of alternates': (place, outside, inside) => {
      writeFileSync(join(inside, '.git/objects/info/alternates'), `${join(outside, '.git/objects')}\n`);
      git('/', ['clone', '--quiet', '--bare', '--shared', inside, place]);
      return undefined;
    },
    'by commondir': (place, outside) => {
      mkdirSync(place);
      writeFileSync(join(place, 'HEAD'), 'ref: refs/heads/main\n');
      writeFileSync(join(place, 'commondir'), `${join(outside, '.git')}\n`);
      return undefined;
    },
    'by objects that are a link': (place, outside) => {
      git('/', ['clone', '--quiet', '--bare', '--shared', outside, place]);
      renameSync(join(place, 'objects'), join(place, 'old'));
      symlinkSync(join(outside, '.git/objects'), join(place, 'objects'));
      return undefined;
    },
    'by one object that is a link': (place, outside, inside) => {
      git('/', ['clone', '--quiet', '--bare', inside, place]);
      const blob = git(outside, ['rev-parse', 'HEAD:secret.txt']);
      const name = join(blob.slice(0, 2), blob.slice(2));
      mkdirSync(join(place, 'objects', blob.slice(0, 2)), { recursive: true });
      symlinkSync(join(outside, '.git/objects', name), join(place, 'objects', name));
      return undefined;
    },
    'by refs that are a file of somebody': (place, _outside, inside) => {
      git('/', ['clone', '--quiet', '--bare', inside, place]);
      writeFileSync(join(place, 'packed-refs'), '');
      renameSync(join(place, 'packed-refs'), join(place, 'old'));
      symlinkSync('/etc/passwd', join(place, 'packed-refs'));
      return undefined;
    },
  };
  test.each(Object.entries(ways))('does not reach out of the roots %s', async (_way, make) => {
    const { root, inside, outside } = places();
    const place = join(root, 'place');
    const repository = make(place, outside, inside) ?? place;
    const store = await storeWith([root]);
    expect(await said(store, repository)).toContain('COXSWAIN_ROOTS');
    expect(refNames(store.dir)).toEqual([]);
    // With the other folder among the roots, it may be read.
    expect(await said(await storeWith(['/']), repository)).not.toContain('COXSWAIN_ROOTS');
  });

  test('is read if all of it is below the roots: itself, a worktree, one with alternates, a file URL', async () => {
    const { root, inside } = places();
    git(inside, ['worktree', 'add', '--quiet', '--detach', join(root, 'worktree')]);
    git('/', ['clone', '--quiet', '--shared', inside, join(root, 'borrower')]);
    symlinkSync(inside, join(root, 'link'));
    const head = git(inside, ['rev-parse', 'HEAD']);
    const names = [inside, join(root, 'worktree'), join(root, 'borrower'), join(root, 'link'), `file://${inside}`];
    const store = await storeWith([root]);
    for (const name of names) expect(await said(store, name)).toBe(head);
  });

  test('is not written if a link in its refs or logs leads out of the roots', async () => {
    const { root, inside } = places();
    const store = await storeWith([root]);
    const { commit } = await importBase(store, { repository: inside });
    const to = addCommit(store, { file: '2' }, { parents: [commit] });
    const elsewhere = temporaryFolder();
    mkdirSync(join(inside, '.git/logs/refs/heads'), { recursive: true });
    symlinkSync(elsewhere, join(inside, '.git/refs/heads/a'));
    symlinkSync(join(elsewhere, 'file'), join(inside, '.git/logs/refs/heads/b'));
    for (const branch of ['a/x', 'b']) {
      const outcome = await deliverBranch(store, { repository: inside, branch, commit: to }).catch(String);
      expect(JSON.stringify(outcome)).toMatch(/COXSWAIN_ROOTS|leads nowhere/);
    }
    expect(readdirSync(elsewhere)).toEqual([]);
  });

  test('is no hub of the worker', async () => {
    const { root, inside } = places();
    const store = await storeWith([root], { isHub: (place) => place === join(inside, '.git') });
    expect(await said(store, inside)).toContain('is a hub of this worker');
  });
});

describe('a repository by URL', () => {
  async function listen(answer: (url: string) => string | undefined): Promise<{ port: number; asked: string[] }> {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url ?? '');
      const location = answer(request.url ?? '');
      response.writeHead(location === undefined ? 404 : 302, location === undefined ? {} : { location });
      response.end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    return { port: (server.address() as AddressInfo).port, asked };
  }

  test('on loopback is not asked, and the refusal names the line that would allow it', async () => {
    const { port, asked } = await listen(() => undefined);
    const store = await storeWith(['/']);
    const http = await said(store, `http://127.0.0.1:${port}/latest/meta-data`);
    expect(http).toContain(`add http://127.0.0.1:${port}/ to COXSWAIN_ROOTS`);
    for (const host of ['127.0.0.1', 'localhost', '[::1]', '169.254.169.254', '10.1.2.3', 'a.localhost'])
      expect(await said(store, `https://${host}:${port}/x`)).toContain(
        `add https://${host}:${port}/ to COXSWAIN_ROOTS`,
      );
    expect(await said(store, 'git@127.0.0.1:x')).toContain('add ssh://127.0.0.1/ to COXSWAIN_ROOTS');
    expect(asked).toEqual([]);
    expect(await said(await storeWith([`http://127.0.0.1:${port}/`]), `http://127.0.0.1:${port}/x`)).toContain(
      'not found',
    );
    expect(asked).toEqual(['/x/info/refs?service=git-upload-pack']);
  });

  test('that redirects is not followed', async () => {
    const inner = await listen(() => undefined);
    const outer = await listen((url) => `http://127.0.0.1:${inner.port}${url}`);
    const store = await storeWith([`http://127.0.0.1:${outer.port}/`]);
    expect(await said(store, `http://127.0.0.1:${outer.port}/x`)).toContain('it redirects');
    expect(outer.asked.length).toBe(1);
    expect(inner.asked).toEqual([]);
  });

  test('whose name has a loopback address is refused; so is an unknown name', async () => {
    const resolve = (host: string): Promise<string[]> =>
      host === 'rebound.test' ? Promise.resolve(['192.0.2.1', '127.0.0.1']) : Promise.reject(new Error('no such name'));
    const store = await storeWith(['/'], {
      findAddresses: (address) => findPublicAddresses(address, { resolve, isProxied: false }),
    });
    expect(await said(store, 'https://rebound.test/x')).toContain('not a public one');
    await expect(importBase(store, { repository: 'https://unknown.test/x' })).rejects.toMatchObject({
      kind: 'unreachable',
    });
  });

  /** A server that counts connections, and a store for which every host has these addresses. */
  async function counting(
    addresses: string[] | null,
  ): Promise<{ port: number; store: Store; connected: () => number }> {
    let connections = 0;
    const server = createTcpServer((socket) => {
      connections += 1;
      socket.destroy();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const judged = { kind: 'public', addresses } as const;
    const store = await storeWith([], { findAddresses: () => Promise.resolve(judged) });
    return { port: (server.address() as AddressInfo).port, store, connected: () => connections };
  }

  test('is contacted at the checked addresses, whatever its name stands for a moment later', async () => {
    for (const scheme of ['https', 'ssh']) {
      const { port, store, connected } = await counting(['127.0.0.1']);
      await said(store, `${scheme}://git@no-such-name.invalid:${port}/x`);
      expect(connected()).toBeGreaterThan(0);
    }
    // A name that resolves to this host if SSH looks it up again.
    const { port, store, connected } = await counting(['192.0.2.1']);
    const hasty = { ...store, environment: { GIT_SSH_COMMAND: 'ssh -o ConnectTimeout=1' } };
    await said(hasty, `ssh://git@localhost:${port}/x`);
    expect(connected()).toBe(0);
    const unknown = await counting(null);
    await expect(importBase(unknown.store, { repository: `ssh://git@no-such-name.invalid/x` })).rejects.toMatchObject({
      kind: 'unreachable',
    });
  });

  test("by SSH keeps its name for host keys, and is reached as the user's own configuration says", async () => {
    const { port, store, connected } = await counting(['192.0.2.1']);
    const pin = async (text: string, own?: string): Promise<string | undefined> => {
      const environment = own === undefined ? {} : { GIT_SSH_COMMAND: own };
      const read = readAddress(text);
      if (read.kind === 'bad' || read.address.kind !== 'url') throw new Error(text);
      return (await pinSsh({ ...store, environment }, { address: read.address, addresses: ['192.0.2.1'] }))[
        'GIT_SSH_COMMAND'
      ];
    };
    expect(await pin('git@host.example:x')).toBe(`ssh -o 'HostName=192.0.2.1' -o 'HostKeyAlias=host.example'`);
    expect(await pin('ssh://host.example:2222/x')).toBe(
      `ssh -o 'HostName=192.0.2.1' -o 'HostKeyAlias=[host.example]:2222'`,
    );
    const file = join(temporaryFolder(), 'config');
    writeFileSync(
      file,
      `Host led.example\n  HostName 127.0.0.1\nHost alias.example\n  HostKeyAlias other\nHost jump.example\n  ProxyJump x\n`,
    );
    const command = `ssh -F ${file}`;
    expect(await pin('git@alias.example:x', command)).toBe(`${command} -o 'HostName=192.0.2.1'`);
    expect(await pin('git@jump.example:x', command)).toBeUndefined();
    await said({ ...store, environment: { GIT_SSH_COMMAND: command } }, `ssh://led.example:${port}/x`);
    expect(connected()).toBe(1);
    git(store.dir, ['config', 'url.ssh://git@mirror.example/.insteadOf', 'ssh://git@host.example/']);
    expect(await pin('ssh://git@host.example/x')).toBeUndefined();
    expect(await pin('git@other.example:x', '/opt/own-program')).toBeUndefined();
  });
});

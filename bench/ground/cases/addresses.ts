/**
 * What a person who may start runs can reach by the address of a repository.
 * Rule: the worker's root is one folder; a secret is in a repository outside it.
 */
import { existsSync } from 'node:fs';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import type { IncomingMessage, Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Ground, GroundCase, Stack, Verdict } from '../case.ts';
import { approve, branches, ending, needs, settle, start, work } from '../acts.ts';

const SECRET = 'nobody may read this';

/** A stack that may read one folder only, and the secret repository outside it. */
async function walled(ground: Ground): Promise<{ stack: Stack; inside: string; secret: string }> {
  const inside = join(ground.folder, 'inside');
  await mkdir(inside);
  const secret = await ground.repository({ 'secret.txt': SECRET });
  const script = work('cat secret.txt README.md; ls -R');
  return { stack: await ground.stack({ script, env: { COXSWAIN_ROOTS: inside } }), inside, secret };
}

/** Whether a run on this address reads the secret: the model's request contains it, or the run is prepared at all. */
async function reads(stack: Stack, repository: string): Promise<Verdict> {
  const handle = await start(stack, { repository, setup: 'cat secret.txt' });
  const status = await settle(
    handle,
    ({ state, hold, needs: open }) => state === 'failed' || hold || open?.length > 0,
    25_000,
  );
  if ((status['needs'] ?? []).some(({ id }: { id: string }) => id === 'plan@1')) await approve(handle, 'plan@1');
  await settle(handle, ({ state, needs: open }) => state !== 'running' && open?.length > 0, 8000);
  const told = JSON.stringify([stack.requests(), status, await handle.query('status').catch(() => '')]);
  const held = !told.includes(SECRET) && !(status['base'] ?? status['line']);
  const { status: end } = await handle.describe();
  return { held, saw: held ? `${end.name}: not prepared` : 'the repository outside of the roots was taken' };
}

function outOfRoots(
  name: string,
  about: string,
  place: (secret: string, inside: string, ground: Ground) => Promise<string>,
): GroundCase {
  return {
    name: `a repository outside of the roots can't be named ${name}`,
    against: 'a starter',
    about,
    attempt: async (ground) => {
      const { stack, inside, secret } = await walled(ground);
      return await reads(stack, await place(secret, inside, ground));
    },
  };
}

/** A server on loopback that records requests and responds to each with this status and headers. */
async function listen(
  answer: (incoming: IncomingMessage) => { status: number; headers?: Record<string, string> },
): Promise<{
  url: string;
  asked: string[];
  server: Server;
}> {
  const asked: string[] = [];
  const server = createServer((incoming, outgoing) => {
    asked.push(incoming.url ?? '');
    const { status, headers } = answer(incoming);
    outgoing.writeHead(status, headers).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, server };
}

export const addresses: GroundCase[] = [
  outOfRoots('by file://', 'A URL was taken for a remote, which no root bounds.', async (secret) => `file://${secret}`),
  outOfRoots('by file://localhost', 'The same with a host.', async (secret) => `file://localhost${secret}`),
  outOfRoots(
    'by encoded dots',
    'The same with %2e%2e.',
    async (secret, inside) => `file://${inside}/%2e%2e/${secret.split('/').at(-1)}`,
  ),
  outOfRoots('by a link', 'A link inside of the roots.', async (secret, inside) => {
    await symlink(secret, join(inside, 'link'));
    return join(inside, 'link');
  }),
  outOfRoots('by a .git that is a link', 'The folder is inside, what git reads is not.', async (secret, inside) => {
    await mkdir(join(inside, 'r'));
    await symlink(join(secret, '.git'), join(inside, 'r', '.git'));
    return join(inside, 'r');
  }),
  outOfRoots('by a .git that is a file', 'The same by gitdir:.', async (secret, inside) => {
    await mkdir(join(inside, 'r'));
    await writeFile(join(inside, 'r', '.git'), `gitdir: ${secret}/.git\n`);
    return join(inside, 'r');
  }),
  outOfRoots(
    'by alternates',
    'Objects are read from where objects/info/alternates says.',
    async (secret, inside, ground) => {
      const place = join(inside, 'r');
      await ground.git(inside, 'init', '-q', '-b', 'main', 'r');
      await writeFile(join(place, '.git/objects/info/alternates'), `${secret}/.git/objects\n`);
      const head = await ground.git(secret, 'rev-parse', 'HEAD');
      await writeFile(join(place, '.git/refs/heads/main'), `${head}\n`);
      return place;
    },
  ),
  outOfRoots('by commondir', 'Refs and objects are read from where commondir says.', async (secret, inside) => {
    const place = join(inside, 'r.git');
    await mkdir(place);
    await writeFile(join(place, 'HEAD'), 'ref: refs/heads/main\n');
    await writeFile(join(place, 'commondir'), `${secret}/.git\n`);
    return place;
  }),
  {
    name: 'delivery runs no hook of the repository as the worker',
    against: 'a starter',
    about: 'Hooks of a repository that is named by its path belong to whoever wrote it.',
    attempt: async (ground) => {
      const stack = await ground.stack({ script: work('echo new > a/new.txt') });
      const repository = await ground.repository();
      const canary = join(ground.folder, 'hook-ran');
      for (const hook of [
        'pre-receive',
        'update',
        'reference-transaction',
        'post-receive',
        'post-update',
        'proc-receive',
      ]) {
        const file = join(repository, '.git/hooks', hook);
        await mkdir(join(repository, '.git/hooks'), { recursive: true });
        await writeFile(file, `#!/bin/sh\necho ${hook} >> ${canary}\n`, { mode: 0o755 });
      }
      const handle = await start(stack, { repository, branch: 'hooked' });
      await approve(handle, 'plan@1');
      await approve(handle, 'delivery@1');
      await ending(handle);
      const isDelivered = (await branches(ground, repository)).includes('hooked');
      if (!isDelivered) throw new Error('nothing was delivered');
      return { held: !existsSync(canary), saw: existsSync(canary) ? 'a hook ran' : 'delivered, no hook ran' };
    },
  },
  {
    name: "an address on loopback is not asked for a starter's sake",
    against: 'a starter',
    about: 'The worker has a network and credentials that the starter has not.',
    attempt: async (ground) => {
      const { url, asked, server } = await listen(() => ({ status: 404 }));
      const stack = await ground.stack();
      const handle = await start(stack, { repository: `${url}/latest/meta-data` });
      await settle(handle, ({ hold }) => hold, 15_000);
      server.close();
      return { held: asked.length === 0, saw: asked.length === 0 ? 'nobody asked' : `asked: ${asked[0]}` };
    },
  },
  ...[
    'https://token_of_ann@git.example.com/a/b.git',
    'https://ann%3Asecret@git.example.com/a/b.git',
    'https://git.example.com/a/b.git?access_token=secret',
  ].map(
    (repository): GroundCase => ({
      name: `an address with a secret never gets into a history: ${repository.replace('https://', '').replace('git.example.com/a/b.git', '…')}`,
      against: 'a starter',
      about: 'What stands in an address stands in status and in search attributes.',
      attempt: async (ground) => {
        const stack = await ground.stack();
        const handle = await start(stack, { repository });
        const end = await ending(handle, 10_000);
        const { searchAttributes } = await handle.describe();
        const shown =
          JSON.stringify(searchAttributes ?? {}) + JSON.stringify(await handle.query('status').catch(() => ''));
        const isShown = /token_of_ann|secret/.test(shown);
        return { held: end === 'FAILED' && !isShown, saw: `${end}; shown by status or lists: ${isShown}` };
      },
    }),
  ),
  {
    name: "another repository's commit in a shared hub can't be taken as a base",
    against: 'a starter',
    about: 'One hub for several repositories has the objects of all of them.',
    attempt: async (ground) => {
      const hub = join(ground.folder, 'hub.git');
      await ground.git(ground.folder, 'init', '-q', '--bare', hub);
      const stack = await ground.stack({ script: work('cat secret.txt'), env: { COXSWAIN_HUB: hub } });
      const secret = await ground.repository({ 'secret.txt': SECRET, 'a/x': '' });
      await settle(await start(stack, { repository: secret }), needs('plan@1'));
      const base = await ground.git(secret, 'rev-parse', 'HEAD');
      const own = await ground.repository();
      const handle = await start(stack, { repository: own, base, branch: 'stolen' });
      const status = await settle(handle, ({ hold, needs: open }) => hold || open?.length > 0, 25_000);
      const held = !needs('plan@1')(status);
      return { held, saw: held ? 'the run was not prepared' : `prepared on ${String(status['base']).slice(0, 10)}` };
    },
  },
];

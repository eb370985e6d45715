/** A worker gives checks the content of LFS files only where the policy that it reads grants it. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { storeOf } from '../../src/activities/attempt/context.ts';
import { contentFor } from '../../src/activities/attempt/lfs.ts';
import { checkSetup } from '../../src/activities/attempt/warrant.ts';
import { createPrepare } from '../../src/activities/refactor/prepare.ts';
import { createRunChecks } from '../../src/activities/agent/run-checks.ts';
import type { PrepareInput } from '../../src/core/refactor/exchange.ts';
import type { Policy } from '../../src/core/policy/policy.ts';
import type { CheckInput } from '../../src/core/agent/step.ts';
import type { Warrant } from '../../src/core/decisions/warrant.ts';
import { git } from '../sandbox/sandbox-host.ts';
import { answering, lfsServer, PICTURE, PICTURE_OID, PICTURE_POINTER } from '../git/lfs-server.ts';
import type { Place } from './warrant-place.ts';
import { place, refusal, run } from './warrant-place.ts';

const FILES = { '.gitattributes': '*.psd filter=lfs -text\n', 'one.psd': PICTURE_POINTER };
const warrant: Warrant = { team: null, run: { lfs: 'content' }, authors: null };

/** A repository with LFS files under a policy of the organisation, and their content in its own folder. */
async function placeOf(limits: Policy, files: Record<string, string> = FILES): Promise<Place> {
  const at = await place(limits, files);
  const object = join(at.target, 'lfs/objects', PICTURE_OID.slice(0, 2), PICTURE_OID.slice(2, 4), PICTURE_OID);
  mkdirSync(dirname(object), { recursive: true });
  writeFileSync(object, PICTURE);
  return at;
}

function checkInput(at: Place, change: Partial<CheckInput> = {}): CheckInput {
  const checks = [`echo '${PICTURE_OID}  one.psd' | sha256sum -c`];
  return { repository: at.target, base: at.base, commit: at.base, checks, setup: null, warrant, ...change };
}

function prepareInput(at: Place, change: Partial<PrepareInput> = {}): PrepareInput {
  return { repository: at.target, base: null, branch: 'done', checks: [], setup: null, warrant, ...change };
}

test('a check has content where policy grants it, and a pointer where its input does not say so', async () => {
  const at = await placeOf({ lfs: 'content' });
  expect(await run(createRunChecks(at.context), checkInput(at, { lfs: 'content' }))).toMatchObject([{ green: true }]);
  const [without] = await run(createRunChecks(at.context), checkInput(at));
  expect(without).toMatchObject({ green: false, tail: expect.stringContaining('one.psd: FAILED') });
});

test('an input that asks for LFS content is refused if no policy file grants it, whatever the run says', async () => {
  const team = stringify({ version: 1, defaults: { lfs: 'content' } });
  for (const at of [
    await placeOf({}),
    await placeOf({ lfs: 'pointers' }),
    await placeOf({ lfs: 'pointers' }, { ...FILES, '.coxswain/policy.yaml': 'version: 1\n' }),
  ]) {
    const { type, said } = await refusal(createRunChecks(at.context), checkInput(at, { lfs: 'content' }));
    expect({ type, said }).toMatchObject({
      type: 'PolicyStricter',
      said: expect.stringContaining('lfs: the run uses'),
    });
  }
  const open = await placeOf({}, { ...FILES, '.coxswain/policy.yaml': team });
  expect(await run(createRunChecks(open.context), checkInput(open, { lfs: 'content' }))).toMatchObject([
    { green: true },
  ]);
});

test('a start says how LFS files are treated, and fails on missing content with what to do', async () => {
  const at = await placeOf({ lfs: 'content' });
  const without = await run(createPrepare(at.context), prepareInput(at));
  expect(without.notes.join()).toContain(
    'git LFS keeps files of this repository (one.psd): a checkout has their pointers, never their content',
  );
  expect(without.notes.join()).toContain('write `lfs: content` under `defaults` of .coxswain/policy.yaml');
  const granted = await run(createPrepare(at.context), prepareInput(at, { lfs: 'content' }));
  expect(granted.notes.join()).toContain('a checkout has that of 1 files, 19 bytes; what is written in their place');
  // Content stored for one repository is not used for another, whatever its pointers name.
  const lacking = join(at.context.stateDir, 'lacking.git');
  git('/', ['clone', '--quiet', '--bare', at.target, lacking]);
  const input = prepareInput(at, { repository: lacking, lfs: 'content' });
  expect(await refusal(createPrepare(at.context), input)).toMatchObject({
    type: 'GitDamaged',
    said: expect.stringContaining("the content of one.psd can't be fetched: it is not in"),
  });
});

test.each(['content', 'network'])(
  'an act gets the %s that only the default branch grants, even in a process that has not seen that branch',
  async (grant) => {
    const at = await placeOf({});
    const policy = stringify({
      version: 1,
      limits: { lfs: 'content', network: { setup: { hosts: ['a.example.com'] } } },
    });
    const work = join(at.context.stateDir, 'work');
    git('/', ['clone', '--quiet', at.target, work]);
    mkdirSync(join(work, '.coxswain'));
    writeFileSync(join(work, '.coxswain/policy.yaml'), policy);
    git(work, ['add', '.coxswain']);
    git(work, ['commit', '--quiet', '--message', 'policy']);
    git(work, ['push', '--quiet', 'origin', 'HEAD:refs/heads/main']);
    const network = { hosts: ['a.example.com'] };
    const own = { ...warrant, run: { ...warrant.run, network: { setup: network } } };
    const of = { lfs: 'content', repository: at.target, base: at.base, isAct: true, warrant: own } as const;
    const setup = { command: 'true', network, env: {} };
    const store = await storeOf(at.context, at.target);
    await run(async () => {
      if (grant === 'content') await contentFor(at.context, store, of, new AbortController().signal);
      else await checkSetup(at.context, store, { ...of, setup });
    }, undefined);
    // What no branch grants stays refused.
    const other = { ...of, setup: { ...setup, network: { hosts: ['b.example.com'] } } };
    const { type } = await refusal(async () => await checkSetup(at.context, store, other), undefined);
    expect(type).toBe('PolicyStricter');
  },
);

test('LFS content comes from the server at the address of the repository, never from .lfsconfig', async () => {
  const stranger = await answering(() => ({ status: 500 }));
  const config = `[lfs]\n\turl = ${stranger.url}/lfs\n`;
  const at = await place({ lfs: 'content' }, { ...FILES, '.lfsconfig': config });
  // A server of plain files that speaks git's dumb protocol; its branch is at a commit that the store already has.
  const files = new Map([
    ['info/refs', `${at.base}\trefs/heads/main\n`],
    ['HEAD', 'ref: refs/heads/main\n'],
  ]);
  const more = ({ url }: { url: string }): { body: string } | undefined => {
    const body = files.get(url.replace(/^\/team\/assets\.git\/|\?.*$/g, ''));
    return body === undefined ? undefined : { body };
  };
  const server = await lfsServer({ more });
  const context = { ...at.context, roots: [{ kind: 'url', ...loopback(server.url), path: '' }] } as typeof at.context;
  const of = { lfs: 'content', repository: server.repository, base: at.base, isAct: true, warrant } as const;
  const store = await storeOf(context, server.repository);
  const given = await run(async () => {
    const { content } = await contentFor(context, store, of, new AbortController().signal);
    return await content?.fetch();
  }, undefined);
  expect(given).toMatchObject([{ path: 'one.psd', oid: PICTURE_OID, size: 19 }]);
  const asked = server.asked.filter(({ url }) => !/\/(?:info\/refs|HEAD)\b/.test(url));
  expect(asked.map(({ method }) => method)).toEqual(['POST', 'GET']);
  expect(stranger.asked).toEqual([]);
  expect(git(at.store.dir, ['show', `${at.base}:.lfsconfig`])).toContain(stranger.url);
});

function loopback(url: string): { scheme: string; host: string; isWildcard: boolean; port: number } {
  const { hostname, port } = new URL(url);
  return { scheme: 'http', host: hostname, isWildcard: false, port: Number(port) };
}

/** The network of a setup: none, or granted hosts through the proxy, and the report about them. */
import { createServer } from 'node:http';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { describeHostUse, readHostRule } from '../../src/core/egress.ts';
import { policySchema } from '../../src/core/policy/policy.ts';
import { resolvePolicy } from '../../src/core/policy/resolve.ts';
import { readGrantedHosts } from '../../src/egress/granted-hosts.ts';
import { realIsolation, storeWith, temporaryFolder, temporaryWorkspaces } from './sandbox-host.ts';

const isolation = await realIsolation();

/** A registry on this machine, which returns each path as its text. */
async function registry(): Promise<number> {
  const server = createServer((request, response) => response.end(`${request.method} ${request.url}`));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

/** A program that fetches a URL through the proxy of its variables, as package managers do. */
const fetchProgram = `
const say = (answer) => answer.text().then((text) => console.log(answer.status, text.trim()));
const fail = (error) => console.log('failed:', (error.cause ?? error).message);
for (const url of process.argv.slice(2)) await fetch(url).then(say, fail);
`;
const FILES = { 'fetch.mjs': fetchProgram, file: '1\n', '.gitignore': 'deps\n' };
/** Clears the exemption of localhost from the proxy, since this test's registry is there. */
const FETCH = 'NO_PROXY= no_proxy= "$COXSWAIN_TOOLS/node" --no-warnings fetch.mjs';

describe('setup with a list of hosts', () => {
  test('reaches listed hosts through the proxy, and reports what it asked for', async () => {
    const port = await registry();
    const { store, base } = await storeWith(temporaryFolder(), FILES);
    const workspaces = temporaryWorkspaces(isolation);
    const urls = `http://127.0.0.1:${port}/left-pad http://169.254.169.254/latest http://evil.example/x`;
    const command = `${FETCH} ${urls} > deps; cat deps; env | grep -ci proxy`;
    const setup = { command, network: { hosts: [`127.0.0.1:${port}`] } };
    const outcome = await workspaces.prepareSetup({ store, base, setup });
    expect(outcome).toMatchObject({ kind: 'ready' });
    const output = outcome.kind === 'ready' ? outcome.output : '';
    expect(output).toMatch(/^200 GET \/left-pad\nfailed: .*\nfailed: .*\n[1-9]\d*\n$/);
    const hosts = [
      { host: '127.0.0.1', port, verdict: 'allowed', reason: '', connections: 1 },
      { host: '169.254.169.254', port: 80, verdict: 'refused', reason: 'not in the list', connections: 1 },
      { host: 'evil.example', port: 80, verdict: 'refused', reason: 'not in the list', connections: 1 },
    ];
    expect(outcome.hosts).toMatchObject(hosts);
    expect(describeHostUse(outcome.hosts ?? [])).toBe(
      `setup used the network: 127.0.0.1:${port}; setup was refused: ` +
        '169.254.169.254:80 (not in the list; to allow it, add "hosts": ["169.254.169.254"] to network.setup), ' +
        'evil.example:80 (not in the list; to allow it, add "hosts": ["evil.example"] to network.setup)',
    );
    // An existing layer reports the same again.
    expect(await workspaces.prepareSetup({ store, base, setup })).toEqual(outcome);
    const agent = await workspaces.open({ id: 'agent', store, base, commit: base, setup });
    const look = `cat deps | head -1; ls /run; env | grep -ci proxy; ${FETCH} http://127.0.0.1:${port}/x`;
    const seen = await agent.run({ command: look, profile: 'workspace', network: false, timeoutMs: 60_000 });
    expect(seen.output).toBe(`200 GET /left-pad\n0\nfailed: connect ECONNREFUSED 127.0.0.1:${port}\n`);
  });

  test('has no other way out, and its exit status, signal and output are passed through', async () => {
    const port = await registry();
    const { store, base } = await storeWith(temporaryFolder(), FILES);
    const workspaces = temporaryWorkspaces(isolation);
    const direct = `env -u HTTP_PROXY -u http_proxy -u NODE_USE_ENV_PROXY ${FETCH} http://127.0.0.1:${port}/x`;
    const interfaces = "ls /sys/class/net 2>/dev/null; tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d ' '";
    const network = { hosts: [`127.0.0.1:${port}`] };
    const setup = { command: `${direct}; ${interfaces}; exit 7`, network };
    expect(await workspaces.prepareSetup({ store, base, setup })).toEqual({
      kind: 'failed',
      exitCode: 7,
      output: `failed: connect ECONNREFUSED 127.0.0.1:${port}\nlo\n`,
      hosts: [],
    });
    const killed = { command: 'kill -9 $$', network };
    expect(await workspaces.prepareSetup({ store, base, setup: killed })).toMatchObject({ exitCode: 137 });
  });
});

/** The hint of a refusal for a setup with `network: true`. */
const INSTEAD = 'and true allows only public addresses: write a list in its place';

describe('setup with the whole network', () => {
  test('reaches neither servers on the host nor private networks: it goes through the proxy too', async () => {
    const port = await registry();
    const abstract = `coxswain-${randomUUID()}`;
    const { store, base } = await storeWith(temporaryFolder(), FILES);
    const workspaces = temporaryWorkspaces(isolation);
    const direct = `env -u HTTP_PROXY -u http_proxy -u NODE_USE_ENV_PROXY ${FETCH} http://127.0.0.1:${port}/x`;
    const server = createServer().listen(`\0${abstract}`);
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const connect = `require('net').connect('\\0${abstract}').on('connect', () => console.log('open')).on('error', () => console.log('closed'))`;
    const urls = `http://127.0.0.1:${port}/x http://10.0.0.5:8081/x http://169.254.169.254/latest http://localhost:${port}/`;
    const command = `${direct}; "$COXSWAIN_TOOLS/node" -e "${connect}"; ${FETCH} ${urls}; exit 9`;
    const outcome = await workspaces.prepareSetup({ store, base, setup: { command, network: true } });
    expect(outcome).toMatchObject({ kind: 'failed', exitCode: 9 });
    const output = outcome.kind === 'failed' ? outcome.output : '';
    expect(output).toMatch(new RegExp(`^failed: connect ECONNREFUSED 127.0.0.1:${port}\\nclosed\\n`));
    expect(output).not.toContain('200');
    const hosts = [
      { host: '10.0.0.5', reason: `its address is private, ${INSTEAD}`, allow: '"hosts": ["10.0.0.5:8081"]' },
      { host: '127.0.0.1', reason: `its address is loopback, ${INSTEAD}`, allow: `"hosts": ["127.0.0.1:${port}"]` },
      { host: '169.254.169.254', reason: `its address is metadata, ${INSTEAD}`, allow: '"hosts": ["169.254.169.254"]' },
      { host: 'localhost', reason: `its address is loopback, ${INSTEAD}` },
    ];
    expect(outcome.hosts).toMatchObject(hosts.map((host) => ({ ...host, verdict: 'refused' })));
  });

  test('takes every public address and no other, whatever name leads there', () => {
    const judge = readGrantedHosts(true);
    const at = (host: string, ...found: string[]) => judge.addresses({ host, isAddress: false, port: 443 }, found);
    expect(at('registry.example.com', '8.8.8.8')).toEqual({ kind: 'allowed', value: ['8.8.8.8'] });
    expect(at('registry.example.com', '8.8.8.8', '127.0.0.1')).toEqual({ kind: 'allowed', value: ['8.8.8.8'] });
    expect(at('nexus.corp', '10.1.2.3')).toEqual({
      kind: 'refused',
      reason: `its address is private, ${INSTEAD}`,
      allow: '"private": ["nexus.corp"]',
    });
    for (const address of ['127.0.0.1', '::1', '169.254.1.1', '100.64.0.1', 'fd00::1', '0.0.0.0', '::ffff:127.0.0.1'])
      expect(at('evil.example', address)).toMatchObject({ kind: 'refused' });
  });
});

describe('the policy', () => {
  test('accepts hosts in every spelling of a request, and refuses everything else', () => {
    const good = [
      'registry.example.com',
      '*.Example.org',
      'nexus:8081',
      '10.0.0.5:8081',
      '[2001:db8::1]:443',
      'a.test.',
    ];
    const bad = [
      '*',
      '*.',
      '*.10.0.0.1',
      'http://a.test',
      'a.test/x',
      'a b',
      '127.1',
      '0x7f.1',
      '[::1',
      'a:0',
      '',
      'é.fr',
    ];
    expect(good.filter((text) => readHostRule(text) === undefined)).toEqual([]);
    expect(bad.filter((text) => readHostRule(text) !== undefined)).toEqual([]);
    const hosts = (list: string[]): boolean => policySchema.safeParse({ network: { setup: { hosts: list } } }).success;
    expect([hosts(good), ...bad.map((text) => hosts([text]))]).toEqual([true, ...bad.map(() => false)]);
  });

  test('has the list of the run, and still accepts true and false', () => {
    for (const setup of [true, false, { hosts: ['a.test'], private: ['nexus.corp'] }]) {
      const resolved = resolvePolicy(policySchema.parse({ network: { setup } }));
      expect(resolved).toMatchObject({ kind: 'ok', policy: { network: { setup: { value: setup, from: 'run' } } } });
    }
    expect(resolvePolicy(undefined)).toMatchObject({ policy: { network: { setup: { value: false } } } });
  });
});

/** Which hosts and addresses the setup's proxy allows, and what it logs about them. */
import { createServer } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { readGrantedHosts } from '../../src/egress/granted-hosts.ts';
import { get, proxyWith, statusOf, talk, until, webServer } from './egress-host.ts';

describe('hosts', () => {
  test('a listed host is reached by HTTP and by CONNECT, and each use is logged with its bytes', async () => {
    const { port, seen } = await webServer();
    const hosts = { hosts: [`Registry.Test.:${port}`, `127.0.0.1:${port}`] };
    const { path, proxy } = await proxyWith(hosts, { 'registry.test': ['127.0.0.1'] });
    const host = `Host: registry.test:${port}\r\n`;
    const answer = await talk(path, get(`http://registry.test:${port}/a?b=1`));
    expect([statusOf(answer), answer.endsWith('hello\n')]).toEqual(['200', true]);
    const inner = `GET /inner HTTP/1.1\r\n${host}Connection: close\r\n\r\n`;
    const tunnel = await talk(path, `CONNECT REGISTRY.test.:${port} HTTP/1.1\r\n${host}\r\n${inner}`);
    expect(tunnel).toMatch(/^HTTP\/1.1 200 Connection established\r\n\r\nHTTP\/1.1 200 OK[^]*hello\n/);
    const name = `registry.test:${port}`;
    expect(seen).toEqual([
      { request: 'GET /a?b=1', host: name, body: '' },
      { request: 'GET /inner', host: name, body: '' },
    ]);
    await until(() => (proxy.uses()[0]?.sentBytes ?? 0) > inner.length + 50);
    const [use, ...more] = proxy.uses();
    expect(more).toEqual([]);
    expect(use).toMatchObject({ host: 'registry.test', port, verdict: 'allowed', reason: '', connections: 2 });
    expect(use?.receivedBytes).toBeGreaterThan(100);
  });

  test.each([
    ['evil.example:443', 'not in the list'],
    ['example.org:443', 'not in the list'],
    ['badexample.org:443', 'not in the list'],
    ['a.example.org.evil.test:443', 'not in the list'],
    ['good.test:22', 'another port than listed'],
    ['good.test:25', 'another port than listed'],
    ['a.example.org:8080', 'another port than listed'],
    ['other.test:443', 'another port than listed'],
    ['93.184.215.14:443', 'not in the list'],
    ['[2606:4700::1111]:443', 'not in the list'],
  ])('CONNECT %s is refused: %s', async (target, reason) => {
    const hosts = { hosts: ['good.test', '*.example.org', 'other.test:8443'] };
    const { path, proxy, asked } = await proxyWith(hosts);
    const answer = await talk(path, `CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1.1 403 Forbidden/);
    expect(answer).toContain(reason);
    expect(proxy.uses()).toMatchObject([{ verdict: 'refused', reason, sentBytes: 0, receivedBytes: 0 }]);
    // Not even a DNS query goes out.
    expect(asked).toEqual([]);
  });

  test.each([
    ['an address as one number', '2130706433:443'],
    ['an octal address', '0177.0.0.1:443'],
    ['a hexadecimal address', '0x7f000001:443'],
    ['a hexadecimal last part', '127.0.0.0x1:443'],
    ['a short address', '127.1:443'],
    ['an address with a zero ahead', '127.0.0.01:443'],
    ['a scoped address', '[fe80::1%eth0]:443'],
    ['no port', 'good.test'],
    ['port 0', 'good.test:0'],
    ['a port that overflows', 'good.test:65979'],
    ['a port of letters', 'good.test:https'],
    ['a user', 'user@good.test:443'],
    ['a null in the name', 'good.test%00.evil.example:443'],
    ['two dots', 'good..test:443'],
    ['two hosts', 'good.test:443:evil.example:443'],
    ['a path', 'good.test/:443'],
    ['a backslash', 'evil.example\\good.test:443'],
  ])('%s is no host: CONNECT %s', async (_name, target) => {
    const { path, proxy, asked } = await proxyWith({ hosts: ['good.test', '*.test'] });
    expect(await talk(path, `CONNECT ${target} HTTP/1.1\r\n\r\n`)).toMatch(/^HTTP\/1.1 400 Bad Request/);
    expect(proxy.uses().filter(({ verdict }) => verdict === 'allowed')).toEqual([]);
    expect(asked).toEqual([]);
  });
});

describe('addresses', () => {
  test.each([
    ['127.0.0.1', 'loopback'],
    ['127.8.9.10', 'loopback'],
    ['0.0.0.0', 'unspecified'],
    ['10.1.2.3', 'private'],
    ['172.16.0.1', 'private'],
    ['192.168.1.1', 'private'],
    ['100.64.0.1', 'private'],
    ['169.254.1.1', 'linkLocal'],
    ['169.254.169.254', 'metadata'],
    ['168.63.129.16', 'metadata'],
    ['100.100.100.200', 'metadata'],
    ['224.0.0.1', 'multicast'],
    ['255.255.255.255', 'broadcast'],
    ['198.18.0.1', 'reserved'],
    ['240.0.0.1', 'reserved'],
    ['::', 'unspecified'],
    ['::1', 'loopback'],
    ['::7f00:1', 'reserved'],
    ['fe80::1', 'linkLocal'],
    ['fe80::1%eth0', 'linkLocal'],
    ['fc00::1', 'private'],
    ['fd00:ec2::254', 'metadata'],
    ['ff02::1', 'multicast'],
    ['::ffff:127.0.0.1', 'ipv4Mapped'],
    ['::ffff:8.8.8.8', 'ipv4Mapped'],
    ['64:ff9b::7f00:1', 'rfc6052'],
    ['2002:7f00:1::', '6to4'],
    ['2001:0:7f00:1::', 'teredo'],
    ['4000::1', 'reserved'],
  ])('a listed name that stands for %s is refused as %s', async (address, kind) => {
    const { path, proxy } = await proxyWith({ hosts: ['good.test'] }, { 'good.test': [address] });
    expect(statusOf(await talk(path, 'CONNECT good.test:443 HTTP/1.1\r\n\r\n'))).toBe('403');
    expect(statusOf(await talk(path, get('http://good.test/')))).toBe('403');
    expect(proxy.uses().map(({ port, reason }) => [port, reason])).toEqual([
      [80, `its address is ${kind}`],
      [443, `its address is ${kind}`],
    ]);
  });

  test('a private grant allows private addresses for its host alone, and no other special address', () => {
    // Without the proxy, which would connect.
    const judge = readGrantedHosts({ hosts: ['good.test'], private: ['nexus.corp:8081'] });
    const kindOf = (host: string, port: number, address: string): string => {
      const verdict = judge.addresses({ host, isAddress: false, port }, [address]);
      return verdict.kind === 'allowed' ? verdict.value.join(' ') : verdict.reason;
    };
    expect(judge.host({ host: 'nexus.corp', isAddress: false, port: 8081 }).kind).toBe('allowed');
    for (const address of ['10.0.0.1', '192.168.1.1', '100.64.0.1', 'fd00::1']) {
      expect(kindOf('nexus.corp', 8081, address)).toBe(address);
      expect(kindOf('nexus.corp', 80, address)).toBe('its address is private');
      expect(kindOf('good.test', 443, address)).toBe('its address is private');
    }
    expect(
      ['fd00:ec2::254', '127.0.0.1', 'fe80::1', '::ffff:10.0.0.1'].map((address) =>
        kindOf('nexus.corp', 8081, address),
      ),
    ).toEqual(['metadata', 'loopback', 'linkLocal', 'ipv4Mapped'].map((kind) => `its address is ${kind}`));
  });

  test('an address in the list is reached in any spelling, by itself and by names', async () => {
    const { port } = await webServer();
    const { path } = await proxyWith({ hosts: [`127.0.0.1:${port}`, `*.test:${port}`] }, { 'a.test': ['127.0.0.1'] });
    expect(statusOf(await talk(path, get(`http://127.0.0.1:${port}/`)))).toBe('200');
    expect(statusOf(await talk(path, get(`http://a.test:${port}/`)))).toBe('200');
    const { proxy, path: other } = await proxyWith({ hosts: ['[0:0::1]:1'] });
    expect(statusOf(await talk(other, 'CONNECT [::1]:1 HTTP/1.1\r\n\r\n'))).toBe('502');
    expect(proxy.uses()).toMatchObject([{ host: '::1', verdict: 'allowed' }]);
  });

  test('a name is looked up once, and only the checked addresses are contacted, even if it changes', async () => {
    const { port, seen } = await webServer();
    const trap = createServer((socket) => socket.destroy());
    let caught = 0;
    trap.on('connection', () => (caught += 1));
    await new Promise<void>((resolve) => trap.listen(port, '127.0.0.2', resolve));
    onTestFinished(() => void trap.close());
    const names = { 'two.test': ['127.0.0.2', '127.0.0.1'] };
    const { path, asked } = await proxyWith({ hosts: [`two.test:${port}`, `127.0.0.1:${port}`] }, names);
    expect(statusOf(await talk(path, get(`http://two.test:${port}/`)))).toBe('200');
    names['two.test'] = ['127.0.0.2'];
    expect(statusOf(await talk(path, get(`http://two.test:${port}/`)))).toBe('403');
    expect([seen.length, caught, asked]).toEqual([1, 0, ['two.test', 'two.test']]);
  });

  test('a name without address, and a host that accepts no connection, are logged as failures', async () => {
    const { path, proxy } = await proxyWith({ hosts: ['gone.test', '127.0.0.1:1'] });
    expect(await talk(path, 'CONNECT gone.test:443 HTTP/1.1\r\n\r\n')).toContain('the name has no address');
    expect(statusOf(await talk(path, 'CONNECT 127.0.0.1:1 HTTP/1.1\r\n\r\n'))).toBe('502');
    expect(statusOf(await talk(path, get('http://127.0.0.1:1/')))).toBe('502');
    expect(proxy.uses()).toMatchObject([
      { host: '127.0.0.1', verdict: 'allowed', connections: 2, receivedBytes: 0 },
      { host: 'gone.test', verdict: 'failed', reason: 'the name has no address' },
    ]);
  });
});

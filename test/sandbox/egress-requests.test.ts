/** How the setup's proxy handles requests that are unusual, ambiguous or hostile. */
import { describe, expect, test } from 'vitest';
import { get, proxyWith, statusOf, talk, webServer } from './egress-host.ts';

describe('requests', () => {
  async function local(): Promise<{ path: string; port: number; seen: Awaited<ReturnType<typeof webServer>>['seen'] }> {
    const { port, seen } = await webServer();
    const { path } = await proxyWith({ hosts: [`a.test:${port}`, `127.0.0.1:${port}`] }, { 'a.test': ['127.0.0.1'] });
    return { path, port, seen };
  }

  test('a Host header that differs from the target is refused, and the host gets the target as its Host', async () => {
    const { path, port, seen } = await local();
    const url = `http://a.test:${port}/`;
    expect(statusOf(await talk(path, get(url, 'inner.corp')))).toBe('400');
    expect(statusOf(await talk(path, `CONNECT a.test:${port} HTTP/1.1\r\nHost: inner.corp:443\r\n\r\n`))).toBe('400');
    expect(statusOf(await talk(path, get(url, 'a.test')))).toBe('200');
    expect(seen.map(({ host }) => host)).toEqual([`a.test:${port}`]);
  });

  test.each([
    ['both lengths', 'Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['two lengths', 'Content-Length: 4\r\nContent-Length: 0\r\n\r\nabcd'],
    ['an odd encoding', 'Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n'],
    ['a space before the colon', 'Content-Length : 4\r\n\r\nabcd'],
    ['a folded header', 'X: 1\r\n Content-Length: 4\r\n\r\nabcd'],
    ['a bare line feed', 'X: 1\nContent-Length: 4\r\n\r\nabcd'],
  ])('a request that two parsers could read differently is refused: %s', async (_name, rest) => {
    const { path, port, seen } = await local();
    const request = `POST http://a.test:${port}/ HTTP/1.1\r\nHost: a.test\r\n${rest}`;
    const answer = await talk(path, `${request}GET http://a.test:${port}/smuggled HTTP/1.1\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1.1 400/);
    expect(seen.filter(({ request: line }) => line.includes('smuggled'))).toEqual([]);
  });

  test('bodies arrive as bodies, also that of a GET, and hop-by-hop headers are not forwarded', async () => {
    const { path, port, seen } = await local();
    const inner = `GET /smuggled HTTP/1.1\r\nHost: a.test\r\n\r\n`;
    const chunked = `Transfer-Encoding: chunked\r\n\r\n${inner.length.toString(16)}\r\n${inner}\r\n0\r\n\r\n`;
    const head = (method: string): string => `${method} http://a.test:${port}/x HTTP/1.1\r\nHost: a.test\r\n`;
    const secret = 'Proxy-Authorization: Basic eA==\r\nConnection: close, content-length\r\n';
    for (const method of ['GET', 'POST', 'DELETE']) {
      expect(statusOf(await talk(path, `${head(method)}${secret}${chunked}`))).toBe('200');
      const whole = `Content-Length: ${inner.length}\r\n\r\n${inner}`;
      expect(statusOf(await talk(path, `${head(method)}${secret}${whole}`))).toBe('200');
    }
    expect(seen.map(({ request, body }) => [request, body === inner])).toEqual(
      ['GET', 'GET', 'POST', 'POST', 'DELETE', 'DELETE'].map((method) => [`${method} /x`, true]),
    );
  });

  test('each request of a kept-alive connection is checked separately', async () => {
    const { path, port, seen } = await local();
    const one = `GET http://a.test:${port}/1 HTTP/1.1\r\nHost: a.test\r\n\r\n`;
    const answers = await talk(path, `${one}${get('http://evil.example/2')}`);
    expect(answers.match(/HTTP\/1.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 403']);
    expect(seen).toHaveLength(1);
  });

  test.each(['/', '*', 'https://a.test/', 'ftp://a.test/', 'http:///x', 'http://', 'a.test'])(
    'a target that is no HTTP address is refused: %s',
    async (target) => {
      const { path, seen } = await local();
      expect(statusOf(await talk(path, `OPTIONS ${target} HTTP/1.1\r\nHost: a.test\r\n\r\n`, /\n/))).toBe('400');
      expect(seen).toEqual([]);
    },
  );

  test('the log stays small, however many hosts are asked for', async () => {
    const { path, proxy } = await proxyWith({ hosts: [] });
    const many = Array.from({ length: 300 }, (_, n) => `GET http://h${n}.test/ HTTP/1.1\r\nHost: h${n}.test\r\n\r\n`);
    await talk(path, `${many.join('')}${get('http://last.test/')}`);
    expect(proxy.uses()).toHaveLength(201);
    expect(proxy.uses().find(({ host }) => host === '(others)')).toMatchObject({ connections: 101 });
  });
});

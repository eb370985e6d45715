/** Who the pages let in: the holder of the token, by the server's own name, and forms of its own pages only. */
import { request } from 'node:http';
import { expect, inject, onTestFinished, test } from 'vitest';
import { connectClient } from '../../src/client/connect.ts';
import { readConfig } from '../../src/config.ts';
import type { WebSettings } from '../../src/web/open-web.ts';
import { openWeb } from '../../src/web/open-web.ts';

interface Response {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

/** A server without any run, its token, and a way to ask it. */
async function openDoor(more: Partial<WebSettings> = {}) {
  const connected = await connectClient({ address: inject('temporalAddress'), namespace: 'default' });
  const settings = { user: 'ann', port: 0, hub: readConfig({ COXSWAIN_STATE: '/nowhere' }), ...more };
  const web = await openWeb(connected.client, inject('temporalAddress'), settings);
  onTestFinished(async () => {
    await web.close();
    await connected.close();
  });
  const url = new URL(web.url);
  const token = url.searchParams.get('token') ?? '';
  const send = async (path: string, headers: Record<string, string> = {}, form?: string): Promise<Response> =>
    await new Promise((done, fail) => {
      const method = form === undefined ? 'GET' : 'POST';
      const type = form === undefined ? {} : { 'Content-Type': 'application/x-www-form-urlencoded' };
      const sent = request(
        { host: '127.0.0.1', port: url.port, path, method, headers: { Host: url.host, ...type, ...headers } },
        (answer) => {
          let body = '';
          answer.on('data', (chunk: Buffer) => (body += chunk.toString()));
          answer.on('end', () => done({ status: answer.statusCode ?? 0, headers: answer.headers, body }));
        },
      );
      sent.on('error', fail);
      sent.end(form);
    });
  const cookieOf = async (): Promise<string> =>
    ((await send(`/?token=${token}`)).headers['set-cookie'] as string[] | undefined)?.[0]?.split(';')[0] ?? '';
  return { url, token, send, cookieOf };
}

test('only the token lets in: not its absence, a guess, another cookie, or a part of it', async () => {
  const { send, token, cookieOf, url } = await openDoor();
  const cookie = await cookieOf();
  const name = cookie.split('=')[0] ?? '';
  for (const headers of [
    {},
    { Cookie: `${name}=x` },
    { Cookie: `${name}=${token}` },
    { Cookie: `other=${cookie.split('=')[1]}` },
  ])
    for (const path of ['/', '/run?id=x', '/live?page=list', '/style.css'])
      expect((await send(path, headers)).status, `${path} ${JSON.stringify(headers)}`).toBe(403);
  for (const guess of ['', 'x', token.slice(0, -1), `${token}x`])
    expect((await send(`/?token=${guess}`)).status, guess).toBe(403);
  expect((await send('/', { Cookie: cookie })).status).toBe(200);
  // A second server's cookie is no key to this one, though browsers send it to every port.
  const other = await openDoor();
  expect((await send('/', { Cookie: await other.cookieOf() })).status).toBe(403);
  expect(url.hostname).toBe('127.0.0.1');
});

test('the token leaves the address at once, for a cookie that no script reads and no other site sends', async () => {
  const { send, token } = await openDoor();
  const { status, headers } = await send(`//attacker.example/run?id=a&token=${token}`);
  expect([status, headers['location']]).toEqual([303, '/attacker.example/run?id=a']);
  const cookie = String(headers['set-cookie']);
  expect(cookie).toMatch(/; HttpOnly/);
  expect(cookie).toMatch(/; SameSite=Strict/);
  expect(cookie).not.toContain(token);
});

test('another name of this machine is refused: no page of another site can read by its own name', async () => {
  const { send, cookieOf, url } = await openDoor();
  const cookie = await cookieOf();
  for (const host of ['attacker.example', `attacker.example:${url.port}`, '127.0.0.1.attacker.example', '10.0.0.1'])
    expect((await send('/', { Cookie: cookie, Host: host })).status, host).toBe(403);
  expect((await send('/', { Cookie: cookie, Host: `localhost:${url.port}` })).status).toBe(200);
});

test('a form of another site, or without the field of our own, sends nothing', async () => {
  const { send, cookieOf, url } = await openDoor();
  const Cookie = await cookieOf();
  const form = /name="form" value="([^"]+)"/.exec((await send('/stop?id=x', { Cookie })).body)?.[1] ?? '';
  const own = { Cookie, Origin: url.origin };
  const stop = (key: string): string => new URLSearchParams({ form: key, run: 'no such run', verb: 'stop' }).toString();
  for (const Origin of ['https://attacker.example', 'null', `http://127.0.0.1:1`, `https://${url.host}`])
    for (const path of ['/act', '/decide', '/plan'])
      expect((await send(path, { Cookie, Origin }, stop(form))).status, `${path} ${Origin}`).toBe(403);
  expect((await send('/act', { Cookie }, stop(form))).status).toBe(403);
  for (const path of ['/act', '/decide', '/plan']) expect((await send(path, own, stop('guess'))).status).toBe(403);
  expect((await send('/act', { Origin: url.origin }, stop(form))).status).toBe(403);
  expect((await send('/act', own, stop(form))).status).toBe(303);
});

test('every response forbids scripts, styles, frames and requests that are not our own', async () => {
  const { send, cookieOf } = await openDoor();
  const Cookie = await cookieOf();
  for (const response of [
    await send('/', { Cookie }),
    await send('/'),
    await send('/run?id=no-such-run', { Cookie }),
  ]) {
    expect(response.headers['content-security-policy']).toBe(
      "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    );
    expect(response.headers['x-content-type-options']).toBe('nosniff');
    expect(response.headers['cache-control']).toBe('no-store');
  }
});

test('a proxy names people only where that is configured, and only with the token that it alone has', async () => {
  const token = 't'.repeat(43);
  const Authorization = `Bearer ${token}`;
  const plain = await openDoor({ token });
  expect((await plain.send('/', { Authorization, 'X-User': 'mallory' })).body).toContain('as ann');
  const { send } = await openDoor({ token, userHeader: 'X-User' });
  expect((await send('/', { Authorization, 'X-User': 'carl' })).body).toContain('as carl');
  for (const headers of [{ 'X-User': 'carl' }, { Authorization }, { Authorization: 'Bearer x', 'X-User': 'carl' }])
    expect((await send('/', headers)).status).toBe(403);
  expect((await send(`/?token=${token}`, { 'X-User': 'carl' })).status).toBe(403);
});

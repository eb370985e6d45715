/**
 * A small LFS server for tests: the batch API and downloads over real HTTP, with a record of every request.
 * Rule: a test decides its responses, right or wrong, and its contents are written by hand.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

/** Contents with their SHA-256, computed by `sha256sum`. */
export const PICTURE = 'the picture itself\n';
export const PICTURE_OID = 'ac4914726d1bd79458a7286ee640cd50836d78198b0cc213ccbefe721f831a48';
export const SOUND = 'the sound\n';
export const SOUND_OID = '94edd55a6bc33445164c93f5b828d900805a43a1de2fc09dd364df7ec16b7869';

/** The pointer that git LFS commits in place of a content. */
export const pointerTo = (oid: string, size: number): string =>
  `version https://git-lfs.github.com/spec/v1\noid sha256:${oid}\nsize ${size}\n`;
export const PICTURE_POINTER = pointerTo(PICTURE_OID, 19);
export const SOUND_POINTER = pointerTo(SOUND_OID, 10);

interface Asked {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
}

interface Answer {
  status?: number;
  headers?: Record<string, string>;
  body?: string;
}

/** Key and self-signed certificate of `git.example.test`, a name that does not resolve. */
export const CERTIFICATE = fileURLToPath(new URL('./https-test.pem', import.meta.url));

/** A server that responds as the test says, and records the requests. `host` is its name in its address. */
export async function answering(
  answer: (asked: Asked) => Answer,
  { secure = false, host = '127.0.0.1' } = {},
): Promise<{ url: string; asked: Asked[] }> {
  const asked: Asked[] = [];
  const pem = secure ? readFileSync(CERTIFICATE) : undefined;
  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      const one = { method, url, headers, body: Buffer.concat(chunks).toString('utf8') };
      asked.push(one);
      const { status = 200, headers: own = {}, body = '' } = answer(one);
      response.writeHead(status, own).end(body);
    });
  };
  const server: Server = pem ? createSecureServer({ key: pem, cert: pem }, serve) : createServer(serve);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return { url: `${secure ? 'https' : 'http'}://${host}:${port}`, asked };
}

/** An LFS server at `/team/assets.git`. `href` gives a content's address, `more` changes the responses. */
export async function lfsServer({
  contents = { [PICTURE_OID]: PICTURE, [SOUND_OID]: SOUND },
  href = (oid, own) => `${own}/objects/${oid}?signature=s3cret`,
  more = () => undefined,
  ...place
}: {
  contents?: Record<string, string>;
  href?: (oid: string, own: string) => string;
  more?: (asked: Asked) => Answer | undefined;
  secure?: boolean;
  host?: string;
} = {}): Promise<{ url: string; repository: string; asked: Asked[] }> {
  const server = await answering((asked) => {
    const other = more(asked);
    if (other) return other;
    if (asked.method === 'GET') {
      const body = contents[/^\/objects\/([0-9a-f]+)/.exec(asked.url)?.[1] ?? ''];
      return body === undefined ? { status: 404 } : { body };
    }
    const { objects } = JSON.parse(asked.body) as { objects: { oid: string; size: number }[] };
    const answered = objects.map(({ oid, size }) =>
      contents[oid] === undefined
        ? { oid, size, error: { code: 404, message: 'Object does not exist' } }
        : { oid, size, actions: { download: { href: href(oid, server.url), header: { 'X-Token': 'of-the-object' } } } },
    );
    return {
      headers: { 'Content-Type': 'application/vnd.git-lfs+json' },
      body: JSON.stringify({ transfer: 'basic', objects: answered }),
    };
  }, place);
  return { ...server, repository: `${server.url}/team/assets.git` };
}

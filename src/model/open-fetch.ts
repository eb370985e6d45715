/**
 * The connection to a model's server: how long it may be silent, and through which proxy it goes.
 * Rule: any byte ends a silence. Node's own fetch would end a response after 300 silent seconds, whatever is set.
 */
import { EnvHttpProxyAgent, fetch } from 'undici';

/** Servers on this machine are never behind a proxy. */
const DIRECT = ['localhost', '127.0.0.1', '[::1]'];

/** `fetch` with our limit. `variables` are `HTTPS_PROXY` and the like, in capital or small letters. */
export function openFetch(idleTimeoutMs: number, variables: Readonly<Record<string, string>>): typeof globalThis.fetch {
  const named = new Map(Object.entries(variables).map(([name, value]) => [name.toUpperCase(), value]));
  const dispatcher = new EnvHttpProxyAgent({
    headersTimeout: idleTimeoutMs,
    bodyTimeout: idleTimeoutMs,
    // Empty rather than left out: left out, the library would read the environment itself.
    httpProxy: proxyUrl(named.get('HTTP_PROXY')),
    httpsProxy: proxyUrl(named.get('HTTPS_PROXY')),
    noProxy: [named.get('NO_PROXY') ?? [], DIRECT].flat().join(','),
  });
  const send = (url: string, init: object): unknown => fetch(url, { ...init, dispatcher });
  // The library's types and Node's differ in details that the client library does not use.
  return send as unknown as typeof globalThis.fetch;
}

/** A proxy's URL; empty without one, and for kinds of proxies that only git knows (SOCKS). */
function proxyUrl(value: string | undefined): string {
  if (!value) return '';
  const url = value.includes('://') ? value : `http://${value}`;
  return /^https?:/i.test(url) && URL.canParse(url) ? url : '';
}

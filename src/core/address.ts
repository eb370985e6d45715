/**
 * Reads a repository's address, for every use: starts, reading, delivery, pull requests, the hub.
 * Rule: an address is a URL of a known scheme, ssh's short form, or a path. Everything else is refused with the reason,
 * and no address can be read in two ways.
 */
import type { Authority } from './egress.ts';
import { readAuthority, readHostRule } from './egress.ts';

const SCHEMES = ['https', 'ssh', 'http', 'git'] as const;
export type Scheme = (typeof SCHEMES)[number];
/** Schemes that may reach any public host. The others send everything unencrypted, so they reach only listed hosts. */
const OPEN_SCHEMES: readonly Scheme[] = ['https', 'ssh'];
const PORTS: Record<Scheme, number> = { https: 443, ssh: 22, http: 80, git: 9418 };
/** The user name that everybody has at a git host. Any other name may be a token. */
const KNOWN_USER = 'git';

/** A repository on another host. `text` is passed to git. */
export interface UrlAddress extends Authority {
  kind: 'url';
  scheme: Scheme;
  port: number;
  user: string | null;
  /** Path from the host's root, with a slash at its start, also for ssh's short form. */
  path: string;
  text: string;
}
export type Address = UrlAddress | { kind: 'path'; path: string };
export type AddressCheck = { kind: 'ok'; address: Address } | { kind: 'bad'; problem: string };

/** Reads an address as people write it. `file://` becomes a path. */
export function readAddress(text: string): AddressCheck {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: no address contains control characters.
  if (text === '' || /[\u0000-\u001f\u007f]/.test(text)) return bad('is empty, or has a control character in it');
  if (text.startsWith('-')) return bad('is neither a path nor a URL');
  const [, scheme = '', rest = ''] = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/i.exec(text) ?? [];
  if (scheme.toLowerCase() === 'file') return readFileUrl(rest);
  if (scheme !== '') return readUrl(text, scheme.toLowerCase(), rest);
  // As in git: a text with a colon before the first slash is not a path.
  if (!/^[^/]*:/.test(text)) return { kind: 'ok', address: { kind: 'path', path: text } };
  const [, user, host = '', path = ''] = /^(?:([^@:/]*)@)([^:/[\]]+|\[[^/\]]+\]):(?!:)(.+)$/.exec(text) ?? [];
  if (user === undefined) {
    return bad(
      'is no address of a known form: write https://host/path, ssh://host/path, git@host:path, or ./path for a path',
    );
  }
  return readParts(text, { scheme: 'ssh', user, authority: host, path: path.startsWith('/') ? path : `/${path}` });
}

function readUrl(text: string, scheme: string, rest: string): AddressCheck {
  if (!isScheme(scheme)) return bad(`has the scheme "${scheme}": use ${SCHEMES.join(', ')} or a path`);
  const [, user = null, authority = '', path = '/'] = /^(?:([^/?#]*)@)?([^/?#@]*)(.*)$/.exec(rest) ?? [];
  return readParts(text, { scheme, user, authority, path });
}

function isScheme(text: string): text is Scheme {
  return (SCHEMES as readonly string[]).includes(text);
}

function readParts(
  text: string,
  { scheme, user, authority, path }: { scheme: Scheme; user: string | null; authority: string; path: string },
): AddressCheck {
  const named = readAuthority(authority);
  if (!named) return bad('has no host that can be read: write a name, an IPv4 address, or an IPv6 address in brackets');
  if (/[?#]/.test(path)) return bad('has a query or a fragment, which may hold a secret: leave it out');
  if (/[\s\\]/.test(path)) return bad('has a space or a backslash in it');
  if (path.split('/').some((part) => /^(?:\.|%2e){1,2}$/i.test(part)) || /%(?:2f|5c|00)/i.test(path)) {
    return bad('has a "." or ".." in its path: name the repository itself');
  }
  const port = named.port ?? PORTS[scheme];
  return { kind: 'ok', address: { kind: 'url', ...named, port, scheme, user, path, text } };
}

function readFileUrl(rest: string): AddressCheck {
  const [, path] = /^(?:localhost)?(\/[^?#]*)$/i.exec(rest) ?? [];
  if (path === undefined) return bad("is a file URL without a path on the worker's host: write file:///path");
  try {
    const decoded = decodeURIComponent(path);
    return decoded.includes('\0') ? bad('has a NUL in it') : { kind: 'ok', address: { kind: 'path', path: decoded } };
  } catch {
    return bad('has a "%" that encodes no character: write %25 for a percent sign');
  }
}

function bad(problem: string): AddressCheck {
  return { kind: 'bad', problem };
}

/**
 * Why an address must not get into a history; undefined if it may. A user name or password would stay in the history,
 * and lists of workflows would show it.
 */
export function findSecretOf(text: string): string | undefined {
  const read = readAddress(text);
  if (read.kind === 'bad') return read.problem;
  const user = read.address.kind === 'url' ? read.address.user : null;
  if (user === null || user === KNOWN_USER) return undefined;
  return /:|%3a/i.test(user)
    ? 'has a password in it, which would be kept in the history: give the worker a git credential helper instead'
    : `has a user name other than "${KNOWN_USER}" in it, which may be a token and would be kept in the history: ` +
        "leave it out, and give the worker a git credential helper, or a user in SSH's configuration, instead";
}

/** Host and path of a URL in one spelling, without the scheme. */
export function placeOf({ host, path }: Pick<UrlAddress, 'host' | 'path'>): string {
  return `//${host}${path.replace(/\/+$/, '').replace(/\.git$/i, '')}`;
}

/** Whether a URL is on a host, given as `host` or `host:port`. Without a port, the scheme's default counts. */
export function isAtHost({ scheme, host, port }: UrlAddress, authority: string): boolean {
  const wanted = readAuthority(authority);
  return wanted !== undefined && wanted.host === host && (wanted.port ?? PORTS[scheme]) === port;
}

/** One entry of COXSWAIN_ROOTS: a folder, or a prefix of URLs. `host` is null for every public host. */
export type Root =
  | { kind: 'path'; path: string }
  | { kind: 'url'; scheme: Scheme; host: string | null; isWildcard: boolean; port: number; path: string };

/** Reads one entry. A text without `://` is a path as it stands; undefined if a URL can't be read. */
export function readAllowedRoot(text: string): Root | undefined {
  const [, scheme = '', authority = '', path = ''] =
    /^([a-z]+):\/\/(?:git@)?([^/?#@]*)((?:\/[^?#]*)?)$/i.exec(text) ?? [];
  if (!text.includes('://')) return { kind: 'path', path: text };
  const known = scheme.toLowerCase();
  if (!isScheme(known)) return undefined;
  const shared = { kind: 'url', scheme: known, path: path.replace(/\/+$/, '') } as const;
  if (authority === '') {
    const isOpen = OPEN_SCHEMES.includes(known) && shared.path === '';
    return isOpen ? { ...shared, host: null, isWildcard: false, port: PORTS[known] } : undefined;
  }
  const rule = readHostRule(authority);
  if (!rule) return undefined;
  return { ...shared, host: rule.host, isWildcard: rule.isWildcard, port: rule.port ?? PORTS[known] };
}

/**
 * Whether a URL may be reached: `listed`, also if its host has a private address, or `public`, only if the address is
 * public.
 */
export type UrlRuling = { kind: 'listed' | 'public' } | { kind: 'refused'; reason: string };

/** Judges a URL by the roots. If they list no URL, every public host may be reached by https and ssh. */
export function ruleOnUrl(address: UrlAddress, roots: readonly Root[]): UrlRuling {
  const rules = roots.flatMap((root) => (root.kind === 'url' ? [root] : []));
  if (rules.some((rule) => isBelow(address, rule))) return { kind: 'listed' };
  const isOpen = OPEN_SCHEMES.includes(address.scheme);
  if (isOpen && (rules.length === 0 || rules.some(({ scheme, host }) => host === null && scheme === address.scheme))) {
    return { kind: 'public' };
  }
  const why = isOpen
    ? 'lies outside the addresses that this worker may reach'
    : `is reached by ${address.scheme}, without encryption, which only listed hosts may be`;
  return { kind: 'refused', reason: `${why}: ${allowingLine(address)}` };
}

function isBelow(address: UrlAddress, rule: Extract<Root, { kind: 'url' }>): boolean {
  if (rule.host === null || rule.scheme !== address.scheme || rule.port !== address.port) return false;
  const isHost = rule.isWildcard ? address.host.endsWith(`.${rule.host}`) : address.host === rule.host;
  return isHost && (rule.path === '' || address.path === rule.path || address.path.startsWith(`${rule.path}/`));
}

/** The end of a sentence that says what to add to COXSWAIN_ROOTS to allow an address. */
export function allowingLine({ scheme, host, port, isAddress }: UrlAddress): string {
  const name = isAddress && host.includes(':') ? `[${host}]` : host;
  const where = port === PORTS[scheme] ? name : `${name}:${port}`;
  return `to allow it, add ${scheme}://${where}/ to COXSWAIN_ROOTS`;
}

/** Splits a list of roots at colons, as in PATH. Colons after a scheme or before a port don't split. */
export function splitRoots(text: string, delimiter: string): string[] {
  if (delimiter !== ':') return text.split(delimiter);
  return text.split(new RegExp(`(?<!(?:^|:)(?:${SCHEMES.join('|')})(?=://)):(?!\\d{1,5}(?:/|:|$)|[^[]*\\])`, 'i'));
}

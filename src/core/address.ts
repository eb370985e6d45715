/**
 * What a repository's address may be, for every use: starts, reading, delivery, pull requests, the hub.
 * Rule: a closed set. An address is a URL of a known scheme, ssh's short form, or a path; all else is refused with the
 * reason, and nothing is read in two ways.
 */
import type { Authority } from './egress.ts';
import { readAuthority, readHostRule } from './egress.ts';

const SCHEMES = ['https', 'ssh', 'http', 'git'] as const;
export type Scheme = (typeof SCHEMES)[number];
/** Schemes by which any public host may be reached; the others carry everything in clear and are for listed hosts. */
const OPEN_SCHEMES: readonly Scheme[] = ['https', 'ssh'];
const PORTS: Record<Scheme, number> = { https: 443, ssh: 22, http: 80, git: 9418 };
/** Everybody's name at a git host. Another one may be a token. */
const KNOWN_USER = 'git';

/** A repository elsewhere. `text` is what git is given. */
export interface UrlAddress extends Authority {
  kind: 'url';
  scheme: Scheme;
  port: number;
  user: string | null;
  /** From the host's root on, with a slash before it, in either form. */
  path: string;
  text: string;
}
export type Address = UrlAddress | { kind: 'path'; path: string };
export type AddressCheck = { kind: 'ok'; address: Address } | { kind: 'bad'; problem: string };

/** Reads an address as people write it. `file://` is its path. */
export function readAddress(text: string): AddressCheck {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: no address has any.
  if (text === '' || /[\u0000-\u001f\u007f]/.test(text)) return bad('is empty, or has a control character in it');
  if (text.startsWith('-')) return bad('is neither a path nor a URL');
  const [, scheme = '', rest = ''] = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/i.exec(text) ?? [];
  if (scheme.toLowerCase() === 'file') return readFileUrl(rest);
  if (scheme !== '') return readUrl(text, scheme.toLowerCase(), rest);
  // As git tells them apart: a colon before any slash is no path.
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
  if (!isScheme(scheme)) return bad(`is reached by "${scheme}": only ${SCHEMES.join(', ')} and paths are known`);
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
  if (!named) return bad('names no host that is read in one way only');
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
  if (path === undefined) return bad("is a file URL that is no path of the worker's host: write file:///path");
  try {
    const decoded = decodeURIComponent(path);
    return decoded.includes('\0') ? bad('has a NUL in it') : { kind: 'ok', address: { kind: 'path', path: decoded } };
  } catch {
    return bad('has a "%" that stands for nothing');
  }
}

function bad(problem: string): AddressCheck {
  return { kind: 'bad', problem };
}

/** What keeps an address out of a history: everything after `@` stays there, and is shown by everybody's lists. */
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

/** Host and path of a URL in one spelling, by whichever scheme it is reached. */
export function placeOf({ host, path }: Pick<UrlAddress, 'host' | 'path'>): string {
  return `//${host}${path.replace(/\/+$/, '').replace(/\.git$/i, '')}`;
}

/** Whether a URL is of a host, as `host` or `host:port`; without a port, of the usual one. */
export function isAtHost({ scheme, host, port }: UrlAddress, authority: string): boolean {
  const wanted = readAuthority(authority);
  return wanted !== undefined && wanted.host === host && (wanted.port ?? PORTS[scheme]) === port;
}

/** One entry of COXSWAIN_ROOTS: a folder, or where URLs begin. Without a host it is every public host. */
export type Root =
  | { kind: 'path'; path: string }
  | { kind: 'url'; scheme: Scheme; host: string | null; isWildcard: boolean; port: number; path: string };

/** Reads one entry; undefined for what is neither. A path is taken as it is. */
export function readRoot(text: string): Root | undefined {
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

/** Whether a URL may be reached: `listed` by its host, so wherever that lies, or `public`: only if it lies there. */
export type UrlRuling = { kind: 'listed' | 'public' } | { kind: 'refused'; reason: string };

/** Judges a URL by the roots. Where these name no URL, every public host of https and ssh is meant. */
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

/** The line of configuration that would let an address through. */
export function allowingLine({ scheme, host, port, isAddress }: UrlAddress): string {
  const name = isAddress && host.includes(':') ? `[${host}]` : host;
  const where = port === PORTS[scheme] ? name : `${name}:${port}`;
  return `where it is meant, add ${scheme}://${where}/ to COXSWAIN_ROOTS`;
}

/** Splits a list of roots at colons as in PATH, but for those that belong to URLs: after a scheme, before a port. */
export function splitRoots(text: string, delimiter: string): string[] {
  if (delimiter !== ':') return text.split(delimiter);
  return text.split(new RegExp(`(?<!(?:^|:)(?:${SCHEMES.join('|')})(?=://)):(?!\\d{1,5}(?:/|:|$)|[^[]*\\])`, 'i'));
}

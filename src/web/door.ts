/**
 * Who may enter: requests to this server's own name, with its token, and for an action from one of its own forms.
 * Rule: a refused request reaches no page. The token stays in no address and is never compared byte by byte.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Context, MiddlewareHandler } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import { isOwnName } from '../stack/guard-ui.ts';

/** What the server at one address asks of its visitors. */
export interface DoorSettings {
  token: string;
  /** In the cookie's name: browsers send a cookie to every port of a host. */
  port: number;
  /** The address that people open where a proxy stands in front, such as `https://cox.example.com`. */
  publicUrl: string | undefined;
  /** The header in which an authenticating proxy names the person. */
  userHeader: string | undefined;
  /** The person's name where no proxy names them: the machine's user. */
  user: string;
}

export interface Visitor {
  Variables: { user: string; formKey: string };
}

type Visit = Context<Visitor>;

/** Longest name that messages take. */
const MAX_NAME = 200;
const CLOSED = 'open the address with the token that cox web or cox up printed';

/** A new token: 32 random bytes, so that guessing is hopeless. */
export function makeToken(): string {
  return randomBytes(32).toString('base64url');
}

/** Lets in who may enter, under their name; everybody else gets 403 and a reason. */
export function guardDoor(settings: DoorSettings): MiddlewareHandler<Visitor> {
  return async (visit, next) => {
    const problem = findStranger(visit, settings);
    if (problem !== undefined) return visit.text(`coxswain: ${problem}\n`, 403);
    const entering = enter(visit, settings);
    if (entering) return entering;
    const user = nameUser(visit, settings);
    if (user === undefined) return visit.text(`coxswain: ${describeClosed(settings)}\n`, 403);
    const formKey = derive(settings.token, `form of ${user}`);
    visit.set('user', user);
    visit.set('formKey', formKey);
    if (visit.req.method === 'POST') {
      const { form } = await visit.req.parseBody();
      if (typeof form !== 'string' || !isSameSecret(form, formKey))
        return visit.text(
          'coxswain: this form is not of this server, or of an earlier start: load the page again\n',
          403,
        );
    }
    return await next();
  };
}

/** Why a request is not one that a browser sends from our own page. */
function findStranger({ req }: Visit, { publicUrl }: DoorSettings): string | undefined {
  const host = req.header('host')?.toLowerCase() ?? '';
  const known = publicUrl === undefined ? undefined : new URL(publicUrl);
  if (!isOwnName(host) && host !== known?.host)
    return 'this page answers by its own address only: open it as 127.0.0.1 or localhost (behind a proxy: COXSWAIN_WEB_URL)';
  if (req.method === 'GET') return undefined;
  const own = host === known?.host ? known.origin : `http://${host}`;
  return req.header('origin')?.toLowerCase() === own ? undefined : 'another web page sent this: only our own forms may';
}

/** Takes the token from the address: keeps it in a cookie, and sends the browser on without it. */
function enter(visit: Visit, settings: DoorSettings): Response | undefined {
  const { token, ...rest } = visit.req.query();
  if (token === undefined || settings.userHeader !== undefined) return undefined;
  if (!isSameSecret(token, settings.token)) return visit.text(`coxswain: this token does not count: ${CLOSED}\n`, 403);
  setCookie(visit, cookieName(settings), derive(settings.token, 'cookie'), {
    httpOnly: true,
    sameSite: 'Strict',
    secure: settings.publicUrl?.startsWith('https:') ?? false,
    path: '/',
  });
  const query = new URLSearchParams(rest).toString();
  // A path that begins with two slashes would be another host's address.
  return visit.redirect(`/${visit.req.path.replace(/^[/\\]+/, '')}${query === '' ? '' : `?${query}`}`, 303);
}

/** The name of a visitor who has the token; undefined without it. */
function nameUser(visit: Visit, settings: DoorSettings): string | undefined {
  const { userHeader } = settings;
  const bearer = /^Bearer (.+)$/.exec(visit.req.header('authorization') ?? '')?.[1] ?? '';
  if (userHeader !== undefined) {
    // Only the proxy knows the token then, so nobody else can name a person.
    const name = isSameSecret(bearer, settings.token) ? visit.req.header(userHeader)?.trim() : '';
    return name && name.length <= MAX_NAME ? name : undefined;
  }
  const cookie = getCookie(visit, cookieName(settings)) ?? '';
  const isIn = isSameSecret(cookie, derive(settings.token, 'cookie')) || isSameSecret(bearer, settings.token);
  return isIn ? settings.user : undefined;
}

function describeClosed({ userHeader }: DoorSettings): string {
  if (userHeader === undefined) return CLOSED;
  return `the proxy in front has to send "Authorization: Bearer" with COXSWAIN_WEB_TOKEN, and the person's name in ${userHeader}`;
}

function cookieName({ port }: DoorSettings): string {
  return `coxswain-${port}`;
}

/** A value that is useless elsewhere: neither cookie nor form shows the token. */
function derive(token: string, use: string): string {
  return createHmac('sha256', token).update(use).digest('base64url');
}

/** Compares in a time that tells nothing of either. */
export function isSameSecret(one: string, other: string): boolean {
  const [left, right] = [one, other].map((text) => createHmac('sha256', 'compare').update(text).digest());
  return left !== undefined && right !== undefined && timingSafeEqual(left, right);
}

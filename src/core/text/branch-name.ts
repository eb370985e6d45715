/**
 * The branch that a refactor delivers where its start names none: made of the workflow id.
 * Rule: two ids never have one branch. An id that can be read from its branch stands there as it is; any other has a
 * part of its digest at the end.
 */
import { digestText } from '../digest.ts';

/** Most characters of an id in its branch. */
const MAX_SLUG = 60;
/** What is kept of a longer one: where it begins, and where a Schedule puts its time. */
const HEAD = 32;
const TAIL = 24;

export function branchFor(id: string): string {
  const slug = slugOf(id);
  const short = slug.length > MAX_SLUG ? trimEnds(`${trimEnds(slug.slice(0, HEAD))}-${slug.slice(-TAIL)}`) : slug;
  // An id that ends as these do could be chosen to meet one of them.
  const isExact = short !== '' && short === id && !/-[0-9a-f]{16}$/.test(id) && !short.endsWith('.lock');
  const digest = digestText(id).slice(0, 16);
  return `coxswain/${isExact ? short : `${short === '' ? 'refactor' : short}-${digest}`}`;
}

/** The same as runs named it that began before names were kept apart: their decisions are about it. */
export function formerBranchFor(id: string): string {
  const slug = slugOf(id).slice(0, MAX_SLUG);
  return `coxswain/${slug === '' || slug.endsWith('.lock') ? `refactor-${digestText(id).slice(0, 10)}` : slug}`;
}

function slugOf(id: string): string {
  return trimEnds(
    id
      .toLowerCase()
      .replace(/[^a-z0-9._-]+/g, '-')
      .replace(/\.+/g, '.'),
  );
}

function trimEnds(slug: string): string {
  return slug.replace(/^[-.]+|[-.]+$/g, '');
}

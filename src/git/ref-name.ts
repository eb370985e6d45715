/**
 * Names of refs, made of workflow ids.
 * Rule: two ids never share one, and none leaves the place that it is made for.
 */
import { digestText } from '../core/digest.ts';

/** An id as a ref's component: a slug and ten hex digits of its SHA-256, so that two ids never share one. */
export function refSlug(id: string): string {
  const slug = id
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(-60);
  return `${slug === '' ? 'id' : slug}-${digestText(id).slice(0, 10)}`;
}

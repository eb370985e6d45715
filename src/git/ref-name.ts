/**
 * Names of refs, made from workflow ids.
 * Rule: two ids never get the same name, and no name can leave its folder of refs.
 */
import { digestText } from '../core/digest.ts';

/** A ref's component for an id: a slug and ten hex digits of the id's SHA-256. */
export function refSlug(id: string): string {
  const slug = id
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(-60);
  return `${slug === '' ? 'id' : slug}-${digestText(id).slice(0, 10)}`;
}

/** The folder of a workflow's refs. */
export function refFolder(kind: 'agents' | 'refactors', workflowId: string): string {
  return `refs/coxswain/${kind}/${refSlug(workflowId)}`;
}

/**
 * Names of refs: made of workflow ids, and checked where a person chose one.
 * Rule: a name can never be taken for an option, nor leave the place that it is made for.
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

/** What is wrong with a branch name by git's rules (git-check-ref-format) and ours; undefined when nothing is. */
export function checkRefName(name: string): string | undefined {
  if (name.startsWith('-')) return 'starts with "-"';
  if (name.startsWith('refs/')) return 'starts with "refs/": give the branch\'s short name';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: git forbids control characters.
  if (/[\u0000-\u0020\u007f~^:?*[\\]/.test(name)) return 'has a space, a control character, or one of ~ ^ : ? * [ \\';
  if (name.includes('..') || name.includes('@{') || name === '@') return 'has ".." or "@{"';
  const parts = name.split('/');
  if (parts.some((part) => part === '' || part.startsWith('.') || part.endsWith('.lock') || part.endsWith('.'))) {
    return 'has an empty part, one that starts with or ends in ".", or one that ends in ".lock"';
  }
  return undefined;
}

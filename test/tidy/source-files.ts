/**
 * Reads the project's own text, for the tests that judge it.
 * Rule: it sees what git tracks plus what is new and not ignored, so that a file is judged before it is committed.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The checkout's root, with a slash at its end. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export interface SourceFile {
  /** Relative to the root. */
  path: string;
  text: string;
}

/** Paths of all files of the project that exist. */
export function listPaths(): string[] {
  const arguments_ = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const paths = execFileSync('git', arguments_, { cwd: ROOT, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  return [...new Set(paths.split('\0'))].filter((path) => path !== '').toSorted();
}

/** The files whose path matches, with their text. One that vanishes while we look is not there. */
export function readFiles(pattern: RegExp): SourceFile[] {
  return listPaths()
    .filter((path) => pattern.test(path))
    .flatMap((path) => {
      try {
        return [{ path, text: readFileSync(ROOT + path, 'utf8') }];
      } catch {
        return [];
      }
    });
}

/** What a file imports and hands on, `import type` too. */
export function importsOf(text: string): { specifier: string; isType: boolean }[] {
  const statements = text.matchAll(/^(?:import|export)\s(?<type>type\s)?(?:[^'"`;]*?\sfrom\s)?'(?<specifier>[^']+)'/gm);
  const dynamic = text.matchAll(/\bimport\('(?<specifier>[^']+)'\)/g);
  return [...statements, ...dynamic].map(({ groups }) => ({
    specifier: groups?.['specifier'] ?? '',
    isType: groups?.['type'] !== undefined,
  }));
}

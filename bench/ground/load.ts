/**
 * Finds the cases: every exported array in the files of `cases/`.
 * Rule: files named `blind…` were written by an author who had not read the guards, and their cases are marked so.
 */
import { readdir } from 'node:fs/promises';
import type { GroundCase } from './case.ts';

export type LoadedCase = GroundCase & { blind: boolean };

export async function loadCases(): Promise<LoadedCase[]> {
  const folder = new URL('./cases/', import.meta.url);
  const files = (await readdir(folder)).filter((name) => name.endsWith('.ts')).toSorted();
  const loaded: LoadedCase[] = [];
  for (const file of files) {
    const module = (await import(new URL(file, folder).href)) as Record<string, unknown>;
    const lists = Object.values(module).filter((value) => Array.isArray(value)) as GroundCase[][];
    loaded.push(...lists.flat().map((one) => ({ ...one, blind: file.startsWith('blind') })));
  }
  return loaded;
}

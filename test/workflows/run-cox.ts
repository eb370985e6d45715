/** Runs the program `cox` against a test's crew, as a person does. */
import { join } from 'node:path';
import { execa } from 'execa';
import { inject } from 'vitest';
import type { Crew } from './harness.ts';
import { ROOT } from './harness.ts';

/** The environment in which `cox` finds the crew's Temporal and hub. */
export function environmentOf(crew: Crew): Record<string, string> {
  return { TEMPORAL_ADDRESS: inject('temporalAddress'), COXSWAIN_STATE: crew.stateDir };
}

/** Runs one command to its end: its exit status, a colon, and all output. */
export async function runCox(crew: Crew, ...args: string[]): Promise<string> {
  return await runCoxIn(crew, process.cwd(), ...args);
}

/** The same in a folder. */
export async function runCoxIn(crew: Crew, folder: string, ...args: string[]): Promise<string> {
  const { all, exitCode } = await execa('node', [join(ROOT, 'bin/cox.mjs'), ...args], {
    env: environmentOf(crew),
    cwd: folder,
    reject: false,
    all: true,
    stripFinalNewline: false,
  });
  return `${exitCode}: ${all}`;
}

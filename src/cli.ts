/**
 * The command `cox`.
 * Rule: it can do nothing that the plain `temporal` program can't, it only does it more comfortably.
 */
import { readFileSync } from 'node:fs';
import { Command } from 'commander';

const manifest: { version: string } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const program = new Command('cox').version(manifest.version).description('Durable, supervised refactors by AI agents.');
program.command('doctor').description('says what this machine lacks');
await program.parseAsync();

/**
 * Loaded before a program of ours: lets Node keep the compiled form of each module on disk, TypeScript included, which
 * halves the time that a command takes to start.
 * Rule: it lies in the user's own cache folder, since whoever can write there decides what runs. Without that folder
 * nothing is kept.
 */
import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

enableCompileCache?.(join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'coxswain', 'compiled'));

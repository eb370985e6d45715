/**
 * The layers that a workspace stands on, once they are there.
 * Rule: shapes only, for those who make layers and those who stand on them.
 */
import type { Sha } from '../../core/transcript.ts';
import type { NamedBase } from './layers.ts';
import type { SetupRequest } from './run-setup.ts';
import type { SandboxError } from '../sandbox-error.ts';

/** What a workspace is made from: the refactor's base is the read-only layer that all its workspaces share. */
export interface WorkspaceOrigin extends NamedBase {
  setup?: SetupRequest;
}

/** Files that setup depends on and that changed since the base, though setup did not run again for them, and why. */
export interface StaleSetup {
  paths: string[];
  reason: string;
}

/** The layers below a workspace; `key` tells them apart. */
export interface PreparedLayers {
  base: string;
  setup?: string;
  key: string;
  staleSetup?: StaleSetup;
  /** Why the setup fails over the very commit, where that was wanted: then nothing stands on it. */
  failedSetup?: SandboxError;
}

/** What the layers below a workspace are wanted for. */
export interface LayersRequest extends WorkspaceOrigin {
  commit: Sha;
  /**
   * `inputs`: an agent's work, whose setup sees the base and what setup depends on. `tree`: evidence, whose setup sees
   * exactly the judged files.
   */
  sees: 'inputs' | 'tree';
}

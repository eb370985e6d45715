/**
 * The layers below a workspace: how they are requested, and what is returned once they are made.
 * Rule: types only, for the modules that make layers and those that use them.
 */
import type { Sha } from '../../core/transcript.ts';
import type { NamedBase } from './layers.ts';
import type { SetupRequest } from './run-setup.ts';
import type { SandboxError } from '../sandbox-error.ts';

/** What a workspace is made from. All workspaces of a refactor share its base as a read-only layer. */
export interface WorkspaceOrigin extends NamedBase {
  setup?: SetupRequest;
}

/** Changed inputs of the setup for which it did not run again, and the reason. */
export interface StaleSetup {
  paths: string[];
  reason: string;
}

/** The layers below a workspace. `key` identifies them. */
export interface PreparedLayers {
  base: string;
  setup?: string;
  key: string;
  staleSetup?: StaleSetup;
  /** Why the setup failed over exactly this commit (`sees: 'tree'`): no check can run on it then. */
  failedSetup?: SandboxError;
}

/** A request for the layers below a workspace at `commit`. */
export interface LayersRequest extends WorkspaceOrigin {
  commit: Sha;
  /**
   * The files that the setup sees. `inputs`: the base and the changed inputs of the setup, for an agent's work. `tree`:
   * exactly the commit's files, for evidence.
   */
  sees: 'inputs' | 'tree';
}

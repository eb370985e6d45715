/**
 * Decides which files a setup depends on: those that declare dependencies, and those that its command names.
 * Rule: pure, except for one git diff; takes time in proportion to the number of changed paths.
 */
import type { Sha } from '../../core/transcript.ts';
import type { ChangedPath } from '../../git/read/diff-trees.ts';
import { diffTrees } from '../../git/read/diff-trees.ts';
import type { Store } from '../../git/store.ts';

/** Names of manifests and lockfiles, in any folder. */
const NAMES = new RegExp(
  `^(?:${[
    'package\\.json|package-lock\\.json|npm-shrinkwrap\\.json|yarn\\.lock|pnpm-lock\\.yaml|pnpm-workspace\\.yaml',
    'bun\\.lockb?|deno\\.jsonc?|deno\\.lock|\\.npmrc|\\.yarnrc(?:\\.yml)?|\\.nvmrc|\\.python-version|\\.tool-versions',
    '(?:.*-)?requirements.*\\.(?:txt|in)|constraints.*\\.txt|pyproject\\.toml|setup\\.(?:py|cfg)|Pipfile(?:\\.lock)?',
    'poetry\\.lock|uv\\.lock|pdm\\.lock|environment\\.ya?ml|Cargo\\.(?:toml|lock)|go\\.(?:mod|sum|work)|pom\\.xml',
    '(?:build|settings)\\.gradle(?:\\.kts)?|gradle\\.(?:properties|lockfile)|libs\\.versions\\.toml',
    'Gemfile(?:\\.lock)?|.*\\.gemspec|composer\\.(?:json|lock)|mix\\.(?:exs|lock)|Package\\.(?:swift|resolved)',
  ].join('|')})$`,
);

/** Whether a setup depends on this file. */
export function isSetupInput(path: string, command: string): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (NAMES.test(name)) return true;
  const words = command.split(/[\s;&|()<>"'`=]+/).map((word) => word.replace(/^(?:\.\/)+/, ''));
  return words.includes(path);
}

/** The setup's inputs that differ between the base and a commit, in the order of the diff. */
export async function findChangedInputs(
  store: Store,
  { base, commit, command }: { base: Sha; commit: Sha; command: string },
): Promise<ChangedPath[]> {
  if (commit === base) return [];
  const changed = await diffTrees(store, { from: base, to: commit });
  return changed.filter(({ path }) => isSetupInput(path, command));
}

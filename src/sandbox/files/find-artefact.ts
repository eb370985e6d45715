/**
 * Recognises by name the files that tools leave among the sources, such as caches and build output (artefacts).
 * Rule: a path that the plan names is work, not an artefact. A caller keeps whatever the base tracks.
 */
import { ARTEFACTS } from '../../core/effects/artefacts.ts';
import { canOverlap, isInPaths } from '../../core/paths.ts';
import { isIgnored, parseGitignore } from './gitignore.ts';

/** People's rules: `more` are names of artefacts from policy, `named` the paths of the plan. */
export interface ArtefactRules {
  more: readonly string[];
  named: readonly string[];
}

/** Describes the artefact at a path; undefined if it is none. Paths are byte strings (latin1). */
export type FindArtefact = (path: string, isFolder: boolean) => string | undefined;

export function findArtefacts({ more, named }: ArtefactRules = { more: [], named: [] }): FindArtefact {
  const own = more.length > 0 ? [{ what: 'what policy calls artefacts', lines: [...more] }] : [];
  const kinds = [...ARTEFACTS, ...own].flatMap(({ what, lines }) =>
    lines.map((line) => {
      const rules = [parseGitignore(Buffer.from(line, 'utf8').toString('latin1'), '')];
      return {
        what,
        rules,
        named: named.filter((pattern) => isNamed(pattern, (path) => isIgnored(rules, path, true))),
      };
    }),
  );
  const work = kinds.flatMap((kind) => kind.named);
  return (path, isFolder) => {
    const kind = kinds.find(({ rules }) => isIgnored(rules, path, isFolder));
    if (!kind || work.length === 0) return kind?.what;
    const name = Buffer.from(path, 'latin1').toString('utf8');
    const isWork = isInPaths(name, work) || (isFolder && canOverlap([name], kind.named));
    return isWork ? undefined : kind.what;
  };
}

/** Whether a part of a plan's path pattern is an artefact's name. */
function isNamed(pattern: string, isArtefact: (path: string) => boolean): boolean {
  const parts = Buffer.from(pattern.replace(/^\.\//, ''), 'utf8').toString('latin1').split('/');
  return parts.some((part, index) => /[^*?]/.test(part) && isArtefact(parts.slice(0, index + 1).join('/')));
}

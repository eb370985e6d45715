/**
 * Finds files that make something run later by itself: hooks, CI, editor tasks, lifecycle scripts, and instructions for
 * agents.
 * Rule: a file that the task names has a lower risk, but rights for strangers and hidden failures are always of high
 * risk.
 */
import type { Effects, DiffLine, Look } from './change.ts';
import { findAt, isFileAskedFor } from './change.ts';
import type { Finding } from './findings.ts';
import type { Risk } from '../risk.ts';

/** Pattern of the path, risk, and why. The first match counts. */
const PLACES: [RegExp, Risk, string][] = [
  [/(^|\/)\.git\//, 'high', 'it is git’s own folder'],
  [/^\.github\/(workflows|actions)\//, 'high', 'CI runs what it says'],
  [
    /(^|\/)(\.gitlab-ci\.ya?ml|\.travis\.yml|azure-pipelines\.ya?ml|Jenkinsfile|\.drone\.yml|bitbucket-pipelines\.yml|appveyor\.yml)$/,
    'high',
    'CI runs what it says',
  ],
  [/^(\.circleci|\.buildkite|\.woodpecker|\.gitea|\.forgejo|ci|\.ci)\//, 'high', 'CI runs what it says'],
  [
    /(^|\/)(\.husky|\.githooks|githooks|git-hooks|hooks)\/[^/]+$|(^|\/)(lefthook\.ya?ml|\.pre-commit-config\.yaml|\.lintstagedrc[^/]*|\.huskyrc[^/]*)$/,
    'high',
    'git runs what it says',
  ],
  [/(^|\/)\.git(attributes|modules|config)$/, 'high', 'git does what it says'],
  [
    /(^|\/)\.vscode\/(tasks|launch|settings|extensions)\.json$|(^|\/)\.idea\/|\.code-workspace$|(^|\/)\.(zed|fleet|nvim|vim)\/|(^|\/)\.(nvimrc|exrc|vimrc|lvimrc)$/,
    'high',
    'editors do what it says',
  ],
  [/(^|\/)\.devcontainer(\/|\.json$)/, 'high', 'it runs when the folder is opened'],
  [
    /(^|\/)(\.npmrc|\.yarnrc(\.yml)?|\.pnpmfile\.c?js|pip\.conf|\.pypirc|\.cargo\/config(\.toml)?|\.bunfig\.toml|bunfig\.toml|\.gemrc|NuGet\.Config)$/i,
    'high',
    'package managers do what it says',
  ],
  [
    /(^|\/)(\.envrc|\.tool-versions|mise\.toml|\.mise\.toml|\.nvmrc|\.node-version|\.bashrc|\.profile|\.zshrc)$/,
    'medium',
    'shells do what it says',
  ],
  [
    /(^|\/)(renovate\.json5?|dependabot\.ya?ml|\.renovaterc[^/]*)$|^\.github\/(dependabot|renovate)/,
    'medium',
    'it decides what is updated by itself',
  ],
  [/(^|\/)(CODEOWNERS|SECURITY\.md)$/, 'medium', 'it says who is asked'],
  [
    /(^|\/)(binding\.gyp|build\.rs|setup\.py|conftest\.py|sitecustomize\.py|usercustomize\.py)$|\.pth$/,
    'medium',
    'it runs when something is built or imported',
  ],
  [
    /(^|\/)(Makefile|GNUmakefile|justfile|Taskfile\.ya?ml|Dockerfile[^/]*|Containerfile|docker-compose[^/]*\.ya?ml|compose\.ya?ml|Vagrantfile|Rakefile|gulpfile\.\w+|Gruntfile\.\w+)$/,
    'low',
    'it says how things are built',
  ],
];
const INSTRUCTIONS =
  /(^|\/)(AGENTS|CLAUDE|GEMINI|CONVENTIONS)(\.local)?\.md$|(^|\/)\.(cursorrules|windsurfrules|clinerules|aider[^/]*|goosehints)$|(^|\/)\.(cursor|claude|codex|gemini|continue|windsurf|junie|coxswain)\/|copilot-instructions\.md$|(^|\/)\.mcp\.json$/i;
/** Scripts that npm and similar tools run by themselves. */
const LIFECYCLE =
  /^\s*"(?<name>(pre|post)?(install|prepare|publish|pack)|prepublishOnly|dependencies|(pre|post)(test|build|start|version|restart|stop)|version)"\s*:\s*"/;
const SCRIPT = /^\s*"[\w:.-]+"\s*:\s*"(?=[^"]*\s|[^"]*[&|;])/;

/** Lines of CI that give rights away or let strangers in. */
const DANGEROUS_CI: [RegExp, string][] = [
  [
    /\bpull_request_target\b|\bworkflow_run\b|\bissue_comment\b/,
    'strangers’ text starts it with the repository’s rights',
  ],
  [/:\s*write(-all)?\s*$|permissions:\s*(write-all|\{)/, 'it gets the right to write'],
  [/\$\{\{\s*(secrets|github\.token)\b|\bsecrets:\s*inherit/, 'it uses secrets'],
  [/\$\{\{\s*github\.(event|head_ref)/, 'strangers’ text becomes part of a command'],
  [/\brun:.*\b(curl|wget)\b.*\||\b(curl|wget)\b[^|]*\|\s*(sudo\s+)?(ba|z)?sh\b/, 'it runs what it downloads'],
  [/\bself-hosted\b/, 'it runs on one’s own machines'],
];
const USES = /\buses:\s*(?<action>[\w.-]+\/[\w./-]+)@(?<ref>\S+)/;

/**
 * Whether a file with this exact name is run by a tool or read by agents as instructions. Folders named `hooks` don't
 * count: they may hold ordinary code.
 */
export function isRunLater(path: string): boolean {
  return (
    INSTRUCTIONS.test(path) ||
    PLACES.some(([pattern, risk]) => risk === 'high' && pattern.test(path) && !/(^|\/)hooks\//.test(path))
  );
}

/** Findings about files that make something run later by itself. */
export function detectConfiguration(effects: Effects): Finding[] {
  return effects.looks.flatMap((look) => {
    const { path } = look.change;
    const findings = /(^|\/)package\.json$/.test(path) ? detectScripts(effects, look) : [];
    if (INSTRUCTIONS.test(path)) {
      const risk = isFileAskedFor(effects.context, path) ? 'medium' : 'high';
      return [findAt(look, 'agent-instructions', risk, 'agents do what it says', placeOf(look))];
    }
    const place = PLACES.find(([pattern]) => pattern.test(path));
    if (!place) return findings;
    const [, risk, why] = place;
    const dangers = detectDangers(look);
    const isAsked = isFileAskedFor(effects.context, path);
    const plain = findAt(look, 'executable-configuration', isAsked ? lower(risk) : risk, why, placeOf(look));
    return [...findings, ...(dangers.length > 0 ? dangers : [plain])];
  });
}

function lower(risk: Risk): Risk {
  return risk === 'high' ? 'medium' : 'low';
}

function placeOf(look: Look): { line: DiffLine; removed?: true } | undefined {
  const line = look.added.find(({ text }) => text.trim().length > 2);
  if (line) return { line };
  const [removed] = look.removed;
  return removed && { line: removed, removed: true };
}

function detectDangers(look: Look): Finding[] {
  const known = new Set(look.change.oldText?.split('\n').flatMap((text) => USES.exec(text)?.groups?.['action'] ?? []));
  return look.added.flatMap((line) => {
    const danger = DANGEROUS_CI.find(([pattern]) => pattern.test(line.text));
    if (danger) return [findAt(look, 'executable-configuration', 'high', danger[1], { line })];
    const action = USES.exec(line.text)?.groups?.['action'];
    const isNew = action !== undefined && !known.has(action) && !/^(actions|github)\//.test(action);
    return isNew
      ? [findAt(look, 'executable-configuration', 'high', `it runs ${action}, which is new here`, { line })]
      : [];
  });
}

function detectScripts(effects: Effects, look: Look): Finding[] {
  const plain = (line: DiffLine): string => line.text.trim().replace(/,$/, '');
  const removed = new Set(look.removed.map(plain));
  return look.added.flatMap((line) => {
    // Sorting scripts adds no script.
    if (removed.has(plain(line))) return [];
    const name = LIFECYCLE.exec(line.text)?.groups?.['name'];
    if (name !== undefined)
      return [findAt(look, 'executable-configuration', 'high', `"${name}" runs by itself`, { line })];
    if (!SCRIPT.test(line.text) || /^\s*"(description|license|test)"/.test(line.text)) return [];
    const risk = isFileAskedFor(effects.context, look.change.path) ? 'low' : 'medium';
    return [findAt(look, 'executable-configuration', risk, 'a script', { line })];
  });
}

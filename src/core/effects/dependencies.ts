/**
 * Finds new dependencies in manifests and lockfiles.
 * Rule: what the task names was asked for and has a low risk. A package from another source than before is shown even
 * then.
 */
import type { Effects, DiffLine, Look } from './change.ts';
import { findAt, isAskedFor, isFileAskedFor } from './change.ts';
import type { Finding } from './findings.ts';

const NODE_LISTS = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'];
const NODE_PINS = ['overrides', 'resolutions', 'bundledDependencies', 'bundleDependencies', 'pnpm'];
const LOCKFILE =
  /(^|\/)(package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|bun\.lockb?|Cargo\.lock|poetry\.lock|uv\.lock|Pipfile\.lock|Gemfile\.lock|composer\.lock|go\.sum|packages\.lock\.json|gradle\.lockfile|flake\.lock)$/;
const MANIFEST =
  /(^|\/)(package\.json|Cargo\.toml|pyproject\.toml|Pipfile|requirements[\w.-]*\.txt|setup\.(py|cfg)|Gemfile|composer\.json|go\.mod|pom\.xml|build\.gradle(\.kts)?|flake\.nix|[\w.-]+\.csproj)$/;
/** An address instead of a version of a registry's package. */
const PLACE = /^(git[+:@]|https?:|ssh:|file:|link:|github:|gitlab:|bitbucket:|npm:|[\w.-]+\/[\w.-]+(#|$))/;
/** Pattern of a manifest's path, and of a line in it that names a dependency. */
const OTHER_DEPENDENCY: [RegExp, RegExp][] = [
  [/requirements[\w.-]*\.txt$/, /^\s*(?<name>[A-Za-z][\w.-]*)\s*(\[[^\]]*\])?\s*([=<>~!]=?|@|$)/],
  [/(Cargo\.toml|pyproject\.toml|Pipfile)$/, /^\s*"?(?<name>[A-Za-z][\w.-]*)"?\s*=\s*["{]/],
  [/pyproject\.toml$/, /^\s*["'](?<name>[A-Za-z][\w.-]*)\s*(\[[^\]]*\])?\s*[=<>~!]/],
  [/go\.mod$/, /^\s*(?:require\s+)?(?<name>[\w.-]+\.[a-z]+\/\S+)\s+v\d/],
  [/Gemfile$/, /^\s*gem\s+["'](?<name>[\w-]+)/],
  [
    /build\.gradle(\.kts)?$/,
    /\b(?:implementation|api|compileOnly|testImplementation|classpath)\b\W*["'](?<name>[\w.:-]+)/,
  ],
  [/pom\.xml$/, /<artifactId>(?<name>[^<]+)</],
];
/** Keys in these manifests that name no dependency. */
const NO_DEPENDENCY =
  /^(name|version|edition|description|license|readme|authors?|python|rust-version|repository|homepage|requires|build-backend|path|default|debug)$/;

/** Dependencies that manifests and lockfiles have now and did not have before. */
export function detectDependencies(effects: Effects): Finding[] {
  const { hasManifest } = effects.around;
  return effects.looks.flatMap((look) => {
    const { path } = look.change;
    if (LOCKFILE.test(path)) return detectLockfile(effects, look, hasManifest);
    if (/(^|\/)package\.json$/.test(path)) return detectNodeManifest(effects, look);
    return MANIFEST.test(path) ? detectOtherManifest(effects, look) : [];
  });
}

/** Whether a path is a manifest: a file that declares dependencies. */
export function isManifest(path: string): boolean {
  return MANIFEST.test(path);
}

/** Whether a path is a lockfile. */
export function isLockfile(path: string): boolean {
  return LOCKFILE.test(path);
}

type Json = Record<string, unknown>;

/**
 * Deepest nesting of brackets that is parsed. Real manifests and lockfiles stay below, and recursion over their values
 * stays bounded.
 */
const MAX_NESTING = 200;

/** The parsed object; undefined if the text is not JSON or nests too deep. */
function readJson(text: string | undefined): Json | undefined {
  if (text !== undefined && isTooDeep(text)) return undefined;
  try {
    const value: unknown = JSON.parse(text ?? '{}');
    return typeof value === 'object' && value !== null ? (value as Json) : {};
  } catch {
    return undefined;
  }
}

function isTooDeep(text: string): boolean {
  let depth = 0;
  let isQuoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (isQuoted && character === '\\') at += 1;
    else if (character === '"') isQuoted = !isQuoted;
    else if (isQuoted) continue;
    else if (character === '{' || character === '[') depth += 1;
    else if (character === '}' || character === ']') depth -= 1;
    if (depth > MAX_NESTING) return true;
  }
  return false;
}

/** Finds the first added line that has a text in double quotes. */
function placeQuoted({ added }: Look): (text: string) => DiffLine | undefined {
  const lines = new Map<string, DiffLine>();
  for (const line of added)
    for (const [, text = ''] of line.text.matchAll(/"([^"]*)"/g)) if (!lines.has(text)) lines.set(text, line);
  return (text) => lines.get(text);
}

function childOf(value: Json | undefined, key: string): Json {
  const child = value?.[key];
  return typeof child === 'object' && child !== null ? (child as Json) : {};
}

function detectNodeManifest(effects: Effects, look: Look): Finding[] {
  const before = readJson(look.change.oldText);
  const after = readJson(look.change.newText);
  if (!after || !before)
    return [findAt(look, 'new-dependency', 'medium', 'the manifest is no JSON that could be read')];
  const place = placeQuoted(look);
  const findings = NODE_LISTS.flatMap((list) => {
    const [old, now] = [childOf(before, list), childOf(after, list)];
    return Object.entries(now).flatMap(([name, range]) => {
      const text = String(range);
      const isElsewhere = NODE_LISTS.some((other) => childOf(before, other)[name] === range);
      if (old[name] === range || isElsewhere) return [];
      return [detectDependency(effects, look, { name, range: text, isNew: old[name] === undefined }, place(name))];
    });
  });
  const pins = NODE_PINS.filter((key) => JSON.stringify(before[key]) !== JSON.stringify(after[key]));
  return [
    ...findings,
    ...pins.map((key) => {
      const line = look.added.find(({ text }) => text.includes(`"${key}"`)) ?? look.added[0];
      return findAt(look, 'new-dependency', 'high', `"${key}" replaces dependencies of dependencies`, line && { line });
    }),
  ];
}

function detectDependency(
  { context }: Effects,
  look: Look,
  { name, range, isNew }: { name: string; range: string; isNew: boolean },
  line: DiffLine | undefined,
): Finding {
  const place = line && { line };
  if (PLACE.test(range) && !isAskedFor(context, range))
    return findAt(look, 'new-dependency', 'high', `${name} comes from a place of its own`, place);
  const what = isNew ? `${name} is new` : `${name} has another version`;
  if (isAskedFor(context, name)) return findAt(look, 'new-dependency', 'low', `${what}, as the task says`, place);
  return findAt(look, 'new-dependency', isNew ? 'high' : 'medium', `${what}, and the task does not name it`, place);
}

function detectOtherManifest(effects: Effects, look: Look): Finding[] {
  const { path } = look.change;
  const patterns = OTHER_DEPENDENCY.filter(([file]) => file.test(path)).map(([, pattern]) => pattern);
  const nameOf = (line: DiffLine): string | undefined =>
    patterns.map((pattern) => pattern.exec(line.text)?.groups?.['name']).find((name) => name !== undefined);
  const old = new Set(look.removed.map(nameOf));
  return look.added.flatMap((line) => {
    const name = nameOf(line);
    if (name === undefined || NO_DEPENDENCY.test(name)) return [];
    const what = old.has(name) ? `${name} has another version` : `${name} is new`;
    const isPlace = /git\s*=|url\s*=|@\s*(git|http)|git\+|path\s*=/.test(line.text);
    if (isAskedFor(effects.context, name) && !isPlace)
      return [findAt(look, 'new-dependency', 'low', `${what}, as the task says`, { line })];
    return [findAt(look, 'new-dependency', old.has(name) && !isPlace ? 'medium' : 'high', what, { line })];
  });
}

function detectLockfile(effects: Effects, look: Look, hasManifest: boolean): Finding[] {
  const { change } = look;
  if (change.status === 'deleted') return [findAt(look, 'lockfile', 'high', 'the lockfile is gone')];
  const findings = change.path.endsWith('.json') ? detectNodeLock(effects, look) : [];
  const hosts = new Set((change.oldText ?? '').match(/\b[a-z+]{1,20}:\/\/[^/\s"')]+/g));
  const strange = look.added.find(({ text }) =>
    (text.match(/\b[a-z+]{1,20}:\/\/[^/\s"')]+/g) ?? []).some((host) => hosts.size > 0 && !hosts.has(host)),
  );
  if (strange) {
    const at = strange.text.search(/\b[a-z+]{1,20}:\/\//);
    findings.push(findAt(look, 'lockfile', 'high', 'a package comes from another host', { line: strange, at }));
  }
  if (findings.length === 0 && change.status !== 'added' && !hasManifest) {
    const risk = isFileAskedFor(effects.context, change.path) ? 'low' : 'high';
    const [line] = look.added;
    findings.push(findAt(look, 'lockfile', risk, 'it changed, and no manifest did', line && { line }));
  }
  return findings;
}

/** Entries whose address does not fit their name and version, and entries with other bytes under the same version. */
function detectNodeLock(effects: Effects, look: Look): Finding[] {
  const [before, after] = [readJson(look.change.oldText), readJson(look.change.newText)];
  if (!before || !after) return [findAt(look, 'lockfile', 'high', 'it is no JSON that could be read')];
  const [old, now] = [childOf(before, 'packages'), childOf(after, 'packages')];
  const find = placeQuoted(look);
  return Object.keys(now).flatMap((key) => {
    const [was, is] = [childOf(old, key), childOf(now, key)];
    if (key === '' || JSON.stringify(was) === JSON.stringify(is)) return [];
    const why = describeEntry(key, was, is);
    if (!why) return [];
    const wrong = [is['resolved'], is['integrity']].find(
      (value) => value !== undefined && !Object.values(was).includes(value),
    );
    const line = find(typeof wrong === 'string' ? wrong : key);
    return [findAt(look, 'lockfile', 'high', `${key.replace(/^.*node_modules\//, '')}: ${why}`, line && { line })];
  });
}

function describeEntry(key: string, was: Json, is: Json): string | undefined {
  const name = typeof is['name'] === 'string' ? is['name'] : key.replace(/^.*node_modules\//, '');
  const [resolved, version] = [is['resolved'], String(is['version'])];
  const isSame = was['version'] === is['version'];
  if (isSame && was['integrity'] !== undefined && was['integrity'] !== is['integrity'])
    return is['integrity'] === undefined ? 'its integrity is gone' : 'other bytes under the same version';
  if (was['integrity'] !== undefined && is['integrity'] === undefined && is['link'] !== true)
    return 'its integrity is gone';
  if (is['hasInstallScript'] === true && was['hasInstallScript'] !== true) return 'it runs a script when installed';
  if (typeof resolved !== 'string' || !resolved.endsWith('.tgz')) return undefined;
  const file = `${name.split('/').at(-1)}-${version}.tgz`;
  return resolved.endsWith(`/${name}/-/${file}`) ? undefined : 'its address is not that of its name and version';
}

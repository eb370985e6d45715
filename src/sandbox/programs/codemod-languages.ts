/**
 * Tells a file's language by ast-grep's names.
 * Rule: the table follows ast-grep's own list (https://ast-grep.github.io/reference/languages.html), so files in other
 * languages can be reported as not searched.
 */

/** A language. Code is given to the parser in a file with the first of its endings; `root` is its tree's root node. */
interface Language {
  names: readonly string[];
  endings: readonly string[];
  root: string;
}

const language = (names: string, endings: string, root: string): Language => ({
  names: names.split(' '),
  endings: endings.split(' '),
  root,
});

const LANGUAGES: readonly Language[] = [
  language('bash', 'sh bash bats ksh zsh command env ebuild eclass inc', 'program'),
  language('c', 'c h', 'translation_unit'),
  language('cpp cc c++ cxx', 'cpp cc cxx c++ hpp hh hxx h++ cu ino', 'translation_unit'),
  language('csharp cs', 'cs', 'compilation_unit'),
  language('css', 'css scss', 'stylesheet'),
  language('dart', 'dart', 'source_file'),
  language('elixir ex', 'ex exs', 'source'),
  language('go golang', 'go', 'source_file'),
  language('haskell hs', 'hs', 'haskell'),
  language('hcl', 'hcl tf tfvars nomad workflow', 'config_file'),
  language('html', 'html htm xhtml', 'document'),
  language('java', 'java', 'program'),
  language('javascript js jsx', 'js mjs cjs jsx', 'program'),
  language('json', 'json', 'document'),
  language('kotlin kt', 'kt kts ktm', 'source_file'),
  language('lua', 'lua', 'chunk'),
  language('markdown md', 'md markdown mdown mkd', 'document'),
  language('nix', 'nix', 'source_code'),
  language('php', 'php', 'program'),
  language('python py', 'py py3 pyi bzl', 'module'),
  language('ruby rb', 'rb rbw gemspec', 'program'),
  language('rust rs', 'rs', 'source_file'),
  language('scala', 'scala sc sbt', 'compilation_unit'),
  language('solidity sol', 'sol', 'source_file'),
  language('swift', 'swift', 'source_file'),
  language('typescript ts', 'ts cts mts', 'program'),
  language('tsx', 'tsx', 'program'),
  language('yaml yml', 'yaml yml', 'stream'),
];

/** Languages of the programs that a first line with `#!` names. */
const INTERPRETERS: readonly [RegExp, string][] = [
  [/\b(?:node|nodejs)\b/, 'javascript'],
  [/\bpython[\d.]*\b/, 'python'],
  [/\b(?:ba|da|k|z)?sh\b/, 'bash'],
  [/\bruby\b/, 'ruby'],
  [/\bphp\b/, 'php'],
  [/\blua\b/, 'lua'],
];

/** The language with this name or alias; undefined if it is not in the table, though ast-grep may know it. */
export function findLanguage(name: string): string | undefined {
  return LANGUAGES.find(({ names }) => names.includes(name.toLowerCase()))?.names[0];
}

/** The language of a file by its ending; for a file without one, by its first line. */
export function languageOf(path: string, firstBytes: string): string | undefined {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const ending = /\.([^.]+)$/.exec(name)?.[1]?.toLowerCase();
  const known = LANGUAGES.find(({ endings }) => ending !== undefined && endings.includes(ending))?.names[0];
  if (known !== undefined || ending !== undefined) return known;
  const line = /^#!([^\r\n]*)/.exec(firstBytes)?.[1];
  return line === undefined ? undefined : INTERPRETERS.find(([program]) => program.test(line))?.[1];
}

/** The language of a `<script>` by its attributes. */
export function languageOfScript(attributes: string): string | undefined {
  const read = (name: string): string | undefined =>
    new RegExp(`\\b${name}\\s*=\\s*["']?([^"'\\s>]+)`, 'i').exec(attributes)?.[1]?.toLowerCase();
  const [lang, type] = [read('lang'), read('type')];
  if (lang !== undefined)
    return { ts: 'typescript', typescript: 'typescript', tsx: 'tsx', js: 'javascript', jsx: 'javascript' }[lang];
  if (type === undefined || /^(?:module|(?:text|application)\/(?:x-)?(?:java|ecma)script)$/.test(type))
    return 'javascript';
  return /typescript/.test(type) ? 'typescript' : undefined;
}

/** Whether a file's language is searched. `typescript` includes TSX; undefined means all languages. */
export function isWanted(found: string, wanted: string | undefined): boolean {
  return wanted === undefined || found === wanted || (wanted === 'typescript' && found === 'tsx');
}

/** The first ending and the root node of a language in the table. */
export function readingOf(name: string): { ending: string; root: string } | undefined {
  const found = LANGUAGES.find(({ names }) => names[0] === name);
  return found && { ending: found.endings[0] ?? '', root: found.root };
}

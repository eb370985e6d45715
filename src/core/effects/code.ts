/**
 * Finds code that hides what it does, or that can do what its file could not do before.
 * Rule: code that was there before, or moved here from another file, is not a finding. Each finding shows the bytes
 * themselves.
 */
import { diffChars } from 'diff';
import type { FileChange, Effects, DiffLine, Look } from './change.ts';
import { cutLines, findAt, wasThere } from './change.ts';
import { isLockfile } from './dependencies.ts';
import { escapeForPeople } from '../text/escape.ts';
import type { Finding } from './findings.ts';
import type { Risk } from '../risk.ts';

/** A Latin letter next to a Greek, Cyrillic, Armenian or full-width letter, which may look like a Latin one. */
const MIXED_SCRIPT =
  /[A-Za-z_$][\u0370-\u03ff\u0400-\u04ff\u0530-\u058f\uff21-\uff5a]|[\u0370-\u03ff\u0400-\u04ff\u0530-\u058f\uff21-\uff5a][A-Za-z_$]/;
const PICTURE = /\p{Extended_Pictographic}\ufe0f?(?:\u200d\p{Extended_Pictographic}\ufe0f?)*/gu;
/** Most removed lines to compare with, and most edits between two lines, when unseen characters are compared. */
const MAX_REPLACED = 20;
const MAX_CHARACTERS = 500;
const PADDING = /\S {80,}\S|\S\t{20,}\S/;
const LONG_LITERAL =
  /[A-Za-z0-9+/]{160,}={0,2}|(?:[0-9a-fA-F]{2}){100,}|(?:\\x[0-9a-fA-F]{2}){16,}|(?:\\u00[0-9a-fA-F]{2}){12,}|(?:\b(?:0x[0-9a-fA-F]{1,2}|\d{2,3})\s*,\s*){40,}/;
const DECODES =
  /\batob\(|from\([^)]*,\s*["'`](base64|hex)|b64decode|fromCharCode|unhexlify|fromhex|\bunescape\(|base64\s+(-d|-D|--decode)|rot_?13|decode\(["'](base64|hex|rot)|xxd -r|openssl enc|codecs\.decode|TextDecoder/;
const RUNS =
  /\beval\b|\bFunction\s*\(|\bexec\w*\s*\(|\bspawn\w*\s*\(|\brequire\s*\(\s*[^"'`\s)]|\bimport\s*\(\s*[^"'`\s)]|child_process|\bsystem\s*\(|\|\s*(ba|z|da)?sh\b|vm\.run|setTimeout\(\s*["'`]|subprocess|__import__|marshal\.loads|pickle\.loads/;
/** A name put together from pieces, which honest code does not need. */
const SPLIT_NAME =
  /["'`][a-z_]{1,12}["'`]\s*\+\s*["'`][a-z_]{1,12}["'`]\s*[)\]]|\[\s*(["'`]\w{1,8}["'`]\s*,\s*){1,10}["'`]\w{1,8}["'`]\s*\]\s*\.join\(\s*["'`]{2}|\.split\(\s*["'`]{2}\s*\)\s*\.reverse\(/;
const RESOLVES = /\brequire\b|\bimport\b|globalThis|process|window|\bself\[|\bthis\[|getattr|__import__/;

/** What code can do. `risk` is the risk of a file that could not do this before. */
const CAPABILITIES: { name: string; pattern: RegExp; risk: Risk }[] = [
  {
    name: 'runs programs',
    pattern:
      /child_process|\bexec(Sync|File|FileSync)?\s*\(\s*["'`$\w]*(sh\b|curl|bash|cmd)|\bspawn(Sync)?\s*\(|\bsubprocess\b|\bos\.(system|popen|exec\w*)\b|Runtime\.getRuntime|ProcessBuilder|\bexec\.Command|std::process::Command|Process\.Start|shell_exec|proc_open|\bpopen\s*\(/,
    risk: 'high',
  },
  {
    name: 'runs text as code',
    pattern:
      /(^|[^.\w])eval\s*\(|\bnew Function\s*\(|\bvm\.(run\w+|Script)|\bexec\s*\(\s*(compile|open|requests|base64|zlib|bytes)|\bModule\._(load|compile)|(require|import)\(["'](node:)?vm["']|marshal\.loads|pickle\.loads|yaml\.load\s*\((?!.{0,200}Safe)/,
    risk: 'high',
  },
  {
    name: 'reaches the network',
    pattern:
      /\bfetch\s*\(|\bXMLHttpRequest\b|\bnew WebSocket\b|\bsendBeacon\b|["'](node:)?(https?|net|dgram|tls|http2|dns)["']|["'](axios|got|node-fetch|undici|request|superagent|ws)["']|\burllib\b|\brequests\.(get|post|put|request)|\bhttp\.client\b|\bsocket\.(socket|create_connection)|\bnet\.Dial|\bhttp\.(Get|Post)\(|reqwest|TcpStream|\b(curl|wget)\b.{0,300}https?:/,
    risk: 'high',
  },
  {
    name: 'loads what a variable names',
    pattern:
      /\brequire\s*\(\s*(?!["'`)]|\.\.\.)[^)]{0,300}\)|\bimport\s*\(\s*(?!["'`)])[^)]{0,300}\)|createRequire|importlib\.import_module|__import__\s*\(|\bdlopen\b|ctypes\.(CDLL|cdll)/,
    risk: 'medium',
  },
  {
    name: 'changes what all code shares',
    pattern:
      /\b(Object|Array|Function|String|Promise|RegExp)\.prototype(\.\w+|\[[^\]]{1,100}\])\s*=(?!=)|\b__proto__\b\s*(\]\s*)?=(?!=)|\bglobalThis(\.\w+|\[[^\]]{1,100}\])\s*=(?!=)|\bglobal(\.\w+|\[[^\]]{1,100}\])\s*=(?!=)|require\.cache|process\.on\(\s*["']uncaughtException|\bmonkeypatch\b|sys\.modules\[/,
    risk: 'medium',
  },
  {
    name: 'reads the environment',
    pattern:
      /\bprocess\.env\b|\bimport\.meta\.env\b|\bos\.environ\b|\bos\.getenv\b|\bgetenv\s*\(|\bstd::env::var|\bSystem\.getenv|\bENV\[/,
    risk: 'low',
  },
  {
    name: 'reads where keys lie',
    pattern:
      /\.ssh\b|\.aws\b|\.netrc\b|\.npmrc\b|\.git-credentials|\/etc\/(passwd|shadow)|id_rsa|id_ed25519|\.kube\/config|169\.254\.169\.254|metadata\.google/,
    risk: 'high',
  },
];
const LITERAL_PATH = /["'`](?<path>(?:\.{1,2}\/|\/)?[\w@.-]+(?:\/[\w@.-]+)+|\.{1,2}\/[\w@.-]+)["'`]/g;
const LOADS =
  /\brequire\b|\bimport\b|\bfrom\s|\bcreateRequire\b|\bsource\b|\bspawn|\bexec|\bread(File)?|\bload|\bopen\(|\bfork\b|\bWorker\b|<script|\binclude\b/i;

/** Findings in the added lines of code. */
export function detectCode(effects: Effects): Finding[] {
  return effects.looks.flatMap((look) => {
    if (isLockfile(look.change.path)) return [];
    const fresh = look.added.filter((line) => !wasThere(effects, line));
    return [
      ...fresh.flatMap((line) => detectHiding(look, line)),
      ...(look.sort === 'words' ? [] : detectCapabilities(effects, look, fresh)),
      ...fresh.flatMap((line) => detectIgnored(effects, look, line)),
    ];
  });
}

function detectHiding(look: Look, line: DiffLine): Finding[] {
  const { text } = line;
  const find = (risk: Risk, why: string, at: number): Finding[] => [
    findAt(look, 'obfuscation', risk, why, { line, at: Math.max(0, at) }),
  ];
  const unseen = findUnseen(look, line);
  if (unseen !== undefined) return find('high', 'it has characters that can’t be seen', unseen);
  if (look.sort === 'words') return [];
  if (MIXED_SCRIPT.test(text)) return find('high', 'letters of two scripts in one word', text.search(MIXED_SCRIPT));
  if (PADDING.test(text))
    return find('high', 'code far to the right of where one looks', text.search(/ {80,}\S|\t{20,}\S/) + 60);
  const isDecoded = DECODES.test(text);
  if (isDecoded && RUNS.test(text)) return find('high', 'it runs what it decodes', text.search(DECODES));
  if (SPLIT_NAME.test(text) && RESOLVES.test(text))
    return find('high', 'a name put together from pieces', text.search(SPLIT_NAME));
  if (LONG_LITERAL.test(text))
    return find(
      look.sort === 'code' ? 'high' : 'medium',
      'a long literal that nobody can read',
      text.search(LONG_LITERAL),
    );
  if (isDecoded && look.sort === 'code') return find('medium', 'it decodes text', text.search(DECODES));
  return [];
}

/**
 * The index of an unseen character that a replaced line did not have in the same place. Joiners within an emoji and
 * line ends don't count.
 */
function findUnseen(look: Look, line: DiffLine): number | undefined {
  const plain = line.text.replace(PICTURE, (picture) => '_'.repeat(picture.length)).replaceAll('\r', ' ');
  if (escapeForPeople(plain) === plain) return undefined;
  const hunk = look.hunks.find(({ added }) => added.includes(line));
  const kept = (hunk?.removed ?? []).slice(0, MAX_REPLACED).map(({ text }) => listLeft(text, line.text));
  let at = 0;
  for (const character of plain) {
    const start = at;
    at += character.length;
    if (escapeForPeople(character) !== character && !kept.some((places) => places.has(start))) return start;
  }
  return undefined;
}

/**
 * Indexes of `after` whose characters come from `before`, next to another such character or at the start of the line.
 */
function listLeft(before: string, after: string): Set<number> {
  const kept = new Set<number>();
  let at = 0;
  for (const { value, added, removed } of diffChars(before, after, { maxEditLength: MAX_CHARACTERS }) ?? []) {
    if (removed) continue;
    if (!added && (value.length > 1 || at === 0)) for (let i = 0; i < value.length; i += 1) kept.add(at + i);
    at += value.length;
  }
  return kept;
}

/** For each new capability of the file, the first line that has it. */
function detectCapabilities(effects: Effects, look: Look, fresh: readonly DiffLine[]): Finding[] {
  let before: string[] | undefined;
  // A comment does not count as before: one act could add the comment, and the next act the code.
  const couldBefore = (pattern: RegExp): boolean =>
    (before ??= cutLines(look.change.oldText)).some((text) => pattern.test(text) && !isComment(text));
  return CAPABILITIES.flatMap(({ name, pattern, risk }) => {
    const lines = fresh.filter(({ text }) => pattern.test(text));
    const line = lines.find(({ text }) => !isComment(text)) ?? lines[0];
    if (!line || couldBefore(pattern)) return [];
    const came = effects.around.lost.has(name);
    const lower = came || look.sort === 'test' || isComment(line.text);
    const weighed = lower ? 'low' : look.sort === 'data' && !isScript(look) ? 'low' : risk;
    return [findAt(look, 'new-capability', weighed, `it ${name} now`, { line, at: line.text.search(pattern) })];
  });
}

/** Names of the capabilities whose lines this file lost, for example because code moved to another file. */
export function listLost({ oldText = '', newText = '' }: FileChange): string[] {
  const now = new Set(cutLines(newText));
  const removed = cutLines(oldText).filter((line) => !now.has(line));
  return CAPABILITIES.filter(({ pattern }) => removed.some((line) => pattern.test(line))).map(({ name }) => name);
}

function isScript({ change }: Look): boolean {
  return change.newText?.startsWith('#!') || change.newMode === '100755';
}

function isComment(text: string): boolean {
  return /^\s*(\/\/|#(?!!)|\*|\/\*|<!--)/.test(text);
}

/** A path in a line that loads something, if git ignores what is at that path. */
function detectIgnored({ context, around }: Effects, look: Look, line: DiffLine): Finding[] {
  if (!context.isIgnored || !LOADS.test(line.text)) return [];
  const folder = look.change.path.split('/').slice(0, -1);
  for (const match of line.text.matchAll(LITERAL_PATH)) {
    const text = match.groups?.['path'] ?? '';
    const candidates = [resolve(folder, text), resolve([], text)].filter(
      (path) => path !== '' && !around.paths.has(path),
    );
    const ignored = candidates.find((path) => !path.startsWith('node_modules/') && context.isIgnored?.(path));
    if (ignored !== undefined) {
      const why = `it uses ${ignored}, which git ignores and nobody reviews`;
      return [findAt(look, 'ignored-file', 'high', why, { line, at: match.index })];
    }
  }
  return [];
}

function resolve(folder: readonly string[], path: string): string {
  const segments = [...folder];
  for (const segment of path.replace(/^\//, '').split('/')) {
    if (segment === '..') segments.pop();
    else if (segment !== '.') segments.push(segment);
  }
  return segments.join('/');
}

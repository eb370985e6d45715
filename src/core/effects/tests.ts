/**
 * Finds tests that are gone or can no longer fail.
 * Rule: a test that moved is not a finding. A test that asserts less than before is one, even if it was renamed.
 */
import type { FileChange, Effects, DiffLine, Look } from './change.ts';
import { findAt, isAskedFor, isFileAskedFor, isStillThere, isTestPath, wasThere } from './change.ts';
import type { Finding } from './findings.ts';

const TEST_NAME =
  /^\s*(?:export\s+)?(?:async\s+)?(?:(?:it|test|specify|scenario|Deno\.test)(?:\.each\([^)]*\)|\.\w+)?\s*\(\s*(["'`])(?<name>.{1,200}?)\1|def\s+(?<python>test\w*)|func\s+(?<go>Test\w+)|(?:pub\s+)?fn\s+(?<rust>test\w*)|(?:public\s+)?void\s+(?<java>test\w+))/;
const ASSERTION =
  /\b(assert\w*|expect|should|must_equal|require\.\w+|t\.(is|deepEqual|throws|true|false|Error\w*|Fatal\w*)|XCTAssert\w*|verify)\b\s*[.(!\s]/;
/** EXACT assertions say what must come out; VAGUE ones only that something does. */
const EXACT =
  /\b(strictEqual|deepStrictEqual|deepEqual|notStrictEqual|equals?|eql|toBe|toEqual|toStrictEqual|toMatch\w*|toHave\w+|throws|rejects|toThrow\w*|assertEqual\w*|assert_eq|assertRaises|raises|same|is)\b\s*[!(]/;
const VAGUE =
  /\b(ok|isTrue|toBeTruthy|toBeDefined|toBeFalsy|not\.toThrow\w*|doesNotThrow|doesNotReject|assertTrue|assertIsNotNone|exist|toBeInstanceOf)\b|\bassert\(|typeof/;

const SKIPS =
  /\b(it|test|describe|suite|context|specify)\.(skip|todo|fixme|only|skipIf|failing)\b|\b(xit|xtest|xdescribe|fit|fdescribe|xspecify)\s*\(|@(pytest\.mark\.(skip|skipif|xfail)|unittest\.(skip\w*|expectedFailure)|Disabled|Ignore\b|Skip\b)|\bt\.Skip(f|Now)?\(|#\[ignore|\bthis\.skip\(\)|\bpending\s*\(|[{,]\s*(skip|todo)\s*:\s*(true|["'`])|\bpytest\.skip\(|XCTSkip|\.skip\(\s*["'`]/;
const TAUTOLOGIES =
  /\bexpect\(\s*(?<same>[\w."']+)\s*\)\.(toBe|toEqual|toStrictEqual|to\.equal|to\.eql|to\.be)\(\s*\k<same>\s*\)|\bassert(\.ok|\.isTrue|True)?\(\s*(true|True|1|!0|!!1)\s*[,)]|\bassert\s+(True|1)\b|\bassert\w*\.?(strict|deepStrict|deep)?[eE]qual\(\s*(?<twice>[\w."']+)\s*,\s*\k<twice>\s*[,)]|\bexpect\(true\)|assert!\(true\)|assert_eq!\(\s*(?<rust>\w+)\s*,\s*\k<rust>\s*\)/;
/** What makes a failing command exit with status 0. */
const NEVER_RED =
  /\|\|\s*(true|:|exit 0|echo\b)|;\s*(true|exit 0)\b|--passWithNoTests|--pass-with-no-tests|continue-on-error:\s*true|allow_failure:\s*true|testPathIgnorePatterns|--testPathIgnorePatterns|--test-skip-pattern|--deselect|--no-fail|set \+e\b|-k\s+["']not /;
const NEVER_RED_PLACE =
  /(^|\/)(package\.json|Makefile|justfile|tox\.ini|setup\.cfg|pytest\.ini|pyproject\.toml|\.mocharc[^/]*|(jest|vitest|vite|karma|playwright)\.config\.\w+|\.gitlab-ci\.yml)$|^\.github\/|\.(sh|bash|ya?ml)$/;
const THRESHOLD =
  /\b(threshold|lines|branches|functions|statements|fail[_-]under|min(imum)?[_-]?coverage|check-coverage|coverage)\b/i;

/** Findings about removed and weakened tests. */
export function detectTests(effects: Effects): Finding[] {
  const kept = effects.around.tests;
  return effects.looks.flatMap((look) => [
    ...detectRemoved(effects, look, kept),
    ...(look.sort === 'test' && look.change.status !== 'deleted' ? detectAssertions(effects, look) : []),
    ...(look.sort === 'test' ? detectAddedLines(effects, look) : []),
    ...detectCommands(effects, look),
    ...detectThresholds(look),
  ]);
}

function nameOf({ text }: { text: string }): string | undefined {
  const groups = TEST_NAME.exec(text)?.groups;
  return groups?.['name'] ?? groups?.['python'] ?? groups?.['go'] ?? groups?.['rust'] ?? groups?.['java'];
}

/** The names of the tests that a file has now. */
export function listTests(change: FileChange): string[] {
  if (!isTestPath(change.path)) return [];
  return (change.newText ?? '').split('\n').flatMap((text) => nameOf({ text }) ?? []);
}

/** Tests whose name no longer exists anywhere. As many as got a new name in the same file don't count. */
function detectRemoved(effects: Effects, look: Look, kept: ReadonlySet<string>): Finding[] {
  const { change } = look;
  const path = change.oldPath ?? change.path;
  if (look.sort !== 'test' && !isTestPath(path)) return [];
  const gone = look.removed.filter((line) => {
    const name = nameOf(line);
    return name !== undefined && !kept.has(name);
  });
  const fresh = look.added.filter((line) => nameOf(line) !== undefined).length;
  const isOut = change.status === 'renamed' && isTestPath(path) && !isTestPath(change.path);
  const [first] = gone;
  // A file without test names, such as test data: its lines must be found elsewhere.
  const isDropped =
    change.status === 'deleted' &&
    !look.removed.some((line) => nameOf(line) !== undefined) &&
    look.removed.some((line) => isLong(line) && !isStillThere(effects, line));
  if (gone.length <= (change.status === 'deleted' ? 0 : fresh) && !isOut && !isDropped) return [];
  const asked = /\b(remove|delete|drop)/i.test(effects.context.task) && isFileAskedFor(effects.context, path);
  const what = isOut ? 'the file is no test any more' : `${gone.length || 'some'} tests are gone`;
  const risk = asked ? 'low' : 'high';
  return [findAt(look, 'deleted-test', risk, what, first ? { line: first, removed: true } : undefined)];
}

function isLong({ text }: DiffLine): boolean {
  return text.trim().length >= 12;
}

/** Assertions that are gone or say less. */
function detectAssertions(effects: Effects, look: Look): Finding[] {
  const removed = look.removed.filter((line) => ASSERTION.test(line.text) && !isStillThere(effects, line));
  const added = look.added.filter((line) => ASSERTION.test(line.text));
  const isLost = (lines: readonly DiffLine[], others: readonly DiffLine[], what: RegExp): boolean =>
    lines.filter(({ text }) => what.test(text)).length > others.filter(({ text }) => what.test(text)).length;
  const [first] = removed;
  if (!first) return [];
  const exact = removed.find(({ text }) => EXACT.test(text));
  if (exact && isLost(removed, added, EXACT) && added.some(({ text }) => VAGUE.test(text)))
    return [
      findAt(look, 'weakened-test', 'high', 'an exact assertion became a vague one', { line: exact, removed: true }),
    ];
  if (isLost(removed, added, ASSERTION)) {
    const why = `${removed.length - added.length} fewer assertions`;
    const risk = isTable(removed, added, look) ? 'medium' : 'high';
    return [findAt(look, 'weakened-test', risk, why, { line: exact ?? first, removed: true })];
  }
  return [...detectArguments(look), ...detectExpectations(look)];
}

/** Whether each value of the removed assertions occurs in the added lines: the assertions became a table. */
function isTable(removed: readonly DiffLine[], added: readonly DiffLine[], look: Look): boolean {
  const values = (lines: readonly DiffLine[]): string[] =>
    lines.flatMap(({ text }) => text.match(/(["'`])(?:\\.|(?!\1).)*\1|\b\d[\w.]*|\b(?:true|false|null)\b/g) ?? []);
  const now = new Set(values(look.added));
  const old = values(removed);
  return added.length > 0 && old.length > 0 && old.every((value) => now.has(value));
}

/** An assertion lost its last argument, for example which error it expects. Losing a message is not a finding. */
function detectArguments(look: Look): Finding[] {
  return look.hunks.flatMap(({ removed, added }) =>
    removed.slice(0, 50).flatMap((line) => {
      const text = line.text.trim();
      if (!ASSERTION.test(text)) return [];
      const isShorter = added.some((other) => {
        const start = other.text.trim().replace(/\)?[;,]?$/, '');
        const rest = text.startsWith(start) && start.endsWith(')') ? text.slice(start.length) : '';
        return /^\s*,\s*(?!["'`])[^\s)]/.test(rest);
      });
      const why = 'an assertion lost what it asked for';
      return isShorter ? [findAt(look, 'weakened-test', 'high', why, { line, removed: true })] : [];
    }),
  );
}

/** The same assertion with another expected value. */
function detectExpectations(look: Look): Finding[] {
  const blank = (text: string): string =>
    text.replace(/(["'`])(?:\\.|(?!\1).)*\1|\b(\d+|true|false|null)\b/g, '_').trim();
  return look.hunks.flatMap(({ removed, added }) =>
    removed.slice(0, 50).flatMap((line) => {
      if (!ASSERTION.test(line.text)) return [];
      const twin = added.find(({ text }) => blank(text) === blank(line.text) && text.trim() !== line.text.trim());
      return twin ? [findAt(look, 'weakened-test', 'medium', 'a test expects another value now', { line: twin })] : [];
    }),
  );
}

function detectAddedLines(effects: Effects, look: Look): Finding[] {
  const swallows = look.added.some(({ text }) => /\bcatch\b[^{]*\{|\bexcept\b/.test(text));
  return look.added.flatMap((line) => {
    if (wasThere(effects, line)) return [];
    const skip = SKIPS.exec(line.text);
    if (skip) return [findAt(look, 'weakened-test', 'high', 'a test is skipped', { line, at: skip.index })];
    const tautology = TAUTOLOGIES.exec(line.text);
    if (tautology)
      return [findAt(look, 'weakened-test', 'high', 'this is true whatever happens', { line, at: tautology.index })];
    if (swallows && /^\s*(try\s*\{|try:)/.test(line.text))
      return [findAt(look, 'weakened-test', 'medium', 'what fails in here may be swallowed', { line })];
    return [];
  });
}

/** The command that runs the tests became another, or a command now always succeeds. */
function detectCommands({ context }: Effects, look: Look): Finding[] {
  const { path } = look.change;
  const findings: Finding[] = [];
  const before = new Set(look.removed.flatMap(({ text }) => NEVER_RED.exec(text)?.[0] ?? []));
  for (const line of NEVER_RED_PLACE.test(path) ? look.added : []) {
    const found = NEVER_RED.exec(line.text);
    if (found && !before.has(found[0]))
      findings.push(findAt(look, 'weakened-test', 'high', 'it is green whatever happens', { line, at: found.index }));
  }
  if (!/(^|\/)package\.json$/.test(path)) return findings;
  const test = look.added.find(({ text }) => /^\s*"(test|check|ci)(:[\w-]+)?"\s*:/.test(text));
  const old = look.removed.find(({ text }) => /^\s*"(test|check|ci)(:[\w-]+)?"\s*:/.test(text));
  if (!test || !old || findings.length > 0 || isSame(test, old)) return findings;
  const words = test.text.match(/[\w@/-]{3,}/g) ?? [];
  const fresh = words.filter((word) => !old.text.includes(word));
  const isAsked = fresh.some((word) => isAskedFor(context, word));
  return [findAt(look, 'weakened-test', isAsked ? 'low' : 'high', 'the command that tests is another', { line: test })];
}

function isSame(one: DiffLine, other: DiffLine): boolean {
  return one.text.trim().replace(/,$/, '') === other.text.trim().replace(/,$/, '');
}

/** A number in a line about coverage became smaller. */
function detectThresholds(look: Look): Finding[] {
  return look.hunks.flatMap(({ removed, added }) =>
    removed.slice(0, 50).flatMap((line) => {
      if (!THRESHOLD.test(line.text)) return [];
      const blank = (text: string): string => text.replace(/\d+(\.\d+)?/g, '_').trim();
      const twin = added.find(({ text }) => blank(text) === blank(line.text));
      const [old, fresh] = [line.text, twin?.text ?? ''].map((text) => (text.match(/\d+(\.\d+)?/g) ?? []).map(Number));
      const isLower = twin && old?.some((value, index) => (fresh?.[index] ?? value) < value);
      return isLower ? [findAt(look, 'weakened-test', 'high', 'a threshold is lower now', { line: twin })] : [];
    }),
  );
}

/**
 * No command line takes long to judge: the work grows only with its length, and a line that needs too much asks.
 * Rule: work is counted, since seconds tell of the machine. A line whose work explodes is never done, and its test ends
 * by its limit.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BUILT_IN_RULES } from '../../../src/core/commands/built-in-rules.ts';
import { openBudget } from '../../../src/core/step-budget.ts';
import { commandRuleSchema, ruleOnCommand } from '../../../src/core/commands/rule-on-command.ts';
import { parseCommand } from '../../../src/core/commands/parse.ts';

/** Most characters of a call's line. */
const LONGEST = 60_000;
const UNLIMITED = Number.MAX_SAFE_INTEGER;

/** Pieces that a line may repeat; each makes work. */
const PIECES = [
  'find . -exec ',
  '-exec a ; ',
  '-exec {} ',
  '-ok env ',
  'fd -x ',
  'sudo ',
  'env A=1 ',
  'xargs ',
  'sh -c ',
  '-c ',
  '> a ',
  '2>&1 ',
  'a=b ',
  'a=$(b) ',
  'a=(b) ',
  'x=1;echo $x;',
  'ls a | ',
  'ls a; ',
  'a && ',
  '$(',
  '`a` ',
  '<(',
  '"',
  "'",
  '((',
  '$[1+',
  '[[ ',
  '{a,b}',
  '*',
  '[a]',
  '[',
  ']',
  '?',
  '../',
  'a/../',
  '~/',
  '/.ssh/',
  '**/',
  '--file=',
  '-a ',
  'é ',
  '\n',
  "$'a' ",
  '${a:-',
  'for i in a;do b;done;',
  'f(){ a; };',
  '<<E\n',
  '<<<a ',
  'node -e ',
  'echo \\x41 ',
  '@',
  ':',
  '+',
  ' ',
];

/** Lines of hostile pieces, each of which may be repeated. */
const hostileLines = fc
  .array(fc.tuple(fc.constantFrom(...PIECES), fc.integer({ min: 1, max: 60 })), { minLength: 1, maxLength: 8 })
  .map((parts) => parts.map(([piece, times]) => piece.repeat(times)).join(''));

function countSteps(line: string): { parsed: number; compared: number } {
  const [parsing, comparing] = [openBudget(UNLIMITED), openBudget(UNLIMITED)];
  const facts = parseCommand(line, parsing);
  ruleOnCommand(facts, BUILT_IN_RULES, 'allow', { budget: comparing });
  return { parsed: parsing.taken, compared: comparing.taken };
}

const judge = (line: string): { outcome: string; reason: string } => ruleOnCommand(parseCommand(line), BUILT_IN_RULES);

test.each([
  [14, 'allow'],
  [18, 'allow'],
  [200, 'ask'],
  [4600, 'ask'],
])('%i commands, each in the words of the one before, are judged at once', (times, answer) => {
  const line = 'find . -exec '.repeat(times).trim();
  expect(judge(line).outcome).toBe(answer);
});

test('all commands that find runs are found, also those in another’s words', () => {
  const programs = (line: string): string[] => parseCommand(line).commands.map(({ program }) => program);
  expect(programs('find . -exec a {} \\; -name -exec -exec env b \\; -ok sh -c "c; find . -exec d +" \\;')).toEqual(
    expect.arrayContaining(['find', 'a', 'env', 'b', 'sh', 'c', 'd']),
  );
  expect(programs('find . -exec find x -exec git push \\; \\;')).toEqual(['find', 'find', 'git']);
  expect(judge('find . -exec find x -exec chmod +s y \\; \\;').outcome).toBe('deny');
});

test('steps of reading a line stay below its length times the depth of commands in it', () => {
  fc.assert(
    fc.property(hostileLines, (line) => {
      const { parsed } = countSteps(line);
      // A `find` inside a `find` is read again, which only the budget ends.
      if (!/-(exec|ok|x) /.test(line)) expect(parsed).toBeLessThanOrEqual(10 * (20 + line.length));
    }),
    { numRuns: 200 },
  );
});

test.each(PIECES)('twice as much of %j is at most twice the work, and four times at most four times', (piece) => {
  const repeat = (times: number): { parsed: number; compared: number } =>
    countSteps(`ls ${piece.repeat(Math.ceil((times * 1000) / piece.length))}`);
  const [one, two, four] = [repeat(1), repeat(2), repeat(4)];
  for (const of of [
    'compared',
    ...(piece.startsWith('find') || /^-(ok|exec)/.test(piece) ? [] : ['parsed']),
  ] as const) {
    const slack = 300 + one[of as 'parsed'] / 4;
    expect(two[of as 'parsed']).toBeLessThanOrEqual(2 * one[of as 'parsed'] + slack);
    expect(four[of as 'parsed']).toBeLessThanOrEqual(4 * one[of as 'parsed'] + 3 * slack);
  }
});

test('the longest lines are judged at once', () => {
  // Every third piece; the property above tries all of them in shorter lines.
  for (const piece of PIECES.filter((_, at) => at % 3 === 0))
    expect(() => judge(piece.repeat(Math.floor(LONGEST / piece.length)))).not.toThrow();
});

test('a line with too much in it can’t be judged, and so asks, whatever comes first', () => {
  for (const line of [
    `echo ${'a '.repeat(20_000)}; git push`,
    `${'ls; '.repeat(12_000)}git push`,
    `ls ${'> a '.repeat(12_000)}`,
    `x=${'a'.repeat(900)}; echo ${'$x '.repeat(2000)}`,
    `${'sudo '.repeat(9)}git push`,
    `${'sh -c "'.repeat(1)}${'env '.repeat(9)}git push"`,
  ]) {
    const { outcome, reason } = judge(line);
    expect([line.slice(0, 20), outcome]).toEqual([line.slice(0, 20), 'ask']);
    expect(reason).toMatch(/can't be judged: (there is too much in it|commands lie too deep)/);
  }
});

test('a denied part is denied, though the rest is too much', () => {
  expect(judge(`chmod u+s x; echo ${'a '.repeat(20_000)}`).outcome).toBe('deny');
});

test('a rule of many long patterns against a long line is counted too', () => {
  const paths = Array.from({ length: 200 }, (_, at) => `**/${'*a'.repeat(90)}${at}`);
  const rule = commandRuleSchema.parse({ id: 'x', effect: 'deny', paths, reason: 'y', match: ['z'], notMatch: [] });
  const line = `ls ${'a'.repeat(900)} `.repeat(60);
  const { outcome, reason } = ruleOnCommand(parseCommand(line), [rule]);
  expect([outcome, reason]).toEqual(['ask', expect.stringContaining('too much in it to compare')]);
});

test('usual long lines are judged as before', () => {
  const files = Array.from({ length: 1500 }, (_, at) => `src/some/folder/file-${at}.ts`).join(' ');
  expect(judge(`sed -i s/a/b/ ${files}`).outcome).toBe('allow');
  expect(judge(`git commit -m "${'a long message '.repeat(3000)}"`).outcome).toBe('allow');
  expect(judge(`cat > a.txt <<'EOF'\n${'some text in a file\n'.repeat(2500)}EOF`).outcome).toBe('allow');
  expect(judge(`sed -i s/a/b/ ${files} .git/hooks/pre-commit`).outcome).toBe('ask');
});

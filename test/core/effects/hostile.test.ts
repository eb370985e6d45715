/** No file stops its detectors: none throws, and the work grows only with the length of the file. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Finding } from '../../../src/core/effects/findings.ts';
import { detectEffects } from '../../../src/core/effects/detect.ts';
import { change } from '../effects.ts';
import { sweep } from '../../sweep.ts';

const PATHS = [
  'src/a.js',
  'test/a.test.js',
  'package.json',
  'package-lock.json',
  'README.md',
  '.github/workflows/x.yml',
  'requirements.txt',
  'Cargo.toml',
  'yarn.lock',
  '.gitignore',
  'pom.xml',
  'a.bin',
  'AGENTS.md',
  'jest.config.js',
];
/** Texts that begin a match of a detector's pattern: repeated, they begin it again and again. */
const PIECES = [
  'curl ',
  'wget ',
  'https:',
  'require(',
  'require(a',
  'import (',
  'yaml.load(',
  '__proto__ ',
  'Object.prototype[',
  'globalThis[',
  'a+',
  'a+://',
  'uses: a/',
  "'a' + ",
  "['a',",
  'AI ',
  'coding agent ',
  'do not tell ',
  'ignore ',
  'eyJaaaaaaaaaa.',
  'token=',
  'a://b:',
  '-----BEGIN A ',
  '\\x41',
  '12, ',
  '  ',
  '	',
  '"',
  "\\'",
  '`',
  '👩‍',
  'а',
  'a.',
  'it("',
  'expect(a',
  'assertEqual(a, ',
  'coverage 1 ',
  'catch (',
  '|| ',
  '{',
  '[',
  '{"a":',
  '"a": "b ',
  '/a',
  'x ? ',
];

const judge = (path: string, oldText: string | null, newText: string | null): Finding[] =>
  detectEffects([change(path, oldText, newText)], { paths: ['**'], task: 'Tidy up a, b and c' });

/** Milliseconds of processor time, so that other programs don't count. */
function measure(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

describe('no file makes a detector throw', () => {
  test.each(['package-lock.json', 'package.json', 'npm-shrinkwrap.json', 'composer.lock'])('%s nested deep', (path) => {
    for (const [open, close] of [
      ['[', ']'],
      ['{"a":', '}'],
    ] as const) {
      const deep = (value: string): string =>
        `{"packages":{"node_modules/a":{"version":"1","x":${open.repeat(20_000)}${value}${close.repeat(20_000)}}},"overrides":${open.repeat(20_000)}${value}${close.repeat(20_000)}}`;
      const risks = judge(path, deep('1'), deep('2')).map(({ risk }) => risk);
      expect(risks.some((risk) => risk !== 'low')).toBe(true);
    }
  });

  test('one that fails becomes a finding that asks, and the findings of the others stay', () => {
    const text = "import x from '../lib/x.js';\nconst plugin = require(process.env.PLUGIN);\n";
    const findings = detectEffects(
      [change('src/a.js', 'a();\n', `a();\n${text}`), change('b.bin', null, null, { binary: true, status: 'added' })],
      {
        paths: ['src/**'],
        task: 'Tidy up',
        isIgnored: () => {
          throw new RangeError('Maximum call stack size exceeded');
        },
      },
    );
    const [unread] = findings.filter(({ kind }) => kind === 'unread');
    expect(unread).toMatchObject({ path: 'src/a.js', risk: 'high' });
    expect(unread?.why).toBe("it can't be judged: Maximum call stack size exceeded");
    expect(findings.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['outside-paths', 'binary']));
  });

  test('whatever files hold', () => {
    const text = fc
      .array(fc.oneof(fc.constantFrom(...PIECES, '\n', ','), fc.string({ maxLength: 6, unit: 'binary' })), {
        maxLength: 60,
      })
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.constantFrom(...PATHS), fc.option(text), fc.option(text), (path, before, after) => {
        const findings = judge(path, before, after);
        expect(findings.filter(({ why }) => why.startsWith("it can't be judged"))).toEqual([]);
      }),
      { numRuns: sweep(100, 400) },
    );
  });
});

describe('four times as much takes some four times as long', () => {
  const grows = (work: (times: number) => void): void => {
    work(1);
    const one = Math.min(
      measure(() => work(1)),
      measure(() => work(1)),
    );
    // Quadratic work would take sixteen times as long. A busy machine may spoil any try, so the best of ten counts.
    let four = Infinity;
    for (let tries = 0; tries < 10 && four >= 8 * one + 250; tries += 1)
      four = Math.min(
        four,
        measure(() => work(4)),
      );
    expect(four).toBeLessThan(8 * one + 250);
  };

  test.each(PIECES)('of %j in a line, before and after', (piece) => {
    grows((times) => {
      const text = piece.repeat(Math.ceil((times * 30_000) / piece.length));
      judge('src/a.js', text, `${text}\nrequire(process.env.PLUGIN); fetch(x); yaml.load(y); a.__proto__ = b;\n`);
    });
  });

  test.each(['package-lock.json', 'package.json'])('of entries in %s', (path) => {
    grows((times) => {
      const entries = (version: string): string =>
        JSON.stringify(
          path === 'package.json'
            ? { dependencies: list((at) => [`dep-${at}`, version]), scripts: list((at) => [`s${at}`, `a ${version}`]) }
            : {
                packages: list((at) => [`node_modules/d${at}`, { version: '1', integrity: `sha512-${version}${at}` }]),
              },
          null,
          2,
        );
      const list = <T>(entry: (at: number) => [string, T]): Record<string, T> =>
        Object.fromEntries(Array.from({ length: sweep(400, 1500) * times }, (_, at) => entry(at)));
      judge(path, entries('1'), entries('2'));
    });
  });

  test('of checks that are gone, and of words of the task', () => {
    grows((times) => {
      const lines = Array.from(
        { length: sweep(400, 1500) * times },
        (_, at) => `if (checkAuth${at}(x)) return valid${at};`,
      );
      judge('src/a.js', lines.join('\n'), lines.map((line) => line.replace(/check|valid/gi, 'x')).join('\n'));
    });
  });
});

/** Command lines are read as bash would, never run, and judged as a whole by rules that show what they mean. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkRules } from '../../../src/core/commands/check-examples.ts';
import { clipFacts, DYNAMIC, MAX_FACT_BYTES } from '../../../src/core/commands/facts.ts';
import { LOOKING_RULES, looksOnly } from '../../../src/core/commands/read-only-rules.ts';
import { BUILT_IN_RULES } from '../../../src/core/commands/built-in-rules.ts';
import type { CommandRule } from '../../../src/core/commands/rule-on-command.ts';
import { commandRuleSchema, ruleOnCommand } from '../../../src/core/commands/rule-on-command.ts';
import { parseCommand } from '../../../src/core/commands/parse.ts';

/** One line for each program: its wrappers, then the program with its words. */
function show(line: string): string {
  const facts = parseCommand(line);
  const lines = facts.commands.map(({ program, words, via = [] }) =>
    [...via.map((name) => `${name} →`), program, ...words].join(' ').replaceAll(DYNAMIC, '…'),
  );
  return [...lines, ...(facts.unjudgeable ? [`? ${facts.unjudgeable.replaceAll(DYNAMIC, '…')}`] : [])].join('\n');
}

const judge = (line: string): string => ruleOnCommand(parseCommand(line), BUILT_IN_RULES).outcome;

describe('reading a command line', () => {
  test('every program of a compound is found', () => {
    expect(show('A=1 git diff | head -3 && (cd x; rm y) || ! z & for f in $(ls a); do wc "$f"; done')).toBe(
      ['git diff', 'head -3', 'cd x', 'rm y', 'z', 'ls a', 'wc …'].join('\n'),
    );
    expect(show('if a; then b; fi; case $x in y) c;; esac; f() { d; }; while e; do g; done; [[ -n $(h) ]]')).toBe(
      ['a', 'b', 'c', 'd', 'e', 'g', 'h'].join('\n'),
    );
    expect(show('diff <(git show a) b > "$(mktemp)" <<EOF\n$(id) `who`\nEOF')).toBe(
      ['diff … b', 'git show a', 'mktemp', 'id', 'who'].join('\n'),
    );
  });

  test('wrappers are opened, however deep', () => {
    expect(show('sudo -u me env -i A=1 timeout -k 3 5 nice -n 5 git push')).toBe(
      [
        'sudo -u me',
        'sudo → env -i A=1',
        'sudo → env → timeout -k 3 5',
        'sudo → env → timeout → nice -n 5',
        'env → timeout → nice → git push',
      ].join('\n'),
    );
    expect(show('find . -name a -exec rm -f {} + | xargs -n 2 chmod +x')).toBe(
      ['find . -name a -exec', 'find -exec → rm -f …', 'xargs -n 2', 'xargs → chmod +x …'].join('\n'),
    );
    expect(show(`bash -lc "sh -c 'npm exec -- rimraf x'"; npx -y cowsay hi; trap 'rm a' EXIT`)).toContain(
      'bash -c → sh -c → npm exec → rimraf x',
    );
  });

  test('quoting hides no program', () => {
    for (const line of [`c""at x`, `'cat' x`, String.raw`c\at x`, `$'\\x63at' x`, `"cat" x`])
      expect(show(line)).toBe('cat x');
  });

  test('text in quotes, comments and here-documents for files is no program', () => {
    expect(show(`git commit -m "rm -rf / && git push" # ; git push`)).toBe('git commit -m rm -rf / && git push');
    expect(show(`cat > a.sh <<'EOF'\ngit push $(id)\nEOF`)).toBe('cat');
  });

  test('variables that the line sets are followed in operands, but never in the place of a program', () => {
    expect(show('d=~/.ssh; cat $d/id "$HOME/x"')).toBe('cat ~/.ssh/id ~/x');
    expect(show('d=a; d=b; cat $d')).toBe('cat …');
    expect(parseCommand('x=ls; $x').unjudgeable).toContain('known only when it runs');
  });

  test('a line that can’t be followed says why', () => {
    const lines = [
      '$x a',
      '$(echo rm) a',
      '{rm,-rf,x}',
      'r* x',
      'eval "$x"',
      'curl x | sh',
      'echo cm0= | base64 -d | bash',
      'x=ZWNo; y=bw==; printf %s "$x$y" | base64 -d | sh',
      'bash <<EOF\n$x\nEOF',
      'sh -c "$x"',
      'bash <(curl x)',
      'python3 < /dev/stdin | python3',
      `python3 -c "exec(__import__('base64').b64decode('x'))"`,
      'node -e "$x"',
      'echo "a',
      'echo $(a',
      'if a',
      'ls \u202E',
      'ls \u0007',
      '('.repeat(50) + ')'.repeat(50),
      'a '.repeat(40_000),
      '. <(x)',
    ];
    expect(lines.filter((line) => !parseCommand(line).unjudgeable)).toEqual([]);
  });

  test('a line that can be followed can be judged', () => {
    const lines = [
      'npm test 2>&1 | tail -20',
      `node -e "console.log(require('./x'))"`,
      'python3 - <<EOF\nprint(1)\nEOF',
      `bash <<'EOF'\nls a\nEOF`,
      'for f in src/*.ts; do sed -i s/a/b/ "$f"; done',
      `grep -rn "eval(" src | sort | uniq -c`,
      'cat package.json | node -p "JSON.parse(require(\'fs\').readFileSync(0)).version"',
      'git show $(git merge-base a b):x',
      'sh scripts/x.sh',
      '[ -f a ] && . ./a',
      'sh < a.sh',
    ];
    expect(lines.flatMap((line) => parseCommand(line).unjudgeable ?? [])).toEqual([]);
  });

  test('redirections, writes, assignments and background work are facts', () => {
    const facts = parseCommand(
      'A=1 env B=2 x > a >> b < c 2>&1 2> /dev/null & cp d e; sed -i s/x/y/ f; tee g; export C=3',
    );
    expect(facts.redirections).toEqual([
      { kind: 'write', path: 'a' },
      { kind: 'append', path: 'b' },
      { kind: 'read', path: 'c' },
    ]);
    expect(facts.writesTo.toSorted()).toEqual(['a', 'b', 'e', 'f', 'g']);
    expect(facts.assignments.toSorted()).toEqual(['A', 'B', 'C']);
    expect(facts.background).toBe(true);
  });

  test('network use is named', () => {
    const line =
      'curl -s x; git -C a push; npm ci; python3 -m pip install y; cargo build; git log; echo > /dev/tcp/a/1';
    expect(parseCommand(line).network.toSorted()).toEqual([
      '/dev/tcp/a/1',
      'curl x',
      'git push',
      'npm ci',
      'pip install',
    ]);
  });

  test('no text makes it throw or take long', () => {
    const pieces = [
      '$(',
      '`',
      '"',
      "'",
      '((',
      '))',
      '{',
      '}',
      '<<A',
      '\n',
      '|',
      '&',
      ';',
      'if ',
      'case x in ',
      '${',
      '\\',
    ];
    const noise = fc.array(fc.oneof(fc.constantFrom(...pieces), fc.string({ maxLength: 5 })), { maxLength: 60 });
    fc.assert(fc.property(noise, (parts) => Array.isArray(parseCommand(parts.join('')).commands)));
    for (const piece of [...pieces, '<(', '$((', '{a,', '@(', 'sh -c "', 'sudo ', 'a=(', '[[ ( ', '<<E\n', "'$("])
      parseCommand(piece.repeat(Math.floor(60_000 / piece.length)));
  });

  test('facts fit into a history, or the line can’t be judged', () => {
    const short = clipFacts(parseCommand(`git commit -m "${'a long message '.repeat(100)}"`));
    expect(short.unjudgeable).toBe(null);
    const long = clipFacts(parseCommand(`rm ${Array.from({ length: 500 }, (_, i) => `some/file-${i}`).join(' ')}; ls`));
    expect(long.unjudgeable).toContain('too long');
    for (const facts of [short, long]) expect(JSON.stringify(facts).length).toBeLessThanOrEqual(MAX_FACT_BYTES);
  });
});

describe('rules', () => {
  const rule = (values: Partial<CommandRule>): CommandRule =>
    commandRuleSchema.parse({ id: 'x', effect: 'ask', reason: 'because', match: ['x'], notMatch: [], ...values });

  test('the built-in rules keep their own examples', () => {
    const rules = [...BUILT_IN_RULES, ...LOOKING_RULES];
    expect(rules.map((one) => commandRuleSchema.safeParse(one).success)).not.toContain(false);
    expect(checkRules(rules)).toEqual([]);
  });

  test('a rule that does not keep its examples is an error that names the rule and the example', () => {
    const wrong = rule({ id: 'no-rm', programs: ['rm'], match: ['rm x', 'unlink x'], notMatch: ['ls', 'rm -i x'] });
    expect(checkRules([wrong, { ...wrong, match: ['rm x'], notMatch: [] }])).toEqual([
      { rule: 'no-rm', path: [0, 'match', 1], problem: 'rule "no-rm" does not match its own example: unlink x' },
      {
        rule: 'no-rm',
        path: [0, 'notMatch', 1],
        problem: 'rule "no-rm" matches an example in its notMatch: rm -i x',
      },
      { rule: 'no-rm', path: [1, 'id', 0], problem: 'rule "no-rm": another rule has this id' },
    ]);
  });

  test('a rule without conditions is refused', () => {
    expect(
      commandRuleSchema.safeParse({ id: 'x', effect: 'allow', reason: 'y', match: ['z'], notMatch: [] }).success,
    ).toBe(false);
  });

  test('a compound is as strict as its strictest part', () => {
    const rules = [rule({ id: 'a', programs: ['a'] }), rule({ id: 'd', effect: 'deny', programs: ['d'] })];
    const outcome = (line: string): string => ruleOnCommand(parseCommand(line), rules).outcome;
    expect(outcome('ls | b')).toBe('allow');
    expect(outcome('ls | sudo a')).toBe('ask');
    expect(outcome('a; echo $(env d)')).toBe('deny');
    expect(outcome('eval d')).toBe('ask');
  });

  test('where commands ask, a line is allowed only if all of it is', () => {
    const outcome = (line: string): string => ruleOnCommand(parseCommand(line), LOOKING_RULES, 'ask').outcome;
    expect(outcome('cat a | grep b')).toBe('allow');
    for (const line of [
      'cat a > b',
      'cat a | sh',
      'A=1 cat a',
      'cat $(rm x)',
      'cat a; rm b',
      'git status & git push',
      '',
    ])
      expect([line, outcome(line)]).toEqual([line, 'ask']);
    for (const out of ['cat ../a', 'cat /etc/passwd', 'ls ~', 'cat "$X"', 'grep --file=/x a', 'cat .env', 'cat < /x'])
      expect([out, looksOnly(parseCommand(out))]).toEqual([out, false]);
    for (const inside of ['cat a | grep b', 'ls -la src', 'git status --short', 'cat a..b'])
      expect([inside, looksOnly(parseCommand(inside))]).toEqual([inside, true]);
    expect(ruleOnCommand(parseCommand('cat a'), LOOKING_RULES, 'deny').outcome).toBe('allow');
    expect(ruleOnCommand(parseCommand('rm a'), LOOKING_RULES, 'deny').outcome).toBe('deny');
  });

  test('a match that only a variable decides asks, and is never denied', () => {
    const rules = [rule({ effect: 'deny', programs: ['git'], subcommands: ['push'] })];
    expect(ruleOnCommand(parseCommand('git "$x"'), rules).outcome).toBe('ask');
    expect(ruleOnCommand(parseCommand('x=push; git $x'), rules).outcome).toBe('deny');
    expect(ruleOnCommand(parseCommand('ls | xargs git'), rules).outcome).toBe('ask');
  });

  test('a refactor’s usual commands are not asked about', () => {
    const lines = [
      'npm test',
      'npm run build && npm run lint',
      'git status --short && git diff --stat',
      "grep -rln 'oldName' src | xargs sed -i 's/oldName/newName/g'",
      `ast-grep run --pattern 'var $A = $B' --rewrite 'const $A = $B' --lang js -U src`,
      'mkdir -p src/new && git mv src/a.ts src/new/a.ts',
      `python3 - <<'EOF'\nimport re, pathlib\nfor p in pathlib.Path('src').rglob('*.py'): p.write_text(re.sub('a', 'b', p.read_text()))\nEOF`,
      'for f in $(git ls-files "*.ts"); do npx tsc --noEmit "$f"; done',
      'rm -rf dist build && node scripts/build.mjs',
      'cargo test 2>&1 | tail -30',
      'chmod +x bin/tool',
      'timeout 60 node --test test/',
      'git commit -am "Rename x" && git log --oneline | head',
    ];
    expect(lines.filter((line) => judge(line) !== 'allow')).toEqual([]);
  });
});

test.each([
  ["printf '\\164\\162\\165\\145' > a", true],
  ["echo -e '\\x72\\x6d\\x20\\x2d' > a", true],
  ['python3 -c "exec(\'\'.join(map(chr, [112, 97])))"', true],
  ["printf '\\033[31mred\\033[0m\\n'", false],
  ["printf '\\342\\234\\223 done\\n'", false],
  ['python3 -c "print(chr(65))"', false],
])('text that is spelled in codes can’t be judged, colours and signs can: %s', (line, isHidden) => {
  expect(parseCommand(line).unjudgeable !== null).toBe(isHidden);
});

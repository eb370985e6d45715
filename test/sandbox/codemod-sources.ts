/**
 * Small sources in other languages, with their exact bytes after a rewrite, written by hand.
 * Rule: every byte that the rewrite does not name is the same on both sides.
 */
import type { Row } from './codemod-rows.ts';
import { goal } from './codemod-rows.ts';

const CONST = goal('javascript', 'js', 'var $A = require($B)', 'const $A = require($B)');
const CONST_TS = goal('typescript', 'ts', 'var $A = require($B)', 'const $A = require($B)');
const LOG_TS = goal('typescript', 'ts', 'console.log($$$A)', 'log.info($$$A)');
const ASSERT = goal('python', 'py', 'self.assertEquals($A, $B)', 'self.assertEqual($A, $B)');
const PRINT = goal('python', 'py', 'print($$$A)', 'log($$$A)');
const RETURN = goal('java', 'java', 'return Optional.of($A)', 'return Optional.ofNullable($A)');
const SYSTEM = goal('java', 'java', 'System.out.println($A)', 'LOG.info($A)');
const EMPTY = goal('go', 'go', 'len($A) == 0', '$A == ""');
const UNWRAP = goal('rust', 'rs', '$A.unwrap()', '$A.expect("checked")');
const NONE = goal('rust', 'rs', '$A == None', '$A.is_none()');
const LET = goal('rust', 'rs', 'let $A = $B', 'let mut $A = $B');
const NULL = goal('c', 'c', '$A == NULL', '!$A');
const PUTS = goal('ruby', 'rb', 'puts $A', 'warn $A');

export const OTHERS: readonly Row[] = [
  // TypeScript
  {
    name: 'TypeScript with types around',
    goal: CONST_TS,
    before: "var p = require('path'); export type P = typeof p;\n",
    after: "const p = require('path'); export type P = typeof p;\n",
  },
  {
    name: 'decorators',
    goal: LOG_TS,
    before: '@Component({ a: 1 })\nclass A {\n  @Input() b!: string;\n  @log m(): void { console.log(this.b); }\n}\n',
    after: '@Component({ a: 1 })\nclass A {\n  @Input() b!: string;\n  @log m(): void { log.info(this.b); }\n}\n',
  },
  {
    name: 'TypeScript with JSX',
    goal: LOG_TS,
    file: 'a.tsx',
    before: 'const a = (): JSX.Element => <p onClick={() => console.log<string>(1)}>{console.log(2)}</p>;\n',
    after: 'const a = (): JSX.Element => <p onClick={() => console.log<string>(1)}>{log.info(2)}</p>;\n',
  },
  {
    name: 'generics and casts',
    goal: LOG_TS,
    before: 'console.log(<T>a, f<U>(b) as V);\r\n',
    after: 'log.info(<T>a, f<U>(b) as V);\r\n',
  },
  {
    name: 'the script of Vue in TypeScript',
    goal: LOG_TS,
    file: 'a.vue',
    before:
      '<template>\n  <p @click="console.log(1)">é</p>\n</template>\n<script setup lang="ts">\nconsole.log(2);\n</script>\n',
    after:
      '<template>\n  <p @click="console.log(1)">é</p>\n</template>\n<script setup lang="ts">\nlog.info(2);\n</script>\n',
  },
  {
    name: 'the scripts of Svelte',
    goal: CONST,
    file: 'a.svelte',
    before:
      "<script context=\"module\">var a = require('a');</script>\r\n<script>\r\n\tvar b = require('b')\r\n</script>\r\n<p>{b}</p>\r\n",
    after:
      "<script context=\"module\">const a = require('a');</script>\r\n<script>\r\n\tconst b = require('b')\r\n</script>\r\n<p>{b}</p>\r\n",
  },
  // Python
  {
    name: 'Python with a comment behind',
    goal: ASSERT,
    before: 'class T:\n    def test(self):\n        self.assertEquals(1, 1)  # self.assertEquals\n',
    after: 'class T:\n    def test(self):\n        self.assertEqual(1, 1)  # self.assertEquals\n',
  },
  {
    name: 'Python with statements on one line',
    goal: ASSERT,
    before: 'self.assertEquals( a,b ); self.assertEquals(c, d)',
    after: 'self.assertEqual( a,b ); self.assertEqual(c, d)',
  },
  {
    name: 'Python with a text over lines',
    goal: PRINT,
    before: 'def f():\n\tprint("""a\n  b\n\t\tc""", end="")\n',
    after: 'def f():\n\tlog("""a\n  b\n\t\tc""", end="")\n',
  },
  {
    name: 'Python with decorators and line ends of Windows',
    goal: PRINT,
    before: '@print\r\n@wraps(f)\r\ndef g():\r\n    print(\r\n        1,\r\n    )\r\n',
    after: '@print\r\n@wraps(f)\r\ndef g():\r\n    log(\r\n        1,\r\n    )\r\n',
  },
  {
    name: 'Python that moves a block in',
    goal: goal('python', 'py', 'with lock:\n    $$$B', 'with lock:\n    if ready:\n        $$$B'),
    before: 'def f():\n    with lock:\n        a()\n\n        if b:\n            c()\n',
    after: 'def f():\n    with lock:\n        if ready:\n            a()\n\n            if b:\n                c()\n',
  },
  // Java
  {
    name: 'Java returns',
    goal: RETURN,
    before: 'class A { Optional<B> f() { return Optional.of(b) ; } /* end */ }\n',
    after: 'class A { Optional<B> f() { return Optional.ofNullable(b) ; } /* end */ }\n',
  },
  {
    name: 'Java annotations and a comment behind',
    goal: SYSTEM,
    before: 'class A {\n\t@Override\n\tvoid f() {\n\t\tSystem.out.println("a" + b); // say\n\t}\n}',
    after: 'class A {\n\t@Override\n\tvoid f() {\n\t\tLOG.info("a" + b); // say\n\t}\n}',
  },
  {
    name: 'Java that would lose its semicolon',
    goal: goal('java', 'java', 'int x = $A;', 'int x = $A'),
    before: 'class A { void f() { int x = 1; } }\n',
    after: 'class A { void f() { int x = 1; } }\n',
    refused: /the rewrite would add a syntax error/,
  },
  {
    name: 'Java that was broken before, and would be once more',
    goal: goal('java', 'java', 'int y = $A;', 'int y = $A'),
    before: 'class A { void f() { int x = 1 } void g() { int y = 2; } void h() { int z = 3 } }\n',
    after: 'class A { void f() { int x = 1 } void g() { int y = 2; } void h() { int z = 3 } }\n',
    refused: /the rewrite would add a syntax error/,
  },
  {
    name: 'Java that was broken before, and is no worse',
    goal: SYSTEM,
    before: 'class A { void f() { int x = 1 } void g() { System.out.println(x); } }\n',
    after: 'class A { void f() { int x = 1 } void g() { LOG.info(x); } }\n',
  },
  // Go
  {
    name: 'Go conditions with texts over lines',
    goal: EMPTY,
    before: 'package a\n\nfunc f(a string) bool {\n\treturn len(g(a, `b\n c`)) == 0 // why\n}\n',
    after: 'package a\n\nfunc f(a string) bool {\n\treturn g(a, `b\n c`) == "" // why\n}\n',
  },
  // Rust
  {
    name: 'Rust chains over lines',
    goal: UNWRAP,
    before: "fn f<'a>(x: &'a str) {\n    let a = x\n        .parse() // number\n        .unwrap();\n}\n",
    after: 'fn f<\'a>(x: &\'a str) {\n    let a = x\n        .parse() // number\n        .expect("checked");\n}\n',
  },
  {
    name: 'Rust conditions',
    goal: NONE,
    before: "fn f() { if g::<'static>(1) == None { h() } }\n",
    after: "fn f() { if g::<'static>(1).is_none() { h() } }\n",
  },
  {
    name: 'Rust declarations keep type and semicolon',
    goal: LET,
    before: 'fn f() {\r\n    let a = 1; // one\r\n}\r\n',
    after: 'fn f() {\r\n    let mut a = 1; // one\r\n}\r\n',
  },
  // C
  {
    name: 'C with macros',
    goal: NULL,
    before: '#define N 3\nint f(char *a) { return a[N]  ==  NULL; } /* a == NULL */\n',
    after: '#define N 3\nint f(char *a) { return !a[N]; } /* a == NULL */\n',
  },
  // Ruby
  {
    name: 'Ruby with a modifier and a comment',
    goal: PUTS,
    before: "puts 'a' if b # puts 'c'\nputs \"#{d}\"",
    after: "warn 'a' if b # puts 'c'\nwarn \"#{d}\"",
  },
];

/**
 * Small sources in JavaScript, with their exact bytes after a rewrite, written by hand.
 * Rule: every byte that the rewrite does not name is the same on both sides.
 */
import type { Row } from './codemod-rows.ts';
import { goal } from './codemod-rows.ts';

const CONST = goal('javascript', 'js', 'var $A = require($B)', 'const $A = require($B)');
const LOG = goal('javascript', 'js', 'console.log($$$A)', 'log.info($$$A)');
const IMPORT = goal('javascript', 'js', 'var $A = require($B)', 'import $A from $B');

export const JAVASCRIPT: readonly Row[] = [
  {
    name: 'a semicolon stays',
    goal: CONST,
    before: "var p = require('path');\n",
    after: "const p = require('path');\n",
  },
  { name: 'none is added', goal: CONST, before: "var p = require('path')\n", after: "const p = require('path')\n" },
  {
    name: 'statements on one line',
    goal: CONST,
    before: "var p = require('path'); module.exports = p.sep;\n",
    after: "const p = require('path'); module.exports = p.sep;\n",
  },
  {
    name: 'a function called at once comes after',
    goal: CONST,
    before: "var p = require('path');\n(function () { p.sep; })();\n",
    after: "const p = require('path');\n(function () { p.sep; })();\n",
  },
  {
    name: 'a list comes after',
    goal: CONST,
    before: "var p = require('path');\n[1, 2].forEach(p.sep);\n",
    after: "const p = require('path');\n[1, 2].forEach(p.sep);\n",
  },
  {
    name: 'a template literal comes after',
    goal: CONST,
    before: "var p = require('path');\n`${p}`.length;\n",
    after: "const p = require('path');\n`${p}`.length;\n",
  },
  {
    name: 'a comment behind, with a semicolon',
    goal: CONST,
    before: "var p = require('path'); // var q = require('q');\n",
    after: "const p = require('path'); // var q = require('q');\n",
  },
  {
    name: 'a comment behind, without one',
    goal: CONST,
    before: "var p = require('path') // paths\nvar x = 1\n",
    after: "const p = require('path') // paths\nvar x = 1\n",
  },
  {
    name: 'a name that is declared twice stays, since a const may not be',
    goal: CONST,
    before: "var a = require('a')\n  , send = a.send\n  , send = require('send')\nvar b = require('b')\n",
    after: "var a = require('a')\n  , send = a.send\n  , send = require('send')\nconst b = require('b')\n",
    refused: /the rewrite would add a syntax error: Identifier 'send' has already been declared/,
  },
  {
    name: 'a declarator without a value stays, since a const has one',
    goal: CONST,
    before: "#!/usr/bin/env node\nvar a = require('a'), b\nvar c = require('c')\n",
    after: "#!/usr/bin/env node\nvar a = require('a'), b\nconst c = require('c')\n",
    refused: /Missing initializer in const declaration/,
  },
  {
    name: 'a comment before the semicolon',
    goal: CONST,
    before: "var p = require('path') /* paths */ ;\nvar q = require('q')  ;\n",
    after: "const p = require('path') /* paths */ ;\nconst q = require('q')  ;\n",
  },
  {
    name: 'a second declarator',
    goal: CONST,
    before: 'var b = require("b"), c = 1;\nvar d = require("d"), e = require("e");\n',
    after: 'const b = require("b"), c = 1;\nconst d = require("d"), e = require("e");\n',
  },
  {
    name: 'line ends of Windows',
    goal: CONST,
    before: "'use strict';\r\nvar p = require('path');\r\nvar q = 1;\r\n",
    after: "'use strict';\r\nconst p = require('path');\r\nvar q = 1;\r\n",
  },
  {
    name: 'mixed line ends',
    goal: CONST,
    before: "var p = require('path');\r\nvar q = require('q');\nvar r = 1;\r",
    after: "const p = require('path');\r\nconst q = require('q');\nvar r = 1;\r",
  },
  {
    name: 'a byte-order mark',
    goal: CONST,
    before: "\ufeffvar p = require('path');\n",
    after: "\ufeffconst p = require('path');\n",
  },
  {
    name: 'tabs and spaces at the end',
    goal: CONST,
    before: "function f() {\n\tvar\tp  =\trequire( 'path' ) ; \t\n\t\treturn p;  \n}\n",
    after: "function f() {\n\tconst\tp  =\trequire( 'path' ) ; \t\n\t\treturn p;  \n}\n",
  },
  {
    name: 'no end of the last line',
    goal: CONST,
    before: "var p = require('path');",
    after: "const p = require('path');",
  },
  {
    name: 'a first line for the system',
    goal: CONST,
    before: "#!/usr/bin/env node\nvar p = require('path');\n",
    after: "#!/usr/bin/env node\nconst p = require('path');\n",
  },
  {
    name: 'a declaration over lines',
    goal: CONST,
    before: "var p =\n    require(\n      'path'\n    );\n",
    after: "const p =\n    require(\n      'path'\n    );\n",
  },
  {
    name: 'letters of other scripts',
    goal: CONST,
    before: "// Größe\u00a0naïve 日本 😀\nvar größe = require('größe😀'); // à\u00a0\n",
    after: "// Größe\u00a0naïve 日本 😀\nconst größe = require('größe😀'); // à\u00a0\n",
  },
  {
    name: 'a template literal over lines keeps its indentation',
    goal: LOG,
    before: 'function f() {\n    console.log(`one\n  two ${x}\n\tthree`);\n}\n',
    after: 'function f() {\n    log.info(`one\n  two ${x}\n\tthree`);\n}\n',
  },
  {
    name: 'arguments on lines of their own, with comments and a comma',
    goal: LOG,
    before: 'console.log(\n  a, // first\n  b, /* second */\n);\n',
    after: 'log.info(\n  a, // first\n  b, /* second */\n);\n',
  },
  { name: 'no arguments', goal: LOG, before: 'console.log( );\nconsole.log()', after: 'log.info( );\nlog.info()' },
  {
    name: 'a match within a match',
    goal: LOG,
    before: 'console.log(function () { console.log(1); return 2; });\n',
    after: 'log.info(function () { log.info(1); return 2; });\n',
  },
  {
    name: 'in the body of an arrow, before a comma',
    goal: LOG,
    before: 'f(() => console.log(1), () => console.log(2))\n',
    after: 'f(() => log.info(1), () => log.info(2))\n',
  },
  {
    name: 'JSX',
    goal: LOG,
    file: 'a.jsx',
    before: "const a = <p onClick={() => console.log('a')}>\n  don't\n</p>;\n",
    after: "const a = <p onClick={() => log.info('a')}>\n  don't\n</p>;\n",
  },
  {
    name: 'punctuation that both have is there once',
    goal: goal('javascript', 'js', 'var $A = require($B);', 'const $A = require($B);'),
    before: "var p = require('path');\nf()\n",
    after: "const p = require('path');\nf()\n",
  },
  {
    name: 'punctuation of the rewrite is not doubled',
    goal: goal('javascript', 'js', 'log($A)', 'warn($A);'),
    before: 'log(1);\nlog(2)\n',
    after: 'warn(1);\nwarn(2);\n',
  },
  {
    name: 'a semicolon that the rewrite takes away from before a call',
    goal: goal('javascript', 'js', 'var $A = require($B);', 'const $A = require($B)'),
    before: "var p = require('path');\n(function () {})();\n",
    after: "var p = require('path');\n(function () {})();\n",
    refused: /run into the next line/,
  },
  {
    name: 'a rewrite that is no code here',
    goal: IMPORT,
    before: "var p = require('path');\nfor (var q = require('q'); q; ) q();\n",
    after: "import p from 'path';\nfor (var q = require('q'); q; ) q();\n",
    refused: /\t2\tthe rewrite would add a syntax error/,
  },
  {
    name: 'a rewrite that would lose a declarator',
    goal: IMPORT,
    before: "var p = require('path'), q = 1;\n",
    after: "var p = require('path'), q = 1;\n",
    refused: /\t1\tthe rewrite would add a syntax error/,
  },
  {
    name: 'a file that was broken before',
    goal: CONST,
    before: "var p = require('path');\nfunction ( {\n",
    after: "const p = require('path');\nfunction ( {\n",
  },
  {
    name: 'a metavariable that comes twice',
    goal: goal('javascript', 'js', '$A && $A()', '$A?.()'),
    before: 'a && a();\na.b\n  && a . b();\na && b();\n',
    after: 'a?.();\na.b?.();\na && b();\n',
  },
  {
    name: 'arguments that change places',
    goal: goal('javascript', 'js', 'equal($A, $B)', 'same($B, $A)'),
    before: 'equal(1,  /* two */ f(`\n 2`));\n',
    after: 'same(  /* two */ f(`\n 2`), 1);\n',
  },
  {
    name: 'an async function keeps its word',
    goal: goal('javascript', 'js', 'function old($$$A) { $$$B }', 'function fresh($$$A) { $$$B }'),
    before: 'async function old(a) { await a }\nfunction old() {\n  return 1; // one\n}\n',
    after: 'async function fresh(a) { await a }\nfunction fresh() {\n  return 1; // one\n}\n',
  },
];

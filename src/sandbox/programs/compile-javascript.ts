/**
 * Checks whether Node compiles JavaScript code. tree-sitter accepts `const a;` and names declared twice; engines don't.
 * Rule: nothing is run, and code that Node did not compile before, such as JSX, is not judged.
 */
import { compileFunction } from 'node:vm';
import type { Code } from './codemod-search.ts';

/** Errors about syntax that only modules may have: a rewrite may turn a script into a module. */
const MODULE = /import statement|'(?:export|import)'|import\.meta|await is only valid/;

/** Node's compile error for code that compiled before; undefined if it still compiles, or never did. */
export function findCompileError(before: Code, after: Code): string | undefined {
  if (before.language !== 'javascript' || complaintOf(before) !== undefined) return undefined;
  const complaint = complaintOf(after);
  return complaint !== undefined && MODULE.test(complaint) ? undefined : complaint;
}

function complaintOf({ text }: Code): string | undefined {
  // The text is a byte string. A first line with #! is no valid JavaScript within a function.
  const source = Buffer.from(text, 'latin1')
    .toString('utf8')
    .replace(/^\uFEFF?#!.*/, '');
  try {
    compileFunction(source, ['exports', 'require', 'module', '__filename', '__dirname']);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/**
 * Whether Node takes a JavaScript file: a parser for editors reads `const a;`, or a name that is declared twice, which
 * no engine does.
 * Rule: nothing is run; of code that Node did not take before, as JSX, nothing is said.
 */
import { compileFunction } from 'node:vm';
import type { Code } from './codemod-search.ts';

/** Complaints about what only modules may have: a rewrite may make one of a script. */
const MODULE = /import statement|'(?:export|import)'|import\.meta|await is only valid/;

/** Node's own complaint about a code that it took before; undefined where it takes it still, or never did. */
export function findCompileError(before: Code, after: Code): string | undefined {
  if (before.language !== 'javascript' || complaintOf(before) !== undefined) return undefined;
  const complaint = complaintOf(after);
  return complaint !== undefined && MODULE.test(complaint) ? undefined : complaint;
}

function complaintOf({ text }: Code): string | undefined {
  // Bytes stand as characters here; a first line with #! is no JavaScript within a function.
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

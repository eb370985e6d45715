/**
 * Reads a policy file: YAML, checked by its schema.
 * Rule: every problem names the file, the line and what would be right; a file with a problem is not used at all.
 */
import { isNode, LineCounter, parseDocument } from 'yaml';
import type { Document } from 'yaml';
import { checkPatterns, checkRules } from '../core/commands/check-examples.ts';
import { describeIssue } from '../core/plan.ts';
import type { LayerName } from '../core/policy/resolve.ts';
import type { PolicyFile } from '../core/policy/file.ts';
import { policyFileSchema } from '../core/policy/file.ts';
import { readPlainFile } from '../git/read-plain-file.ts';

/** People write no larger policy, and each run's history contains the effective one. */
export const MAX_POLICY_BYTES = 64 * 1024;

/** A policy file. `lineOf` gives the line of a field. */
export interface ReadPolicyFile {
  policy: PolicyFile;
  lineOf: (path: readonly (string | number)[]) => number;
}

export type PolicyFileResult = ({ kind: 'ok' } & ReadPolicyFile) | { kind: 'bad'; problems: string[] };

/** The text of a file; undefined if there is none. */
export async function readText(path: string): Promise<string | undefined> {
  try {
    return (await readPlainFile(path, MAX_POLICY_BYTES)).toString('utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Fields that only one layer's file may have. */
const OF_LAYER = { repositories: 'team', teams: 'organisation' } as const;

/**
 * Reads the text of a policy file. `file` is its name in problems, `layer` its layer. An unreadable pattern is a
 * problem, unless `patterns` is `any`.
 */
export function readPolicyFile(
  file: string,
  text: string,
  { layer, patterns = 'readable' }: { layer?: LayerName; patterns?: 'readable' | 'any' } = {},
): PolicyFileResult {
  if (Buffer.byteLength(text) > MAX_POLICY_BYTES)
    return { kind: 'bad', problems: [`${file}:1: is larger than ${MAX_POLICY_BYTES / 1024} KiB`] };
  const lines = new LineCounter();
  // Merge keys and many aliases (below) could turn a small file into a huge value.
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, merge: false });
  const faults = [...document.errors, ...document.warnings];
  if (faults.length > 0) {
    return {
      kind: 'bad',
      problems: faults.map(({ message, pos }) => `${file}:${lines.linePos(pos[0]).line}: ${message.split('\n')[0]}`),
    };
  }
  const lineOf = (path: readonly (string | number)[]): number => findLine(document, lines, path);
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 10 });
  } catch (error) {
    return { kind: 'bad', problems: [`${file}:1: ${error instanceof Error ? error.message : String(error)}`] };
  }
  const parsed = policyFileSchema.safeParse(value);
  if (parsed.success) {
    const misplaced = (['repositories', 'teams'] as const).flatMap((field) =>
      parsed.data[field] === undefined || layer === undefined || OF_LAYER[field] === layer
        ? []
        : [{ path: [field], problem: `${field}: only the file of ${OF_LAYER[field]} may have it` }],
    );
    const unreadable = patterns === 'any' ? [] : findWrongPatterns(parsed.data);
    const found = [...misplaced, ...findWrongExamples(parsed.data), ...unreadable];
    const wrong = found.map(({ path, problem }) => `${file}:${lineOf(path)}: ${problem}`);
    return wrong.length > 0 ? { kind: 'bad', problems: wrong } : { kind: 'ok', policy: parsed.data, lineOf };
  }
  const problems = parsed.error.issues.map((issue) => {
    const path = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
    const [unknown] = issue.code === 'unrecognized_keys' ? issue.keys : [];
    return `${file}:${lineOf(unknown === undefined ? path : [...path, unknown])}: ${describeIssue(issue)}`;
  });
  return { kind: 'bad', problems };
}

/** Every example that contradicts its rule for commands, with its path in the file. */
function findWrongExamples(policy: PolicyFile): { path: (string | number)[]; problem: string }[] {
  return (['limits', 'defaults'] as const).flatMap((part) =>
    checkRules(policy[part]?.rules?.commands ?? []).map(({ path, problem }) => ({
      path: [part, 'rules', 'commands', ...path],
      problem,
    })),
  );
}

/** Every pattern that can't be read, with its path in the file. */
function findWrongPatterns(policy: PolicyFile): { path: (string | number)[]; problem: string }[] {
  return (['limits', 'defaults'] as const).flatMap((part) =>
    checkPatterns(policy[part]).map(({ path, problem }) => ({ path: [part, ...path], problem })),
  );
}

/** The line of a path's last key; if it is missing, of the nearest existing key above it. */
function findLine(document: Document, lines: LineCounter, path: readonly (string | number)[]): number {
  for (let length = path.length; length > 0; length--) {
    const parent = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
    const pair = pairOf(parent, path[length - 1]);
    if (isNode(pair) && pair.range) return lines.linePos(pair.range[0]).line;
  }
  return 1;
}

/** The node of a key in a map, or of an item in a list. */
function pairOf(parent: unknown, key: string | number | undefined): unknown {
  if (typeof parent !== 'object' || parent === null || !('items' in parent) || !Array.isArray(parent.items))
    return undefined;
  if (typeof key === 'number') return parent.items[key];
  const pair = parent.items.find((item: { key?: { value?: unknown } }) => item.key?.value === key);
  return (pair as { key?: unknown } | undefined)?.key;
}

/**
 * Reads a call of a model that was trained on other tools, and turns it into ours where its meaning is plain.
 * Rule: what runs follows from the call's exact bytes alone, so every worker reads the same. What a person is shown is
 * what runs.
 */
import type { JsonObject } from '../text/json.ts';
import { isObject, parseJson } from '../text/json.ts';
import { shellLine } from '../text/shell-line.ts';
import { words } from '../text/words.ts';

export interface GivenCall {
  tool: string;
  /** The parsed arguments; undefined if they are neither JSON nor plainly one text. */
  value: unknown;
}

/** Other names of our tools, as models know them. */
const ALIASES: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    words(`
      shell_command exec_command local_shell bash sh exec terminal execute_bash run_command execute_command
      run_shell_command run_terminal_cmd
    `).map((name) => [name, 'shell']),
  ),
  applypatch: 'apply_patch',
  'apply-patch': 'apply_patch',
};
/** Tools by which models take notes for themselves. There is nothing to run, and nothing wrong with that. */
const NOTES = ['update_plan', 'todo_write', 'todowrite', 'think'];
/** Fields that only explain a call, or steer a terminal that we don't have. */
const TALK = words(`
  description justification explanation thought login tty yield_time_ms max_output_tokens
  with_escalated_permissions sandbox_permissions prefix_rule
`);
const WORKSPACE = /^\/workspace(?:\/+|$)/;
const PATCH_BY_SHELL = /^\s*apply_patch\s*<<-?\s*(['"]?)(\w+)\1[^\S\n]*\n([^]*?)\n\2\s*$/;
/** The longest limit that a command can ask for. */
export const MAX_TIMEOUT_SECONDS = 3600;

/** Whether a model only takes a note by this call. */
export function isNote(tool: string): boolean {
  return NOTES.includes(bareName(tool).toLowerCase());
}

/** The call as one of `tools`, if it plainly is one. */
export function readCall(tools: readonly string[], name: string, argumentsJson: string): GivenCall {
  const tool = nameOf(tools, name);
  const value = readArguments(tool, argumentsJson);
  if (tool === 'shell' && isObject(value)) return readShell(tools, value);
  if (tool === 'apply_patch' && isObject(value)) return { tool, value: readPatch(value) };
  return { tool, value };
}

function nameOf(tools: readonly string[], name: string): string {
  if (tools.includes(name)) return name;
  const bare = bareName(name);
  const known = Object.hasOwn(ALIASES, bare.toLowerCase()) ? ALIASES[bare.toLowerCase()] : undefined;
  return [bare, known].find((one) => one !== undefined && tools.includes(one)) ?? name;
}

function bareName(name: string): string {
  return name.trim().replace(/^(?:functions?|tools?|default_api|container)[.:/]/, '');
}

function readArguments(tool: string, text: string): unknown {
  const value = parseJson(text);
  // Some servers encode the arguments twice.
  if (typeof value === 'string') return readText(tool, value) ?? parseJson(value);
  return value === undefined ? readText(tool, text) : value;
}

/** The arguments where a model gave only the text that is the one needed argument. */
function readText(tool: string, text: string): JsonObject | undefined {
  if (tool === 'apply_patch' && text.trimStart().startsWith('*** Begin Patch')) return { patch: text };
  if (tool === 'shell' && text.trim() !== '' && !/^\s*[{["]/.test(text)) return { command: text };
  return undefined;
}

function readPatch({ patch, input, ...rest }: JsonObject): JsonObject {
  const kept = without(rest, TALK);
  return { ...kept, patch: patch ?? input };
}

function readShell(tools: readonly string[], given: JsonObject): GivenCall {
  const { command, cmd, ...rest } = given;
  const said = command ?? cmd;
  const line = Array.isArray(said) ? readWords(said) : said;
  const patch = findPatch(said);
  if (patch !== undefined && tools.includes('apply_patch')) return { tool: 'apply_patch', value: { patch } };
  const { workdir, cwd, working_directory: third, ...others } = without(rest, TALK);
  const folder = workdir ?? cwd ?? third ?? '';
  const timed = readTimeout(others);
  // What is not plain stays, so that the schema says what is wrong with it.
  if (typeof folder !== 'string') return { tool: 'shell', value: { ...timed, command: line, workdir: folder } };
  if (typeof line !== 'string') return { tool: 'shell', value: { ...timed, command: line } };
  return { tool: 'shell', value: { command: inFolder(folder, line), ...timed } };
}

/** A list of words as a line: a script that is given to `sh -c`, or the words as a program gets them. */
function readWords(said: readonly unknown[]): unknown {
  if (said.length === 0 || !said.every((word) => typeof word === 'string')) return said;
  const [first = '', second, script] = said;
  if (said.length === 1) return first;
  if (said.length === 3 && /^(?:\/bin\/)?sh$/.test(first) && second === '-c') return script;
  return shellLine(said);
}

/** The patch in a command that pipes it into `apply_patch`: by the tool, people see which files it changes. */
function findPatch(said: unknown): string | undefined {
  if (!Array.isArray(said)) return typeof said === 'string' ? PATCH_BY_SHELL.exec(said)?.[3] : undefined;
  const [first, second] = said as unknown[];
  if (said.length === 2 && first === 'apply_patch' && typeof second === 'string') return second;
  const script: unknown = said.at(-1);
  return typeof script === 'string' && said.length === 3 ? PATCH_BY_SHELL.exec(script)?.[3] : undefined;
}

function inFolder(folder: string, line: string): string {
  const path = folder.trim().replace(WORKSPACE, '').replace(/\/+$/, '');
  if (path === '' || path === '.') return line;
  const go = `cd ${shellLine([path.startsWith('-') ? `./${path}` : path])} &&`;
  // Braces, so that all of a longer line depends on the folder.
  return /[\n;&|#<]/.test(line) ? `${go} {\n${line}\n}` : `${go} ${line}`;
}

function readTimeout({
  timeoutSeconds,
  timeout_seconds: other,
  timeout_ms: ms,
  timeout,
  ...rest
}: JsonObject): JsonObject {
  const plain = timeoutSeconds ?? other ?? null;
  const seconds = plain ?? inSeconds(ms, 1000) ?? inSeconds(timeout, Number(timeout) >= 1000 ? 1000 : 1);
  return seconds === undefined || seconds === null ? rest : { ...rest, timeoutSeconds: seconds };
}

function inSeconds(value: unknown, perSecond: number): number | undefined {
  const amount = Number(value);
  if (value === undefined || value === null || !(amount > 0)) return undefined;
  return Math.min(MAX_TIMEOUT_SECONDS, Math.ceil(amount / perSecond));
}

function without(fields: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)));
}

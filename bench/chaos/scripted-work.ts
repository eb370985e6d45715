/**
 * The refactor that the chaos bench repeats, and its model's response at each turn.
 * Rule: every step adds one line to its task's file, so a step done twice shows in the final tree. The tree does not
 * depend on the order in which the tasks finish.
 */
import type { Item } from '../../src/core/transcript.ts';
import type { ParsedRequest } from '../../src/offline/server/responses-server.ts';

/** The files of the base commit: some to work on, and some that stay. */
export function baseFiles(): Record<string, string> {
  const files: Record<string, string> = { 'README.md': 'A repository to refactor.\n', 'shared.txt': 'base\n' };
  for (const { id } of TASKS) files[`${id}/effects.txt`] = '';
  for (let number = 0; number < 40; number += 1) files[`lib/file-${number}.txt`] = `${number}\n`.repeat(20);
  return files;
}

/** Each step is a command that adds a line; two of the tasks also change one file, which makes a conflict. */
const TASKS = [
  { id: 'a', steps: 4, shares: true, asks: false, dependsOn: [] },
  { id: 'b', steps: 4, shares: true, asks: false, dependsOn: [] },
  { id: 'c', steps: 3, shares: false, asks: true, dependsOn: [] },
  { id: 'd', steps: 2, shares: false, asks: false, dependsOn: ['a', 'c'] },
];

/** The lines that each task's file must have at the end, once each and in this order. */
export function expectedEffects(): Record<string, string[]> {
  return Object.fromEntries(
    TASKS.map(({ id, steps }) => [
      `${id}/effects.txt`,
      Array.from({ length: steps }, (_, turn) => [`${id} ${turn} begins`, `${id} ${turn} ends`]).flat(),
    ]),
  );
}

/** The goal of a refactor; it contains the id, so its prompts differ from those of all others. */
export function goalOf(id: string): string {
  return `Do the work of ${id}`;
}

/** The task and turn of a request, read only from the conversation, as a model would. */
export interface Turn {
  refactor: string;
  task: string;
  isMerge: boolean;
  /** Number of results that the model has seen, which is the number of its calls so far. */
  turn: number;
}

export function readTurn({ items }: ParsedRequest): Turn {
  const text = items.find((item) => item.kind === 'user')?.text ?? '';
  return {
    refactor: /^Goal: Do the work of (.*)$/m.exec(text)?.[1] ?? '',
    task: /^Task: (.*)$/m.exec(text)?.[1] ?? '',
    isMerge: text.includes('Your work met other work in'),
    turn: items.filter((item) => item.kind === 'result').length,
  };
}

/** The model's response: one call. */
export function answerTurn({ task, isMerge, turn }: Turn, callId: string): Item[] {
  const [tool, values] = isMerge ? mergeTurn(turn) : task === 'plan' ? planTurn(turn) : workTurn(task, turn);
  return [{ kind: 'call', callId, tool, arguments: JSON.stringify(values) }];
}

type Call = [tool: string, values: object];

const FINISH: Call = ['finish', { summary: 'done' }];

function planTurn(turn: number): Call {
  if (turn === 0) return ['shell', { command: 'ls; cat shared.txt' }];
  const tasks = TASKS.map(({ id, dependsOn }) => ({
    id,
    title: `Work on ${id}`,
    instructions: `Add the lines of ${id}.`,
    paths: [`${id}/**`],
    checks: [`test -s ${id}/effects.txt`],
    dependsOn,
  }));
  return ['finish', { plan: { summary: 'Four tasks, two of which meet in a file.', tasks } }];
}

function workTurn(id: string, turn: number): Call {
  const task = TASKS.find((other) => other.id === id);
  if (!task) throw new Error(`a task ${id} was never planned`);
  if (turn < task.steps) return ['shell', { command: step(id, turn) }];
  if (turn > task.steps) return FINISH;
  if (task.asks) return ['ask', { question: `May ${id} be called done?` }];
  if (!task.shares) return ['apply_patch', { patch: patch(id) }];
  return ['shell', { command: `echo ${id} >> shared.txt; sort -u -o shared.txt shared.txt` }];
}

/** A command that writes half of its line before a wait and half after it, so an interrupted command would show. */
function step(id: string, turn: number): string {
  const file = `${id}/effects.txt`;
  return `echo '${id} ${turn} begins' >> ${file}; sleep ${turn === 1 ? 0.8 : 0.15}; echo '${id} ${turn} ends' >> ${file}`;
}

function patch(id: string): string {
  return `*** Begin Patch\n*** Add File: ${id}/patched.txt\n+patched once\n*** End Patch`;
}

/** Merges both sides' lines without git's markers; the file is the same whichever task came second. */
function mergeTurn(turn: number): Call {
  if (turn > 0) return FINISH;
  const lines = "grep -vE '^(<{7}|={7}|>{7}|[|]{7})' shared.txt | sort -u";
  return ['shell', { command: `${lines} > /tmp/merged; cat /tmp/merged > shared.txt` }];
}

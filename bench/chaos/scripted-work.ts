/**
 * The refactor that the chaos bench runs over and over, and what its model says at each turn.
 * Rule: every step adds one line to its task's file of effects, so that a step done twice is seen in the final tree;
 * the tree is the same whatever order the tasks finish in.
 */
import type { Item } from '../../src/core/transcript.ts';
import type { ParsedRequest } from '../../src/offline/server/responses-server.ts';

/** What the base commit holds: a few files to work on, and some that lie there. */
export function baseFiles(): Record<string, string> {
  const files: Record<string, string> = { 'README.md': 'A repository to refactor.\n', 'shared.txt': 'base\n' };
  for (const { id } of TASKS) files[`${id}/effects.txt`] = '';
  for (let number = 0; number < 40; number += 1) files[`lib/file-${number}.txt`] = `${number}\n`.repeat(20);
  return files;
}

/** `steps` are commands that each add a line; two of the tasks also meet in one file, which makes a conflict. */
const TASKS = [
  { id: 'a', steps: 4, shares: true, asks: false, dependsOn: [] },
  { id: 'b', steps: 4, shares: true, asks: false, dependsOn: [] },
  { id: 'c', steps: 3, shares: false, asks: true, dependsOn: [] },
  { id: 'd', steps: 2, shares: false, asks: false, dependsOn: ['a', 'c'] },
];

/** The lines that each file of effects must hold at the end, once each and in this order. */
export function expectedEffects(): Record<string, string[]> {
  return Object.fromEntries(
    TASKS.map(({ id, steps }) => [
      `${id}/effects.txt`,
      Array.from({ length: steps }, (_, turn) => [`${id} ${turn} begins`, `${id} ${turn} ends`]).flat(),
    ]),
  );
}

/** The goal of a refactor: its id makes its prompts differ from those of all others. */
export function goalOf(id: string): string {
  return `Do the work of ${id}`;
}

/** Whose turn a request is: read from the conversation alone, as a model would. */
export interface Turn {
  refactor: string;
  task: string;
  isMerge: boolean;
  /** Results that the model has seen: its own calls' number so far. */
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

/** The one call that the model answers with. */
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

/** Half of a step's effect before the wait, half after: one that was cut in its middle would show. */
function step(id: string, turn: number): string {
  const file = `${id}/effects.txt`;
  return `echo '${id} ${turn} begins' >> ${file}; sleep ${turn === 1 ? 0.8 : 0.15}; echo '${id} ${turn} ends' >> ${file}`;
}

function patch(id: string): string {
  return `*** Begin Patch\n*** Add File: ${id}/patched.txt\n+patched once\n*** End Patch`;
}

/** Both sides' lines without git's markers: whichever task came second, the file is the same. */
function mergeTurn(turn: number): Call {
  if (turn > 0) return FINISH;
  const lines = "grep -vE '^(<{7}|={7}|>{7}|[|]{7})' shared.txt | sort -u";
  return ['shell', { command: `${lines} > /tmp/merged; cat /tmp/merged > shared.txt` }];
}

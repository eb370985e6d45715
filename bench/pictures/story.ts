/**
 * The work of which the pictures are made: a plan of four tasks on the sample repository, and what its agents do.
 * Rule: commands really run on real files; only the model's answers are written down here.
 */
import type { ParsedRequest, ServerReply } from '../../src/offline/server/responses-server.ts';
import type { Item } from '../../src/core/transcript.ts';

export const GOAL = 'Use const and template literals in lib, bin and examples; keep the public API';

const TASKS = [
  ['lib', 'Modernise the library', ['lib/**', 'index.js'], []],
  ['bin', 'Modernise the command line', ['bin/**'], ['lib']],
  ['examples', 'Modernise the examples', ['examples/**'], ['lib']],
  ['readme', 'Show the new style in the README', ['README.md'], ['bin', 'examples']],
] as const;

const PLAN = {
  summary: 'The library first; command line and examples use it; the README last.',
  tasks: TASKS.map(([id, title, paths, dependsOn]) => ({
    id,
    title,
    instructions: `${title}: replace var by const where nothing is assigned again. Change no behaviour, and run the tests before you finish.`,
    paths,
    dependsOn,
    checks: ['node --test'],
  })),
};

const MODERNISE = `sed -i 's/^var /const /; s/^  var /  const /'`;
/** Slow enough to be looked at. */
const WATCHED = `for f in angles format predict; do echo "ok - $f"; sleep 1; done; sleep 600`;

const WORK: Record<string, readonly string[]> = {
  lib: [`${MODERNISE} lib/*.js && grep -c const lib/*.js`, 'node --test 2>&1 | tail -n 8'],
  bin: [`${MODERNISE} bin/tide.js && node bin/tide.js putney | head -n 2`, WATCHED],
  examples: [`${MODERNISE} examples/day.js && node examples/day.js`],
};
const QUESTION = 'examples/day.js calls format() for its line. Keep the call, or write the line as a template literal?';

/** The model's next answer. */
export function answer({ items }: ParsedRequest): ServerReply {
  const text = items.find((item) => item.kind === 'user')?.text ?? '';
  const task = /^Task: (.*)$/m.exec(text)?.[1] ?? '';
  const turn = items.filter((item) => item.kind === 'result').length;
  const usage = { inputTokens: 2100 + 900 * turn, cachedTokens: 0, outputTokens: 140 };
  return { items: [say(task, turn), next(task, turn)], usage };
}

function say(task: string, turn: number): Item {
  const words =
    task === 'plan'
      ? 'I split the work by folder.'
      : turn === 0
        ? `I edit the files of ${task}.`
        : 'I look at the result.';
  return { kind: 'assistant', text: words };
}

function next(task: string, turn: number): Item {
  if (task === 'plan') return call('finish', { plan: PLAN }, turn);
  const command = WORK[task]?.[turn];
  if (command !== undefined) return call('shell', { command }, turn);
  if (task === 'examples') return call('ask', { question: QUESTION }, turn);
  return call('finish', { summary: `modernised ${task}` }, turn);
}

function call(tool: string, fields: object, turn: number): Item {
  return { kind: 'call', callId: `call_${turn}`, tool, arguments: JSON.stringify(fields) };
}

/**
 * What each message does in each state of a refactor: docs/messages.md shows the answers of core, and each is walked
 * here. `npm test -- test/core/answers-by-state.test.ts -u` writes the page again.
 */
import { expect, test } from 'vitest';
import { VERB_NOTES } from '../../src/core/decisions/message-notes.ts';
import type { Verb } from '../../src/core/decisions/messages.ts';
import { VERBS } from '../../src/core/decisions/messages.ts';
import { viewRefactor } from '../../src/core/views/status.ts';
import { sha } from './builders.ts';
import { threeTasks } from './refactor/three-tasks.ts';
import type { World, WorldScript } from './world.ts';

/** Inputs that fit these states better than the examples of the help. */
const INPUTS: Partial<Record<Verb, object>> = {
  approve: {},
  reject: { note: 'smaller tasks' },
  rewind: { to: 1, task: 'a' },
  fork: { task: 'a' },
};

function atPlan(script: Partial<WorldScript> = {}): World {
  const run = threeTasks(script);
  run.settle();
  run.refactor = { ...run.refactor, policyFrom: sha('base') };
  run.send('steer', { text: 'skip lib/**', id: 'steer-3' });
  return run;
}

/** Agents work on a and b, and a has made one step. */
function atWork(script: Partial<WorldScript> = {}): World {
  const run = atPlan(script);
  run.send('approve', 'plan@1');
  while (!run.agents.has('r/a.1') || !run.agents.has('r/b.1')) run.stepRefactor();
  for (let move = 0; move < 5; move++) run.stepAgent('r/a.1');
  for (let move = 0; move < 8; move++) run.stepRefactor();
  return run;
}

function atDelivery(): World {
  const run = atWork();
  for (const { decision } of loop(run)) run.send('approve', decision);
  return run;
}

/** Lets the run go on until its delivery waits, and yields each other decision on the way. */
function* loop(run: World): Generator<{ decision: string }> {
  for (;;) {
    run.settle();
    const open = viewRefactor(run.refactor).needs;
    if (open.some(({ kind }) => kind === 'delivery')) return;
    for (const { id } of open) yield { decision: id };
  }
}

const STATES: Record<string, () => World> = {
  'The planner works': () => {
    const run = threeTasks();
    while (!run.agents.has('r/plan.1')) run.stepRefactor();
    return run;
  },
  'The plan waits, and a steer for the agents': atPlan,
  'Agents work': atWork,
  'An agent asks a question': () => {
    const summary = 'Keep the alias?';
    const question = { callId: 'q', tool: 'ask' as const, digest: sha(summary), summary };
    const run = atWork({ command: () => question });
    run.settle();
    return run;
  },
  'It is paused': () => {
    const run = atWork();
    run.send('pause', 'lunch');
    for (let move = 0; move < 4; move++) run.stepRefactor();
    return run;
  },
  'The delivery waits': atDelivery,
  'It has ended': () => {
    const run = atDelivery();
    run.send('approve', 'delivery@1');
    run.settle();
    return run;
  },
};

/** The refactor's answer to a message, then those of the agents that it is passed on to. */
function answer(run: World, verb: Verb): string {
  const input = { ...(INPUTS[verb] ?? VERB_NOTES[verb].input), id: 'message-1' };
  const { kind, detail } = run.send(verb, input);
  const first = `${kind}: ${detail}`;
  if (kind !== 'forwarded') return first;
  for (let move = 0; move < 8 && run.refactor.forwards.length > 0; move++) run.stepRefactor();
  const heard = [...run.agents].flatMap(([agent, { control }]) =>
    control.receipts.flatMap((receipt) =>
      receipt.id === 'message-1' ? [`${agent}: ${receipt.state}, ${receipt.detail}`] : [],
    ),
  );
  return [first, ...heard].join('<br>');
}

test('the page says what each message does in each state', async () => {
  const parts = Object.entries(STATES).map(([state, reach]) => {
    const rows = VERBS.map((verb) => `| \`${verb}\` | ${answer(reach(), verb).replaceAll('|', '\\|')} |`);
    return `## ${state}\n\n| message | answer |\n|---|---|\n${rows.join('\n')}\n`;
  });
  const head = `# What each message does in each state

The answers of a refactor \`r\` with the tasks \`a\`, \`b\` and \`c\` (\`c\` comes after \`a\`), and of its agents where it passes a message on. \`applied\` counts at once; \`forwarded\` is passed on, and the receipt in \`status\` gets the agent's answer;
\`refused\` changes nothing. The inputs are those of \`cox <command> --help\`, but \`rewind\` goes to step 1, \`fork\` names the task alone, and \`approve\` and \`reject\` name no decision.
A test walks each row (\`test/core/answers-by-state.test.ts\`) and writes this page.

`;
  await expect(`${head}${parts.join('\n')}`).toMatchFileSnapshot('../../docs/messages.md');
});

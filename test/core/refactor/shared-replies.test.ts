import { describe, expect, test } from 'vitest';
import type { AgentState } from '../../../src/core/agent/state.ts';
import type { Proposal } from '../../../src/core/agent/step.ts';
import { giveReplies } from '../../../src/core/refactor/agents.ts';
import { listAllOpen } from '../../../src/core/refactor/work.ts';
import type { Policy } from '../../../src/core/policy/policy.ts';
import { planOf, policyOf } from '../builders.ts';
import { World } from '../world.ts';

/** Each agent asks these questions, one a step, before it works. */
function asking(questions: (task: string) => string[], team: Policy = {}): World {
  const command = ({ spec, step }: AgentState): Proposal => {
    const text = questions(spec.task)[step - 1];
    if (text === undefined) return { callId: `c${step}`, tool: 'finish', digest: 'f'.repeat(64), summary: 'done' };
    return { callId: `c${step}`, tool: 'ask', digest: text.padEnd(64, '.'), summary: text };
  };
  const run = new World({
    plan: planOf({ id: 'a' }, { id: 'b' }, { id: 'c', dependsOn: ['a'] }),
    random: () => 0.5,
    callsPerTask: 3,
    command,
    team,
  });
  run.settle();
  run.send('approve', 'plan@1');
  run.settle();
  return run;
}

const openOf = (run: World): string[] => listAllOpen(run.refactor).map(({ id }) => id);
/** The results that an agent's model has got. */
const heard = (run: World, task: string): string[] =>
  run.agents.get(`r/${task}.1`)?.control.decisions.map(({ id, closed }) => `${id} ${closed?.by}: ${closed?.note}`) ??
  [];

describe('the same question of several agents', () => {
  test('is answered once: those that wait for it get the answer, and those that ask it later', () => {
    const run = asking(() => ['tabs?']);
    expect(openOf(run)).toEqual(['a/question@1', 'b/question@1']);
    expect(run.send('answer', { question: 'a/question@1', text: 'blanks', by: 'ann' })).toMatchObject({
      kind: 'forwarded',
      detail: 'a/question@1 passed on to: a, and to 1 more that ask the same',
    });
    run.settle();
    for (const task of ['a', 'b', 'c']) expect(heard(run, task)).toEqual([`${task}/question@1 ann: blanks`]);
  });

  test('that is answered at the same time by its own id changes nothing more', () => {
    const run = asking(() => ['tabs?']);
    run.send('answer', { question: 'a/question@1', text: 'blanks', by: 'ann' });
    expect(run.send('answer', { question: 'b/question@1', text: 'blanks', by: 'ann' })).toMatchObject({
      kind: 'applied',
      detail: 'b/question@1 has got this answer already',
    });
    run.settle();
    expect(heard(run, 'b')).toEqual(['b/question@1 ann: blanks']);
  });

  test('reaches a person if an agent asks it again, and then has the new answer', () => {
    const run = asking((task) => (task === 'c' ? ['tabs?'] : ['tabs?', 'tabs?']));
    run.send('answer', { question: 'a/question@1', text: 'blanks', by: 'ann' });
    run.settle();
    expect(openOf(run)).toEqual(['a/question@2', 'b/question@2']);
    run.send('answer', { question: 'a/question@2', text: 'really blanks', by: 'ann' });
    run.settle();
    expect(openOf(run)).toEqual(['b/question@2']);
    run.send('answer', { question: 'b/question@2', text: 'yes', by: 'bob' });
    run.settle();
    expect(heard(run, 'c')).toEqual(['c/question@1 ann: really blanks']);
  });

  test('stays several where the words differ, in older runs, and where answers have to be signed', () => {
    const different = asking((task) => [`tabs in ${task}?`]);
    different.send('answer', { question: 'a/question@1', text: 'blanks', by: 'ann' });
    expect(openOf(different)).toContain('b/question@1');
    different.settle();
    expect(openOf(different)).toContain('b/question@1');
    const older = asking(() => ['tabs?']);
    const { replies: _, ...before } = older.refactor;
    older.refactor = before;
    older.send('answer', { question: 'a/question@1', text: 'blanks', by: 'ann' });
    older.settle();
    expect(openOf(older)).toContain('b/question@1');
    const digest = 'tabs?'.padEnd(64, '.');
    const replies = [{ digest, text: 'blanks', by: 'ann', given: [] }];
    const report = { agent: 'r/a.1', decisions: listAllOpen(different.refactor).slice(0, 1) };
    const asked = { ...report, decisions: report.decisions.map((decision) => ({ ...decision, digest })) };
    const free = { ...different.refactor, replies };
    expect(giveReplies(free, 1, asked).forwards).toHaveLength(free.forwards.length + 1);
    const signed = { ...free, policy: policyOf({ decisions: { signatures: 'required' } }) };
    expect(giveReplies(signed, 1, asked)).toEqual(signed);
  });
});

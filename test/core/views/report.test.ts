/** The report of a refactor names what a reviewer asks for: who decided what about what, who read which words, the cost. */
import { expect, test } from 'vitest';
import { renderReport } from '../../../src/core/views/report.ts';
import { threeTasks } from '../refactor/three-tasks.ts';

/** The lines of a section. */
function sectionOf(report: string, title: string): string[] {
  const [, section = ''] = report.split(`## ${title}\n`);
  const [own = ''] = section.split('\n## ');
  return own.trim().split('\n');
}

test('a decision says what it was about, a steer who read it, and a task what it cost', () => {
  const run = threeTasks({ checks: ['npm test'] });
  run.settle();
  run.send('approve', { by: 'ann' });
  while (!run.agents.has('r/a.1')) run.stepRefactor();
  run.send('steer', { text: 'use British English', id: 'one', to: 'a', by: 'bob' });
  run.send('pause', { reason: 'lunch', by: 'bob' });
  run.send('resume', { by: 'ann' });
  run.settle();
  run.send('approve', { decision: 'delivery@1', by: 'ann' });
  run.settle();
  const report = renderReport(run.refactor);
  expect(sectionOf(report, 'Decisions')).toEqual([
    '- `plan@1: approved by ann (a claim, not signed)`',
    expect.stringMatching(/^- `delivery@1: approved by ann \(a claim, not signed\), about: deliver \w+ as branch .+`$/),
  ]);
  expect(sectionOf(report, 'Steering')).toEqual([
    expect.stringMatching(
      /^- in the name of `bob`: `use British English`; delivered, `a: delivered to model call \d+`$/,
    ),
  ]);
  expect(sectionOf(report, 'Hands on the work')).toEqual([
    expect.stringMatching(/^- pause by `bob`, \d{4}-.*: `.+`$/),
    expect.stringMatching(/^- resume by `ann`, \d{4}-.*: `.+`$/),
  ]);
  expect(sectionOf(report, 'Tasks')).toContainEqual(
    expect.stringMatching(/`a`: integrated, [1-9]\d* tokens in \d+ model calls \(.+\), \d+ commands$/),
  );
  const prepared = renderReport({ ...run.refactor, setup: 'npm ci' });
  expect(sectionOf(prepared, 'How to reproduce')[0]).toMatch(/^- `git checkout \w+ && npm ci && npm test`$/);
  expect(report).toMatch(/^Began \d{4}-\S+, ended \d{4}-\S+Z.*\. Models: `[^`]+`\.$/m);
});

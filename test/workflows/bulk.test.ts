/** `cox pause --team …` and its like: who is touched is shown, and what is decided in many runs was shown. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, inject, test, vi } from 'vitest';
import { readInbox } from '../../src/client/inbox.ts';
import { refactorQueries } from '../../src/workflows/messages.ts';
import { ask, finish, makeRepository, onePlan, planned, ROOT, startCrew, status } from './harness.ts';

const WAIT = { timeout: 240_000, interval: 300 };
const COX = join(ROOT, 'bin/cox.mjs');

test('cox pause, approve and answer reach all runs of a filter, after they showed what they do', async () => {
  const crew = await startCrew(({ task, turn }) => {
    if (task === 'plan') return planned(onePlan({ id: 'a', paths: ['a/**'] }));
    return turn === 0 ? ask('tabs or blanks?') : finish();
  });
  const campaign = randomUUID();
  const runs = [
    await crew.start({ repository: await makeRepository(), campaign }),
    await crew.start({ repository: await makeRepository(), campaign }),
  ];
  const waiting = async (count: number): Promise<void> =>
    await vi.waitFor(async () => {
      expect((await readInbox(crew.client, { campaign }, Date.now())).items).toBe(count);
    }, WAIT);
  const env = {
    TEMPORAL_ADDRESS: inject('temporalAddress'),
    COXSWAIN_STATE: crew.stateDir,
    COXSWAIN_TASK_QUEUE: crew.taskQueue,
  };
  const cox = async (...words: string[]) => await execa(COX, words, { env, reject: false });
  await waiting(2);
  const unasked = await cox('pause', '--campaign', campaign, 'lunch');
  expect(unasked).toMatchObject({ exitCode: 1, stderr: 'nothing was sent: look at the list, then send it with --yes' });
  for (const run of runs) expect(unasked.stdout).toContain(run.workflowId);
  expect((await status(runs[0]!)).paused).toBe(null);

  const paused = await cox('pause', '--campaign', campaign, '--yes', '--by', 'ann', 'lunch');
  expect(paused.exitCode).toBe(0);
  expect(paused.stdout).toContain('2 of 2 took it\n  applied: paused, with 0 agents  (2: ');
  for (const run of runs) expect((await status(run)).paused).toBe('by ann: lunch');
  expect((await cox('resume', '--campaign', campaign, '--yes')).exitCode).toBe(0);

  const approved = await cox('approve', '--campaign', campaign, '--yes', '--by', 'ann', 'plan@1');
  expect(approved).toMatchObject({ exitCode: 0 });
  expect(approved.stdout).toContain('a: Do a');
  expect(approved.stdout).toContain('| Work on a');
  expect(approved.stdout).toContain('2 of 2 took it\n  applied: plan@1 approved  (2: ');
  for (const run of runs) expect((await run.query(refactorQueries.plan))?.approvedBy).toBe('ann');

  await waiting(2);
  const answered = await cox('answer', '--campaign', campaign, '--yes', 'blanks');
  expect(answered).toMatchObject({ exitCode: 0 });
  expect(answered.stdout).toContain('| tabs or blanks?');
  expect(answered.stdout).toContain('2 of 2 took it');
  const none = await cox('stop', '--campaign', randomUUID(), '--yes');
  expect(none).toMatchObject({ exitCode: 1, stdout: expect.stringContaining('no run fits, so nothing is sent') });
}, 600_000);

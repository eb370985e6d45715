/** The inbox in a real Chromium: alike decisions of several runs are read once and decided together, each by itself. */
import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import { expect, test } from 'vitest';
import { refactorQueries } from '../../src/workflows/messages.ts';
import {
  approve,
  ask,
  finish,
  git,
  makeRepository,
  onePlan,
  planned,
  shell,
  startCrew,
  until,
} from '../workflows/harness.ts';
import { check, enter, runCommand, send, serve, textOf, WAIT } from './browser.ts';

const HOSTILE = `"'><script>window.hacked=1</script>`;

test('all of a group are decided at once, each by its digest; of two people one counts and the other is told by whom', async () => {
  const crew = await startCrew(({ task, turn, last }) => {
    if (task === 'plan') return planned(onePlan({ id: 'a', paths: ['a/**'] }));
    if (turn === 0) return ask(`which name? ${HOSTILE}`);
    return turn === 1 ? shell(`mkdir -p a && printf '%s\\n' '${last.trim().split(' ').at(-1)}' > a/name`) : finish();
  });
  const team = `team-${randomUUID().slice(0, 8)}`;
  const repositories = await Promise.all([makeRepository(), makeRepository(), makeRepository()]);
  const runs = await Promise.all(
    repositories.map(async (repository) => await crew.start({ repository, team, goal: `name it ${HOSTILE}` })),
  );
  const [one, two, three] = runs as [WorkflowHandle, WorkflowHandle, WorkflowHandle];
  const allNeed = async (id: string): Promise<unknown> =>
    await Promise.all(runs.map(async (run) => await until(run, ({ needs }) => needs.some((need) => need.id === id))));
  await allNeed('plan@1');
  const [ann, bob] = [await enter(await serve(crew)), await enter(await serve(crew, { user: 'bob' }))];
  await bob.setJavaScriptEnabled(false);
  const inbox = new URL(`/inbox?team=${team}`, ann.url()).href;
  const hers = `[...document.querySelectorAll('#needs h3')].map((one) => one.textContent.trim())`;
  await ann.goto(inbox);
  await ann.waitForFunction(`${hers}.join().startsWith('3 alike: plan ')`, WAIT);
  await bob.goto(inbox.replace(new URL(ann.url()).origin, new URL(bob.url()).origin));
  expect(await textOf(ann, '.decision')).toContain('Work on a');
  expect(await textOf(ann, '.decision')).toContain('Yes: the agents begin to work on this plan.');
  await check(ann);

  // Ann leaves the third out. Bob's page still shows all three: only the third is his.
  const tickOf = (run: WorkflowHandle): string => `input[name=item][value*='${run.workflowId}']`;
  await ann.click(tickOf(three));
  const annTold = await send(ann, 'button.approve');
  expect(annTold).toContain('approve: applied: plan@1 approved (');
  expect([one, two, three].map(({ workflowId }) => annTold.includes(workflowId))).toEqual([true, true, false]);
  expect((await three.query(refactorQueries.plan))?.approvedBy).toBeNull();
  const bobTold = await send(bob, 'button.approve');
  expect(bobTold).toContain('not decided: plan@1: approved by ann (');
  expect(bobTold).toContain(`applied: plan@1 approved (${three.workflowId})`);
  expect((await three.query(refactorQueries.plan))?.approvedBy).toBe('bob');

  // By the keyboard: to the group, to its answer, and to the button.
  await allNeed('a/question@1');
  await ann.goto(inbox);
  await ann.waitForFunction(`${hers}.join().startsWith('3 alike: question ')`, WAIT);
  await ann.keyboard.press('j');
  expect(await ann.evaluate('document.activeElement.textContent')).toContain('3 alike: question');
  await ann.keyboard.press('a');
  await ann.keyboard.type('river');
  await ann.keyboard.press('Tab');
  await Promise.all([ann.waitForNavigation(WAIT), ann.keyboard.press('Enter')]);
  expect(await textOf(ann, '#told')).toContain('answer: applied: ');

  // Deliveries are never alike: each shows its own difference, and both people take the same one at the same moment.
  await allNeed('delivery@1');
  for (const page of [ann, bob]) await page.goto(new URL(`/inbox?team=${team}`, page.url()).href);
  await ann.waitForFunction(`${hers}.length === 3 && document.querySelectorAll('.diff .add').length === 3`, WAIT);
  expect(await textOf(ann, '.diff .add')).toBe('+river');
  await check(ann);
  const mine = `form:has(input[name=item][value*='${two.workflowId}']) button.approve`;
  await bob.waitForSelector(mine);
  const both = await Promise.all([send(ann, mine), send(bob, mine)]);
  expect(both.filter((told) => told.startsWith('approve: applied: delivery@1 approved'))).toHaveLength(1);
  expect(both.filter((told) => /^approve: (not decided|refused): .*approved by (ann|bob)/.test(told))).toHaveLength(1);
  await two.result();
  expect(await git(repositories[1] ?? '', 'show', `coxswain/${two.workflowId}:a/name`)).toBe('river');
  await ann.waitForFunction(`${hers}.length === 2`, WAIT);
}, 600_000);

test('more groups than are shown whole are rows that lead to them; what holds is resumed, and the printed command answers', async () => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
  const crew = await startCrew(({ task, turn }) => {
    if (task === 'plan') return planned(onePlan(...names.map((id) => ({ id, paths: [`${id}/**`] }))));
    return turn === 0 ? ask(`what about ${task}? ${HOSTILE}`) : finish();
  });
  const team = `team-${randomUUID().slice(0, 8)}`;
  const asks = await crew.start({ repository: await makeRepository(), team, policy: { maxParallelAgents: 7 } });
  await approve(asks, 'plan@1');
  const holds = await crew.start({ repository: await makeRepository(), team, setup: 'exit 3' });
  await until(holds, ({ hold }) => hold !== null);
  await until(asks, ({ needs }) => needs.length === 7);
  const page = await enter(await serve(crew));
  await page.goto(new URL(`/inbox?team=${team}`, page.url()).href);
  await page.waitForFunction(`document.querySelector('#needs').textContent.includes('Less urgent: 2')`, WAIT);
  await check(page);

  // No file was changed, so there is nothing but the question to be shown.
  expect(await page.$$('.subject')).toHaveLength(0);
  await page.keyboard.press('j');
  await Promise.all([page.waitForNavigation(WAIT), page.keyboard.press('Enter')]);
  expect(new URL(page.url()).pathname).toBe('/run');
  await Promise.all([page.waitForNavigation(WAIT), page.keyboard.press('i')]);
  await page.goto(new URL(`/inbox?team=${team}`, page.url()).href);

  const first = `document.querySelector('#needs h3').textContent`;
  const row = await textOf(page, '#needs tbody a');
  await Promise.all([page.waitForNavigation(WAIT), page.click('#needs tbody a')]);
  expect(await page.evaluate(first)).toContain(row);
  const question = `form:has(textarea[name=text])`;
  expect(await runCommand(page, `${question} .command code`)).toContain('question@1 passed on to');
  await page.waitForFunction(`document.querySelector('#needs').textContent.includes('Less urgent: 1')`, WAIT);

  // Whether it is shown whole or as a row depends on its age.
  const toHold = `[...document.querySelectorAll('#needs tbody a')].find((one) => one.textContent.startsWith('hold'))`;
  if (await page.evaluate(`Boolean(${toHold})`))
    await Promise.all([page.waitForNavigation(WAIT), page.evaluate(`${toHold}.click()`)]);
  expect(await send(page, 'button[value=resume]')).toContain('resume: applied: resumed');
}, 600_000);

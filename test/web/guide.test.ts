/** People guide runs in a real Chromium: they change what was steered, the plan, and where an agent stands. */
import type { Page } from 'puppeteer-core';
import { expect, test } from 'vitest';
import { signStart } from '../../src/cli/person/sign-decision.ts';
import { refactorQueries } from '../../src/workflows/messages.ts';
import { realKeys } from '../signing/real-keys.ts';
import { decisionsOf, ONE_TASK } from '../workflows/signing.ts';
import { approve, finish, makeRepository, onePlan, planned, shell, startCrew, until } from '../workflows/harness.ts';
import { check, enter, runCommand, send, serve, textOf, WAIT } from './browser.ts';

const HOSTILE = `"'><script>window.hacked=1</script>`;

const go = async (page: Page, path: string): Promise<void> => {
  await page.goto(new URL(path, page.url()).href);
};
const buttonOf = (verb: string): string => `form:has(input[name=verb][value=${verb}]) button`;

/** Runs the command of a verb's form exactly as the page prints it. */
const runPrinted = async (page: Page, verb: string): Promise<string> =>
  await runCommand(page, `form:has(input[name=verb][value=${verb}]) .command code`);

test('a queued steer gets other words or is taken back, an agent goes back to a step or is forked, one of two is chosen', async () => {
  // From its third call on each agent waits until it is let on, so that steers wait for the next call.
  const waiting: (() => void)[] = [];
  const letOn = (): void => waiting.splice(0).forEach((next) => next());
  let isOver = false;
  const asked: string[] = [];
  const crew = await startCrew(async ({ task, turn, request }) => {
    if (task === 'plan') return planned(onePlan({ id: 'a', paths: ['a/**'] }));
    if (turn === 0) return shell('mkdir -p a && echo one > a/one');
    if (turn === 1) return shell(`echo two > 'a/<i>two'`);
    asked.push(JSON.stringify(request.items));
    if (!isOver) await new Promise<void>((done) => waiting.push(done));
    return isOver ? finish() : shell('true');
  });
  const handle = await crew.start({ repository: await makeRepository() });
  const id = handle.workflowId;
  const agent = `${id}/a.1`;
  await approve(handle, 'plan@1');
  await until(handle, ({ tasks }) => tasks[0]?.agent === agent);
  const page = await enter(await serve(crew));
  await go(page, `/agent?id=${encodeURIComponent(agent)}`);
  await page.waitForFunction(`document.querySelector('#steps')?.textContent.includes('step 2')`, WAIT);
  expect(await textOf(page, '#steps')).toContain('$ mkdir -p a && echo one > a/one');
  expect(await textOf(page, '#steps')).toContain('A a/one');
  expect(await textOf(page)).toContain(`cox take ${id} a.1`);

  // Three steers, by the form and by the printed command; one is edited, one is taken back in each way.
  await page.type('#steer-text', `use tabs ${HOSTILE}`);
  expect(await send(page, 'form:has(#steer-text) button')).toContain('steer: ');
  await page.waitForSelector('textarea[id^=edit-]');
  await page.$eval('textarea[id^=edit-]', (field: { value?: string }) => (field.value = ''));
  await page.type('textarea[id^=edit-]', 'use spaces');
  expect(await send(page, buttonOf('edit'))).toContain('edit: edited');
  expect(await textOf(page, '#queue')).toContain('use spaces');
  await check(page);
  expect(await runPrinted(page, 'edit')).toContain('edited');
  await go(page, page.url());
  expect(await textOf(page, '#queue')).toContain('…');
  expect(await send(page, buttonOf('withdraw'))).toContain('withdraw: taken back');
  expect(await runPrinted(page, 'steer')).toContain('next model call');
  await go(page, page.url());
  expect(await runPrinted(page, 'withdraw')).toContain('taken back');
  await page.type('#steer-text', 'keep it short');
  expect(await send(page, 'form:has(#steer-text) button')).toContain('steer: ');

  // Back to step 1: the second file is gone, the first stays.
  await Promise.all([page.waitForNavigation(WAIT), page.click('a[href*="step=1"]')]);
  expect(await textOf(page)).toContain('echo one > a/one');
  await check(page);
  expect(await send(page, buttonOf('rewind'))).toContain('rewind: goes back to step 1');
  await page.waitForFunction(`document.querySelector('#receipts').textContent.includes('rewind')`, WAIT);
  await page.waitForFunction(`document.querySelector('#steps').textContent.includes('step 2')`, WAIT);

  // A fork by the printed command, and one of the rivals is chosen before they finish.
  await Promise.all([page.waitForNavigation(WAIT), page.click('a[href*="step=1"]')]);
  expect(await runPrinted(page, 'fork')).toContain('a second agent starts from step 1');
  // The agent tells of it when its call has ended.
  letOn();
  await until(handle, ({ tasks }) => tasks[0]?.rivals?.length === 2);
  await go(page, `/run?id=${id}`);
  await check(page);
  // Agents go on meanwhile, and the button stays where it is.
  expect(await send(page, `form:has(input[name=agent][value="${agent}"]) button`)).toContain('choose: ');
  isOver = true;
  letOn();
  await approve(handle, 'delivery@1');
  await handle.result();
  const read = asked.join('\n');
  expect(['keep it short', 'use tabs', 'use spaces'].map((text) => read.includes(text))).toEqual([true, false, false]);
}, 600_000);

test('the form of the plan keeps what was typed where it is refused, and asks for the new plan; printed commands have the effect', async () => {
  const crew = await startCrew(({ task }) =>
    // Long enough to be there when it is stopped.
    task === 'plan' ? planned(onePlan({ id: 'a', paths: ['a/**'], maxTokens: 123_456 })) : shell('sleep 300'),
  );
  const handle = await crew.start({ repository: await makeRepository() });
  const id = handle.workflowId;
  await until(handle, ({ needs }) => needs.length === 1);
  const page = await enter(await serve(crew));
  await go(page, `/plan?id=${id}`);
  await check(page);
  await page.$eval('#task-0-instructions', (field: { value?: string }) => (field.value += '\nand say why'));
  await page.type('#task-1-id', 'b');
  await page.type('#task-1-title', HOSTILE);
  await page.type('#task-1-instructions', 'two\nlines');
  await page.type('#task-1-paths', 'b/**');
  await page.type('#task-1-dependsOn', 'c');
  expect(await send(page, 'button.approve')).toContain('task "b" depends on "c", which is not in the plan');
  expect(await page.$eval('#task-1-title', (field: { value?: string }) => field.value)).toBe(HOSTILE);
  await check(page);
  await page.$eval('#task-1-dependsOn', (field: { value?: string }) => (field.value = 'a'));
  expect(await send(page, 'button.approve')).toContain('revisePlan: plan 2 waits for its decision');
  const version = await handle.query(refactorQueries.plan);
  expect(
    version?.plan.tasks.map(({ id: task, instructions, dependsOn, maxTokens }) => [
      task,
      instructions,
      dependsOn,
      maxTokens,
    ]),
  ).toEqual([
    ['a', 'Work on a\nand say why', [], 123_456],
    ['b', 'two\nlines', ['a'], 5_000_000],
  ]);
  await page.waitForSelector('.graph svg');
  expect(await textOf(page, '#graph-title')).toContain('2 tasks, 0 integrated');
  await check(page);

  // Each key moves to what it says, and never away from a field in which somebody writes.
  const at = async (): Promise<unknown> =>
    await page.evaluate('document.activeElement.id || document.activeElement.textContent.trim()');
  const places: unknown[] = [];
  for (const key of ['j', 'd', 'a', 'r', 'Escape', 's', 'j', 'Escape', '?']) {
    await page.keyboard.press(key as 'j');
    places.push(await at());
  }
  const [first, about, yes, no, , steer, stays, , keys] = places;
  expect([first, about, yes, no]).toEqual(['decision-plan-2', 'What it is about', 'Approve plan@2', 'note-plan-2']);
  expect([steer, stays, keys]).toEqual(['steer-text', 'steer-text', 'Keys']);
  expect(await page.$eval('#steer-text', (field: { value?: string }) => field.value)).toBe('j');

  // Each printed command does what its form does.
  expect(await runPrinted(page, 'pause')).toContain('paused');
  expect(await runPrinted(page, 'resume')).toContain('resumed');
  expect(await runPrinted(page, 'reject')).toContain('plan@2 rejected');
  await until(handle, ({ needs }) => needs.some((need) => need.id === 'plan@3'));
  await go(page, `/run?id=${id}`);
  expect(await runPrinted(page, 'approve')).toContain('plan@3 approved');
  await go(page, `/stop?id=${id}`);
  expect(await runPrinted(page, 'stop')).toContain('stopping');
}, 600_000);

test('where policy counts only signed messages, the forms say so and how to sign', async () => {
  const crew = await startCrew(ONE_TASK);
  const keys = realKeys();
  const policy = decisionsOf(keys, { selfApproval: 'deny' });
  const id = `${crew.taskQueue}-signed`;
  const input = { repository: await makeRepository(), goal: 'do it', policy };
  const args = [await signStart({ id, namespace: 'default' }, input, keys.file('ann'))];
  const handle = await crew.client.workflow.start('refactor', { taskQueue: crew.taskQueue, workflowId: id, args });
  await until(handle, ({ needs }) => needs.length === 1);
  const page = await enter(await serve(crew));
  for (const [path, line] of [
    ['run', `cox steer ${id}`],
    ['stop', `cox stop ${id}`],
    ['plan', `cox revise-plan ${id} plan.json --plan-version 1`],
    ['run', `cox approve ${id} plan@1 --digest `],
  ] as const) {
    await go(page, `/${path}?id=${id}`);
    expect(await textOf(page)).toContain(line);
    await check(page);
  }
  await go(page, `/run?id=${id}`);
  expect(await page.$$eval('input[name=verb]', (all: { value?: string }[]) => all.map(({ value }) => value))).toEqual([
    'pause',
    'resume',
  ]);
}, 600_000);

/** The pages in a real Chromium: people look, steer and decide there, alone and two at once, whatever texts say. */
import type { Page } from 'puppeteer-core';
import { expect, test } from 'vitest';
import { refactorQueries } from '../../src/workflows/messages.ts';
import { ask, finish, git, makeRepository, onePlan, planned, shell, startCrew, until } from '../workflows/harness.ts';
import { check, enter, send, serve, textOf, WAIT } from './browser.ts';

/** Would run, load from elsewhere, or break out of an attribute, if it stood in a page as it is. */
const HOSTILE = `"'><script>window.hacked=1</script><img src="https://attacker.example/x" onerror="window.hacked=1">`;

test('people watch, steer, answer and decide in browsers; hostile texts stay texts; of two deciders one counts', async () => {
  const crew = await startCrew(({ task, turn, last }) => {
    if (task === 'plan') {
      const plan = onePlan({ id: 'a', paths: ['a/**'] });
      return planned({ ...plan, tasks: plan.tasks.map((one) => ({ ...one, title: `Title ${HOSTILE}` })) });
    }
    if (turn === 0) return shell(`mkdir -p a && printf '%s\\n' '${HOSTILE.replaceAll("'", '')}' > 'a/<b>.txt'`);
    return turn === 1 ? ask(`which name? ${HOSTILE}`) : finish(last.includes('river') ? 'river it is' : 'no river');
  });
  const repository = await makeRepository();
  const handle = await crew.start({ repository, goal: `name the river ${HOSTILE}`, branch: 'named-<i>river' });
  const id = handle.workflowId;
  await until(handle, ({ needs }) => needs.length === 1);
  const [ann, bob] = [await enter(await serve(crew)), await enter(await serve(crew, { user: 'bob' }))];
  const outside: string[] = [];
  ann.on('request', (request) => {
    if (new URL(request.url()).hostname !== '127.0.0.1') outside.push(request.url());
  });
  // Bob's browser runs no script: he sees and sends the same, and what changes when he loads a page again.
  await bob.setJavaScriptEnabled(false);
  await ann.waitForSelector(`a[href="/run?id=${id}"]`);
  await check(ann);
  const open = async (page: Page): Promise<unknown> => await page.goto(new URL(`/run?id=${id}`, page.url()).href);
  await Promise.all([open(ann), open(bob)]);
  await check(ann);
  expect(await textOf(ann)).toContain('Work on a');
  expect(await textOf(ann)).toContain(HOSTILE);

  // Ann asks for changes; Bob then approves what he still sees, which counts no more, and is shown the new plan.
  await ann.type('textarea[name=note]', 'make it smaller');
  expect(await send(ann, 'button.reject')).toContain('reject: plan@1');
  await until(handle, ({ needs }) => needs.some((need) => need.id === 'plan@2'));
  const stale = await send(bob, 'button.approve');
  expect(stale).toContain('approve refused');
  expect(stale).toContain('rejected by ann');
  expect(await textOf(bob, '#needs')).toContain('plan@2');
  expect((await handle.query(refactorQueries.plan))?.approvedBy).toBeNull();
  expect(await send(bob, 'button.approve')).toContain('approve: plan@2');

  // Ann's page follows by itself, up to the agent's question, which she answers.
  await ann.waitForSelector('textarea[name=text][id^=answer]', WAIT);
  await ann.type('#steer-text', 'use short names');
  expect(await send(ann, 'form:has(#steer-text) button')).toContain('steer: ');
  await check(ann);
  await ann.type('textarea[id^=answer]', 'river');
  expect(await send(ann, 'form:has(textarea[id^=answer]) button')).toContain('answer: ');
  await ann.waitForFunction(`document.querySelector('#needs').textContent.includes('delivery@1')`, WAIT);
  await ann.waitForSelector('.diff .add');
  expect(await textOf(ann, '.diff .add')).toContain('<script>window.hacked=1</script>');
  await check(ann);

  // Both approve the delivery at once.
  await open(bob);
  const both = await Promise.all([send(ann, 'button.approve'), send(bob, 'button.approve')]);
  expect(both.filter((told) => told.startsWith('approve: '))).toHaveLength(1);
  expect(both.filter((told) => told.startsWith('approve refused: '))).toHaveLength(1);
  await handle.result();
  expect(await git(repository, 'show', 'named-<i>river:a/<b>.txt')).toBe(HOSTILE.replaceAll("'", ''));

  await ann.goto(new URL(`/agent?id=${encodeURIComponent(`${id}/a.1`)}`, ann.url()).href);
  expect(await textOf(ann, '#conversation')).toContain('which name?');
  expect(await textOf(ann, '#receipts')).toContain('use short names');
  await check(ann);
  await ann.goto(new URL(`/report?id=${id}`, ann.url()).href);
  await check(ann);
  expect(outside).toEqual([]);
});

test('a run is paused, resumed and stopped, and the page asks before it stops', async () => {
  const crew = await startCrew(({ task, turn }) => {
    if (task === 'plan') return planned(onePlan({ id: 'a', paths: ['a/**'] }));
    return turn === 0 ? shell('mkdir -p a && echo x > a/name') : finish();
  });
  const handle = await crew.start({ repository: await makeRepository() });
  await until(handle, ({ needs }) => needs.length === 1);
  const page = await enter(await serve(crew));
  await page.goto(new URL(`/run?id=${handle.workflowId}`, page.url()).href);
  const buttonOf = (verb: string): string => `form:has(input[name=verb][value=${verb}]) button`;
  expect(await send(page, buttonOf('pause'))).toContain('pause: ');
  expect(await textOf(page, '#state')).toContain('paused');
  expect(await send(page, buttonOf('resume'))).toContain('resume: ');
  await Promise.all([page.waitForNavigation(), page.click('a.stop')]);
  await check(page);
  expect((await until(handle, () => true)).state).toBe('plan gate');
  expect(await send(page, buttonOf('stop'))).toContain('stop: ');
  expect((await until(handle, ({ state }) => state === 'stopped')).state).toBe('stopped');
});

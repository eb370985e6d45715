/** The pages of teams and campaigns in a real Chromium: what their runs need, have done and spent, and when. */
import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { approveAll, finish, makeRepository, onePlan, planned, shell, startCrew, until } from '../workflows/harness.ts';
import { check, enter, serve, textOf, WAIT } from './browser.ts';

test('a team and a campaign have sums, their runs, and spend over time as a curve with a table beside it', async () => {
  const crew = await startCrew(({ task, turn }) => {
    const usage = { inputTokens: 1000, cachedTokens: 0, outputTokens: 24 };
    if (task === 'plan') return { items: planned(onePlan({ id: 'a', paths: ['a/**'] })), usage };
    return { items: turn === 0 ? shell('mkdir -p a && echo one > a/one') : finish(), usage };
  });
  const team = `team <i>${randomUUID().slice(0, 8)}`;
  const campaign = `campaign "${randomUUID().slice(0, 8)}`;
  const done = await crew.start({ repository: await makeRepository(), team, campaign });
  const waits = await crew.start({ repository: await makeRepository(), team });
  await approveAll(done);
  await until(waits, ({ needs }) => needs.length === 1);
  const page = await enter(await serve(crew));
  const pathOf = (kind: string, name: string): string =>
    new URL(`/${kind}?${new URLSearchParams({ id: name }).toString()}`, page.url()).href;

  await page.goto(pathOf('team', team));
  await page.waitForFunction(`document.querySelector('.facts').textContent.includes('1 done')`, WAIT);
  await page.waitForFunction(`document.querySelector('.facts').textContent.includes('1, of which 1 need you')`, WAIT);
  const facts = await textOf(page, '.facts');
  expect(facts).toContain('Tasks1 of 1 done');
  // Three calls of the run that is done, one planner's call of the other.
  expect(facts).toContain('4096 in 2 runs');
  expect(await textOf(page, '#plot-words')).toMatch(/^The sum grows to 4096 from .* UTC, in 2 steps\.$/);
  expect(await page.$$eval('.spend-plot td', (cells) => cells.at(-1)?.textContent)).toBe('4096');
  await check(page);
  await page.goto(pathOf('campaign', campaign));
  expect(await textOf(page, '.facts')).toContain('3072 in 1 run');
  await check(page);
  await Promise.all([page.waitForNavigation(WAIT), page.click('a[href="/groups"]')]);
  expect(await textOf(page)).toContain(team);
  await check(page);

  // A run's curve has each model call of its agents.
  await page.goto(pathOf('run', done.workflowId));
  expect(await textOf(page, '#plot-words')).toMatch(/^The sum grows to 3072 from .* in 3 steps\.$/);
  await check(page);
}, 600_000);

/** The pages in a real Chromium: a person looks, steers and decides there, alone and beside somebody else. */
import { expect, test } from 'vitest';
import { finish, makeRepository, onePlan, planned, shell, startCrew, until } from '../workflows/harness.ts';
import { audit, enter, serve } from './browser.ts';

test('a person opens the printed address, finds the run, reads the plan and approves it', async () => {
  const crew = await startCrew(({ task, turn }) => {
    if (task === 'plan') return planned(onePlan({ id: 'a', paths: ['a/**'] }));
    return turn === 0 ? shell('mkdir -p a && echo x > a/name') : finish();
  });
  const handle = await crew.start({ repository: await makeRepository(), goal: 'name the river' });
  await until(handle, ({ needs }) => needs.length === 1);
  const page = await enter(await serve(crew));
  expect(page.url()).not.toContain('token');
  expect(await audit(page)).toEqual([]);
  await page.locator(`a[href="/run?id=${handle.workflowId}"]`).click();
  await page.waitForSelector('article.decision');
  expect(await page.$eval('main', (main: { textContent?: string | null }) => main.textContent)).toContain('Work on a');
  expect(await audit(page)).toEqual([]);
  await Promise.all([page.waitForNavigation(), page.click('button.approve')]);
  expect(await page.$eval('#told', (told: { textContent?: string | null }) => told.textContent)).toContain(
    'approve: plan@1',
  );
  // The page follows the run by itself: the delivery is asked for without a reload.
  await page.waitForFunction(`document.body.innerText.includes('delivery@1')`, { timeout: 120_000 });
}, 300_000);

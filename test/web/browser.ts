/**
 * A headless Chromium for the tests of the pages, and the pages themselves over the shared server.
 * Rule: the browser is a real one of this machine, started once for a file; each person has cookies of their own.
 */
import { accessSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import axe from 'axe-core';
import type { AxeResults } from 'axe-core';
import { execa } from 'execa';
import type { Browser, Page } from 'puppeteer-core';
import puppeteer from 'puppeteer-core';
import { afterAll, expect, inject, onTestFinished } from 'vitest';
import { readConfig } from '../../src/config.ts';
import type { Web, WebSettings } from '../../src/web/open-web.ts';
import { openWeb } from '../../src/web/open-web.ts';
import type { Crew } from '../workflows/harness.ts';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

function findChromium(): string {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const found = folders.flatMap((folder) => NAMES.map((name) => join(folder, name))).find(isThere);
  if (found === undefined) throw new Error(`none of ${NAMES.join(', ')} is on the PATH: install Chromium`);
  return found;
}

function isThere(path: string): boolean {
  try {
    accessSync(path);
    return true;
  } catch {
    return false;
  }
}

let browser: Promise<Browser> | undefined;
let home: string | undefined;

afterAll(async () => {
  await (await browser)?.close();
  if (home !== undefined) await rm(home, { recursive: true, force: true });
});

async function launch(): Promise<Browser> {
  home = await mkdtemp(join(tmpdir(), 'coxswain-browser-'));
  return await puppeteer.launch({
    executablePath: findChromium(),
    // Chromium refuses its own sandbox as root; the pages here are ours.
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'],
    env: { ...process.env, HOME: home },
    userDataDir: join(home, 'profile'),
  });
}

/** A page with cookies of its own. */
async function newPage(): Promise<Page> {
  browser ??= launch();
  const context = await (await browser).createBrowserContext();
  onTestFinished(async () => await context.close());
  return await context.newPage();
}

/** What axe finds wrong for people who use a screen reader, a keyboard or need contrast. */
async function audit(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const found = (await page.evaluate('axe.run()')) as AxeResults;
  return found.violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
}

/** The pages over a crew's client, at a free port. */
export async function serve({ client, stateDir }: Crew, more: Partial<WebSettings> = {}): Promise<Web> {
  const settings = { port: 0, user: 'ann', hub: readConfig({ COXSWAIN_STATE: stateDir }), ...more };
  const web = await openWeb(client, inject('temporalAddress'), settings);
  onTestFinished(async () => await web.close());
  return web;
}

/** A person's browser at the list, let in by the printed address. */
export async function enter({ url }: Web): Promise<Page> {
  const page = await newPage();
  await page.goto(url);
  return page;
}

/** A busy machine may take its time. */
export const WAIT = { timeout: 120_000 };

/** What an element says. */
export const textOf = async (page: Page, selector = 'main'): Promise<string> =>
  await page.$eval(selector, (element: { textContent?: string | null }) => element.textContent ?? '');

/** Clicks what sends a form, and gives what the next page tells of it. */
export async function send(page: Page, selector: string): Promise<string> {
  await Promise.all([page.waitForNavigation(WAIT), page.click(selector)]);
  return await textOf(page, '#told');
}

/** Runs a command of a page exactly as it is printed there, with the `temporal` program at hand. */
export async function runCommand(page: Page, selector: string): Promise<string> {
  const path = `${dirname(inject('temporalPath'))}${delimiter}${process.env['PATH']}`;
  const { stdout } = await execa('sh', ['-c', await textOf(page, selector)], { env: { PATH: path } });
  return stdout;
}

/** What must hold of every page: axe finds nothing, and no text became an element or ran. */
export async function check(page: Page): Promise<void> {
  expect(await audit(page)).toEqual([]);
  expect(await page.evaluate(`[typeof window.hacked, document.images.length, document.scripts.length]`)).toEqual([
    'undefined',
    0,
    1,
  ]);
}

/**
 * `npm run pictures`: makes the pictures of the README from a real run: `cox watch` in a terminal, and the page of the
 * run and the inbox in Chromium.
 * Rule: server, worker, terminal and browser are real, and nothing on the pictures is drawn by hand.
 */
import { randomBytes } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import puppeteer from 'puppeteer-core';
import { startResponsesServer } from '../../src/offline/server/responses-server.ts';
import { answer, GOAL } from './story.ts';
import { drawTerminal } from './terminal-svg.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PICTURES = join(ROOT, 'docs/pictures');
const COX = join(ROOT, 'bin/cox.mjs');
const ID = 'modern-1';
const SAMPLE = join(tmpdir(), 'tidewater');
const TOKEN = randomBytes(32).toString('base64url');
const SIZE = { columns: 110, rows: 30 };
/** What a page with text may weigh; a picture that is larger shows too much. */
const MAX_BYTES = 150_000;
const WAIT_MS = 180_000;

const folder = mkdtempSync(join(tmpdir(), 'coxswain-pictures-'));
const closing: (() => unknown)[] = [() => rmSync(folder, { recursive: true, force: true })];
try {
  await make();
} finally {
  for (const close of closing.toReversed()) await Promise.resolve(close()).catch(() => undefined);
}

async function make(): Promise<void> {
  mkdirSync(PICTURES, { recursive: true });
  const model = await startResponsesServer({ answer: async (request) => await Promise.resolve(answer(request)) });
  closing.push(async () => await model.close());
  const env = {
    COXSWAIN_STATE: join(folder, 'state'),
    // As a proxy would name the person.
    COXSWAIN_WEB_TOKEN: TOKEN,
    COXSWAIN_WEB_USER_HEADER: 'X-User',
    OPENAI_BASE_URL: model.url,
    OPENAI_API_KEY: 'none',
    COXSWAIN_MODEL: 'scripted',
    LESS: '',
  };
  const url = await bringUp(env);
  const repository = await makeSample();
  const cox = async (...args: string[]): Promise<string> => (await execa('node', [COX, ...args], { env })).stdout;
  await cox(
    'run',
    repository,
    GOAL,
    '--id',
    ID,
    '--team',
    'blue',
    '--campaign',
    'modern',
    '--check',
    'node --test',
    '--detach',
  );
  await until(async () => (await cox('status', ID)).includes('plan@1'));
  await cox('approve', ID, 'plan@1', '--by', 'ann');
  await until(async () => (await cox('status', ID)).includes('examples/question@1'));
  await cox('steer', ID, 'keep the shebang line of bin/tide.js', '--by', 'ann');
  writeFileSync(join(PICTURES, 'watch.svg'), await watch(env));
  await photograph(url);
  for (const name of ['watch.svg', 'run.png', 'inbox.png']) {
    const { size } = statSync(join(PICTURES, name));
    console.log(`docs/pictures/${name}: ${Math.round(size / 1000)} kB`);
    if (size > MAX_BYTES) throw new Error(`${name} has ${size} bytes, more than ${MAX_BYTES}: show less`);
  }
}

/** Starts `cox up`; gives the address of the pages. */
async function bringUp(env: Record<string, string>): Promise<string> {
  const up = execa('node', [COX, 'up'], { env, reject: false, all: true });
  closing.push(async () => {
    up.kill('SIGINT');
    await up;
  });
  let said = '';
  up.all.on('data', (chunk: Buffer) => (said += chunk.toString()));
  let url: string | undefined;
  await until(async () => {
    url = /has it:\s+(http:\S+)/.exec(said)?.[1];
    return await Promise.resolve(url !== undefined);
  }).catch(() => {
    throw new Error(`cox up did not come up:\n${said}`);
  });
  return url ?? '';
}

/** A git repository with the sample's files. */
async function makeSample(): Promise<string> {
  const repository = SAMPLE;
  // It stands on the pictures, so its place is a short one.
  if (existsSync(repository)) throw new Error(`${repository} is in the way: remove it`);
  closing.push(() => rmSync(repository, { recursive: true, force: true }));
  cpSync(join(ROOT, 'demo/sample'), repository, { recursive: true });
  const identity = {
    GIT_AUTHOR_NAME: 'Ann',
    GIT_AUTHOR_EMAIL: 'ann@example.com',
    GIT_COMMITTER_NAME: 'Ann',
    GIT_COMMITTER_EMAIL: 'ann@example.com',
  };
  for (const args of [
    ['init', '-q', '-b', 'main'],
    ['add', '-A'],
    ['commit', '-qm', 'Start'],
  ])
    await execa('git', args, { cwd: repository, env: identity });
  return repository;
}

/** `cox watch` in a terminal, at the agent whose command runs. */
async function watch(env: Record<string, string>): Promise<string> {
  const socket = `pictures-${process.pid}`;
  const tmux = async (...args: string[]): Promise<string> =>
    (await execa('tmux', ['-L', socket, '-f', '/dev/null', ...args], { env: { ...env, TMUX: '' } })).stdout;
  closing.push(async () => await tmux('kill-server'));
  const size = ['-x', String(SIZE.columns), '-y', String(SIZE.rows)];
  await tmux('new-session', '-d', ...size, `node ${COX} watch ${ID}`);
  const screen = async (): Promise<string> => await tmux('capture-pane', '-p');
  await until(async () => (await screen()).includes('waiting for you'));
  for (let tries = 0; tries < 12 && !(await screen()).includes('ok - predict'); tries += 1) {
    await tmux('send-keys', 'Down');
    await delay(1500);
  }
  return drawTerminal(
    await tmux('capture-pane', '-p', '-e'),
    SIZE.columns,
    `cox watch: the plan with ticks, the running command of an agent and its output, and what waits for a person`,
  );
}

/** The run's page and the inbox. */
async function photograph(url: string): Promise<void> {
  const path = (
    await execa('sh', ['-c', 'command -v chromium || command -v chromium-browser || command -v google-chrome'])
  ).stdout;
  const browser = await puppeteer.launch({
    executablePath: path,
    args: ['--no-sandbox', '--disable-gpu'],
    userDataDir: join(folder, 'browser'),
  });
  closing.push(async () => await browser.close());
  const page = await browser.newPage();
  await page.setExtraHTTPHeaders({ Authorization: `Bearer ${TOKEN}`, 'X-User': 'ann' });
  // Of the run's page the steer that waits, and the plan; what waits for a person is on the inbox.
  for (const [name, address, from, to] of [
    ['run', `/run?id=${ID}`, '#queue', '#plan'],
    ['inbox', '/inbox', 'body', '#needs'],
  ] as const) {
    await page.setViewport({ width: 1000, height: 800 });
    await page.goto(new URL(address, url).href);
    const asks = `document.querySelector('#needs')?.textContent.includes('question@1')`;
    await page.waitForFunction(asks, { timeout: WAIT_MS });
    const box = `['${from}', '${to}'].map((one) => document.querySelector(one).getBoundingClientRect())`;
    const clip = `(() => { const [a, b] = ${box}; return { x: 0, y: a.top, width: 1000, height: b.bottom - a.top }; })()`;
    const area = (await page.evaluate(clip)) as { x: number; y: number; width: number; height: number };
    await page.screenshot({ path: join(PICTURES, `${name}.png`) as `${string}.png`, clip: area });
  }
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + WAIT_MS; !(await condition()); ) {
    if (Date.now() > deadline) throw new Error('what the pictures show never came to be');
    await delay(500);
  }
}

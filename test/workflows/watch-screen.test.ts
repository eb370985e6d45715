/** `cox watch` as a full screen in a real terminal, as a supervisor uses it from the plan to the end. */
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { finish, git, makeRepository, onePlan, planned, ROOT, shell, startCrew, status, until } from './harness.ts';
import { environmentOf } from './run-cox.ts';
import { openTerminal } from './terminal.ts';

const LONG = String.raw`printf 'l\151nking 3 of 7\n'; sleep 300`;

test('a supervisor watches, steers, interrupts, approves, rejects with a note and finishes by keys, in 80 × 24', async () => {
  const heard: string[] = [];
  const crew = await startCrew(({ task, turn, request }) => {
    if (task === 'plan') return planned(onePlan({ id: 'a', paths: ['a/**'] }));
    const told = request.items.flatMap((item) => (item.kind === 'user' ? [item.text] : []));
    heard.push(told.at(-1) ?? '');
    const isAgain = told.some((text) => text.includes('name the sea'));
    if (isAgain) return turn === 0 ? shell('echo sea > a/sea.txt') : finish('named the sea');
    if (turn === 0) return shell('echo river > a/river.txt');
    return turn === 1 ? shell(LONG) : finish('renamed');
  });
  const repository = await makeRepository();
  const handle = await crew.start({ repository, branch: 'by-keys' });
  const id = handle.workflowId;
  const terminal = await openTerminal({ columns: 80, rows: 24 });
  const environment = Object.entries(environmentOf(crew)).map(([name, value]) => `${name}=${value}`);
  const cox = `env ${environment.join(' ')} LESS= GIT_PAGER=less node ${join(ROOT, 'bin/cox.mjs')}`;
  await until(handle, ({ needs }) => needs.some(({ kind }) => kind === 'plan'));

  await terminal.type(`${cox} watch ${id}; echo left with $?`);
  await terminal.press('Enter');
  await terminal.shows('1 waiting for you');
  expect(await terminal.ask('#{alternate_on} #{cursor_flag}')).toBe('1 0');
  // A key alone decides nothing: the panel shows the whole plan first.
  await terminal.press('a');
  await terminal.shows('plan@1: plan');
  await terminal.shows('| Work on a');
  expect((await status(handle)).needs.map((need) => need.id)).toEqual(['plan@1']);
  await terminal.shows('a  approve: the agents begin to work on this plan');
  await terminal.press('a');
  await terminal.shows('applied: plan@1 approved');

  // The output of the command that runs, on the screen while it runs.
  await terminal.press('Down', 'Down');
  await terminal.shows('| linking 3 of 7', 120_000);
  await terminal.resize(60, 16);
  await terminal.shows('q leave');
  await terminal.shows('| linking 3 of 7');
  await terminal.resize(120, 40);
  await terminal.shows('? help  q leave (the run goes on)');
  await terminal.resize(80, 24);

  await terminal.press('S');
  await terminal.shows('interrupt the agent of a, and say:');
  await terminal.type('use "British" English; é');
  await terminal.press('Enter');
  await terminal.shows('delivered to model call', 120_000);
  expect(heard).toContain('Steer from root, a supervisor: use "British" English; é');

  // The difference in the pager, and back.
  await terminal.shows('delivery@1', 120_000);
  await terminal.press('Up', 'Up', 'Up', 'd');
  await terminal.shows('+river');
  await terminal.press('q');
  await terminal.shows('1 waiting for you');

  await terminal.press('r');
  await terminal.shows('a/river.txt | 1 +');
  await terminal.shows('r  reject: an agent changes what your note says');
  await terminal.press('r');
  await terminal.shows('What should change?');
  await terminal.type('name the sea, too');
  await terminal.press('Enter');
  await terminal.shows('delivery@2', 120_000);
  await terminal.press('Up', 'Up', 'Up', 'Up', 'a');
  await terminal.shows('a/sea.txt');
  await terminal.shows('a  approve: the branch is made from exactly this commit');
  await terminal.press('a');

  // At the end the terminal is as it was, with the report.
  await terminal.shows('left with 0', 120_000);
  await terminal.shows('End of the report.');
  expect(await terminal.ask('#{alternate_on} #{cursor_flag}')).toBe('0 1');
  expect(await git(repository, 'show', 'by-keys:a/sea.txt')).toBe('sea');
  await terminal.type('stty -a');
  await terminal.press('Enter');
  await terminal.shows(/ icanon [^-]* echo /);
}, 600_000);

test('q, Ctrl-C, a signal and a crash leave the run going and the terminal as it was; a pipe gets lines', async () => {
  const crew = await startCrew(() => planned(onePlan({ id: 'a', paths: ['a/**'] })));
  const handle = await crew.start({ repository: await makeRepository() });
  const id = handle.workflowId;
  await until(handle, ({ needs }) => needs.some(({ kind }) => kind === 'plan'));
  const terminal = await openTerminal({ columns: 80, rows: 24 });
  const environment = Object.entries(environmentOf(crew)).map(([name, value]) => `${name}=${value}`);
  const crash = `--require=${join(ROOT, 'test/workflows/crash-on-signal.cjs')}`;
  const cox = `env ${environment.join(' ')} NODE_OPTIONS=${crash} node ${join(ROOT, 'bin/cox.mjs')}`;
  const isClean = async (): Promise<void> => {
    expect(await terminal.ask('#{alternate_on} #{cursor_flag}')).toBe('0 1');
    await terminal.type('clear; stty -a');
    await terminal.press('Enter');
    await terminal.shows(/ icanon [^-]* echo /);
    await terminal.type('clear');
    await terminal.press('Enter');
  };
  const ways: [how: string, leave: () => Promise<unknown>, exit: number][] = [
    ['q', async () => await terminal.press('q'), 0],
    ['ctrl-c', async () => await terminal.press('C-c'), 0],
    ['a signal', async () => await signalProgram(await terminal.ask('#{pane_pid}'), 'SIGTERM'), 130],
    ['a crash', async () => await signalProgram(await terminal.ask('#{pane_pid}'), 'SIGUSR2'), 1],
  ];
  for (const [how, leave, exit] of ways) {
    await terminal.type(`${cox} watch ${id}; echo ${how} left with $?`);
    await terminal.press('Enter');
    await terminal.shows('1 waiting for you');
    await leave();
    await terminal.shows(`${how} left with ${exit}`);
    await isClean();
  }
  // Without a screen there are lines; where nobody can answer, nobody is asked.
  await terminal.type(`${cox} watch ${id} </dev/null | head -2; echo piped`);
  await terminal.press('Enter');
  await terminal.shows(/prepared: base[^]*piped\n/);
  for (const line of [`TERM=dumb ${cox} watch ${id}`, `${cox} watch --lines ${id}`]) {
    await terminal.type(line);
    await terminal.press('Enter');
    await terminal.shows('one key (d, y, n, l), then Enter:');
    await terminal.press('C-c');
    await isClean();
  }
  expect((await status(handle)).needs.map((need) => need.id)).toEqual(['plan@1']);
}, 600_000);

/** Sends a signal to the program that a shell's launcher has started. */
async function signalProgram(shell: string, signal: NodeJS.Signals): Promise<void> {
  const below = async (pid: string): Promise<string> => (await execa('pgrep', ['-P', pid])).stdout.trim();
  process.kill(Number(await below(await below(shell))), signal);
}

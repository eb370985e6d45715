import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, inject, onTestFinished, test } from 'vitest';
import { ROOT } from '../workflows/harness.ts';

const COX = join(ROOT, 'src/cli.ts');

interface Description {
  schedule: { action: { startWorkflow: { workflowType: { name: string }; taskQueue: { name: string } } } };
}

/** The schedule, as the plain `temporal` program shows it. */
async function describeSchedule(address: string, id: string): Promise<Description['schedule']['action']> {
  const args = ['schedule', 'describe', '--schedule-id', id, '--address', address, '--output', 'json'];
  return (JSON.parse((await execa(inject('temporalPath'), args)).stdout) as Description).schedule.action;
}

async function coxUp(stateDir: string): Promise<{ address: string; end: () => Promise<void> }> {
  const env = { COXSWAIN_STATE: stateDir, TEMPORAL_ADDRESS: '', OPENAI_API_KEY: '', OPENAI_BASE_URL: '' };
  const cox = execa(process.execPath, [COX, 'up'], { env, reject: false });
  onTestFinished(() => void cox.kill('SIGKILL'));
  let said = '';
  const address = await new Promise<string>((resolve, reject) => {
    cox.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      const found = /Temporal (\S+:\d+)/.exec(said)?.[1];
      if (found) resolve(found);
    });
    void cox.then(() => reject(new Error(`cox up ended: ${said}`)));
  });
  const end = async (): Promise<void> => {
    cox.kill('SIGINT');
    expect((await cox).exitCode).toBe(0);
  };
  return { address, end };
}

test('cox up schedules the janitor once, however often it starts, and the schedule starts the janitor', async () => {
  const stateDir = await mkdtemp(join(tmpdir(), 'coxswain-up-'));
  onTestFinished(() => rm(stateDir, { recursive: true, force: true }));
  const first = await coxUp(stateDir);
  await first.end();
  const { address, end } = await coxUp(stateDir);
  const action = await describeSchedule(address, 'coxswain-janitor');
  expect(action.startWorkflow).toMatchObject({ workflowType: { name: 'janitor' }, taskQueue: { name: 'coxswain' } });
  const temporal = async (...args: string[]): Promise<string> =>
    (await execa(inject('temporalPath'), [...args, '--address', address])).stdout;
  await temporal('schedule', 'trigger', '--schedule-id', 'coxswain-janitor');
  const query = "WorkflowType = 'janitor' AND ExecutionStatus = 'Completed'";
  await expect
    .poll(async () => await temporal('workflow', 'list', '--query', query, '--output', 'json'), { timeout: 240_000 })
    .toContain('coxswain-janitor-');
  await end();
});

test('cox setup schedules the janitor of its own task queue on a configured Temporal', async () => {
  const address = inject('temporalAddress');
  const queue = `test-${randomUUID().slice(0, 8)}`;
  const env = { TEMPORAL_ADDRESS: address, COXSWAIN_TASK_QUEUE: queue };
  for (let times = 0; times < 2; times += 1) {
    const { stdout } = await execa(process.execPath, [COX, 'setup'], { env });
    expect(stdout).toContain(`${queue}-janitor`);
  }
  const { startWorkflow } = await describeSchedule(address, `${queue}-janitor`);
  expect(startWorkflow.taskQueue.name).toBe(queue);
  await execa(inject('temporalPath'), [
    'schedule',
    'delete',
    '--schedule-id',
    `${queue}-janitor`,
    '--address',
    address,
  ]);
});

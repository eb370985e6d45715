import { expect, test } from 'vitest';
import { agentQueries } from '../../src/workflows/messages.ts';
import type { Script } from './harness.ts';
import { approveAll, call, finish, git, makeRepository, onePlan, planned, startCrew } from './harness.ts';
import { recordHistories } from './record.ts';

const PATCH = '*** Begin Patch\n*** Add File: a/patched.txt\n+by a patch\n*** End Patch';
const NOTE = call('update_plan', { plan: [{ step: 'look', status: 'completed' }] });

test('a model with the habits of other tools works to the end: what it means runs, its notes are answered', async () => {
  const answers = [
    [NOTE],
    [NOTE],
    [NOTE],
    [call('functions.shell', { command: ['sh', '-c', 'echo listed > listed.txt'], workdir: '/workspace/a' })],
    [call('shell_command', { command: 'pwd > here.txt; cat here.txt', workdir: 'a', timeout_ms: 5000, login: true })],
    [call('shell', { command: ['apply_patch', PATCH] })],
    [call('shell', { command: 'echo slow; sleep 60', timeout_ms: 1000 })],
    [call('read_file', { path: 'a/patched.txt' })],
  ];
  const script: Script = ({ task, turn }) => {
    if (task === 'plan') return planned(onePlan({ id: 'a', paths: ['a/**'] }));
    return answers[turn] ?? finish();
  };
  const crew = await startCrew(script);
  const repository = await makeRepository();
  const handle = await crew.start({ repository, branch: 'habits' });
  expect((await approveAll(handle)).outcome).toBe('done');
  const names = await git(repository, 'diff', '--name-only', 'main', 'habits');
  expect(names.split('\n')).toEqual(['a/here.txt', 'a/listed.txt', 'a/patched.txt']);
  expect(await git(repository, 'show', 'habits:a/patched.txt')).toBe('by a patch');
  expect(await git(repository, 'show', 'habits:a/here.txt')).toBe('/workspace/a');
  const last = crew.model.requests.at(-1)?.items.flatMap((item) => (item.kind === 'result' ? [item.output] : [])) ?? [];
  expect(last.filter((output) => output.startsWith('Noted'))).toHaveLength(3);
  expect(last.at(-2)).toBe('timed out\nslow\n\n[ended by its limit of 1 second; timeoutSeconds may be up to 3600]');
  expect(last.at(-1)).toMatch(/no tool "read_file": the tools are shell \{command, timeoutSeconds\?\}/);
  const log = await crew.client.workflow.getHandle(`${handle.workflowId}/a.1`).query(agentQueries.log);
  expect(log.map(({ text }) => text).join('\n')).not.toContain('holds');
  const { workflowId } = handle;
  await recordHistories({ 'v0.6-refactor-habits': workflowId, 'v0.6-agent-habits': `${workflowId}/a.1` });
});

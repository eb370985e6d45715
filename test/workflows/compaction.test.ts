import { expect, test } from 'vitest';
import { SUMMARY_MARK } from '../../src/core/agent/compaction.ts';
import type { Item } from '../../src/core/transcript.ts';
import { parseCheckpointMessage } from '../../src/core/transcript.ts';
import type { AgentStatus } from '../../src/core/views/status.ts';
import type { ParsedRequest, ServerReply } from '../../src/offline/server/responses-server.ts';
import { refSlug } from '../../src/git/ref-name.ts';
import { agentQueries, signals } from '../../src/workflows/messages.ts';
import type { Crew, Script } from './harness.ts';
import { approve, finish, git, makeRepository, onePlan, planned, shell, startCrew, until } from './harness.ts';

const STEPS = 12;
/** Characters of a request that the model takes: a few steps with 3,000 characters of output each. */
const MOST = 14_000;

/** As the real API says it. */
const TOO_LONG: ServerReply = {
  fault: 'status',
  status: 400,
  body: {
    error: {
      message: "This model's maximum context length is 4000 tokens. Your input is longer.",
      type: 'invalid_request_error',
      param: 'input',
      code: 'context_length_exceeded',
    },
  },
};

const isSummary = ({ tools }: Pick<ParsedRequest, 'tools'>): boolean => tools.length === 0;
const said = (text: string): Item[] => [{ kind: 'assistant', text }];
const textsOf = ({ items }: ParsedRequest): string[] => items.flatMap((item) => ('text' in item ? [item.text] : []));

/** A step's number, which the model finds in the newest command even where older ones were summarised. */
function stepOf({ items }: ParsedRequest): number {
  const last = items.findLast((item) => item.kind === 'call');
  return last ? Number(/echo (\d+)/.exec(last.arguments)?.[1]) + 1 : 0;
}

const WORK: Script = ({ task, request }) => {
  if (isSummary(request)) return request.body.length > MOST ? TOO_LONG : said(`Lines up to some number were written.`);
  if (task === 'plan') return planned(onePlan({ id: 'a', paths: ['a/**'] }));
  if (request.body.length > MOST) return TOO_LONG;
  const step = stepOf(request);
  return step < STEPS ? shell(`echo ${step} >> a/lines; head -c 3000 /dev/zero | tr '\\0' x`) : finish();
};

async function work(crew: Crew): Promise<{ agent: AgentStatus; repository: string; log: string[] }> {
  const repository = await makeRepository();
  const handle = await crew.start({ repository, branch: 'long' });
  await approve(handle, 'plan@1');
  const agent = crew.client.workflow.getHandle(`${handle.workflowId}/a.1`);
  await until(handle, ({ tasks }) => tasks.some(({ status }) => status === 'working'));
  await handle.signal(signals.steer, { text: 'keep every line', by: 'ann' });
  await approve(handle, 'delivery@1', 200_000);
  await handle.result();
  const lines = await agent.query(agentQueries.log);
  return { agent: await agent.query(agentQueries.status), repository, log: lines.map(({ text }) => text) };
}

/** The entries of the agent's chain, from its newest checkpoint back. */
async function readEntries(crew: Crew, repository: string, head: string): Promise<unknown[]> {
  const hub = `${crew.stateDir}/hub/${refSlug(repository)}.git`;
  const messages = await git(hub, 'log', '--first-parent', '-z', '--format=%B', head);
  return messages.split('\0').flatMap((message) => parseCheckpointMessage(message) ?? []);
}

test('a conversation too long for its model is summarised by a checkpoint of its own, and the work goes on to its end', async () => {
  const crew = await startCrew(WORK);
  const { agent, repository, log } = await work(crew);
  expect(await git(repository, 'show', 'long:a/lines')).toBe(Array.from({ length: STEPS }, (_, n) => n).join('\n'));
  const summaries = crew.model.requests.filter(isSummary);
  const entries = (await readEntries(crew, repository, agent.head ?? '')) as { kind: string }[];
  expect(entries.filter(({ kind }) => kind === 'compact').length).toBeGreaterThan(1);
  // After a summary the model knows its task, what a supervisor said, and the newest turns; the rest is gone.
  const after = crew.model.requests.filter((request) => textsOf(request).some((text) => text.startsWith(SUMMARY_MARK)));
  for (const request of after) {
    expect(textsOf(request)[0]).toContain('Goal: do it');
    expect(textsOf(request)[1]).toContain('Lines up to some number were written.');
  }
  expect(textsOf(after.at(-1) as ParsedRequest)).toContain('Steer from ann, a supervisor: keep every line');
  expect(log.filter((line) => line.includes('a summary replaces')).length).toBeGreaterThan(1);
  // Every answer was counted, those of the summaries too; a refused request is none.
  const summed = summaries.filter(({ body }) => body.length <= MOST).length;
  expect(agent.spend.modelCalls).toBe(STEPS + 1 + summed);
  expect(agent.spend.acts).toBe(STEPS);
});

test('a context that is configured is never exceeded, and a summary that was stored is not asked for again', async () => {
  let fails = 0;
  const script: Script = (turn) => {
    // The first answer after the first summary breaks off: the activity is tried again.
    const isAfter = textsOf(turn.request).some((text) => text.startsWith(SUMMARY_MARK));
    if (isAfter && fails++ === 0) return { fault: 'cut-stream' };
    return WORK(turn);
  };
  const crew = await startCrew(script, { env: { COXSWAIN_CONTEXT_TOKENS: '19000' } });
  const { agent, repository } = await work(crew);
  expect(await git(repository, 'show', 'long:a/lines')).toBe(Array.from({ length: STEPS }, (_, n) => n).join('\n'));
  const entries = (await readEntries(crew, repository, agent.head ?? '')) as { kind: string }[];
  const compactions = entries.filter(({ kind }) => kind === 'compact').length;
  expect(compactions).toBeGreaterThan(0);
  expect(crew.model.requests.filter(isSummary).length).toBe(compactions);
  // The answer that broke off counts too: its provider made it, whoever heard of it.
  expect(agent.spend.modelCalls).toBe(STEPS + 1 + compactions + 1);
  expect(Math.max(...crew.model.requests.map(({ body }) => body.length))).toBeLessThan(MOST);
});

test('a conversation that is too long even when compacted holds with the reason, after one compaction', async () => {
  const script: Script = (turn) => {
    if (isSummary(turn.request)) return said('All was done.');
    if (turn.task === 'plan') return planned(onePlan({ id: 'a', paths: ['a/**'] }));
    return stepOf(turn.request) < 3 ? WORK(turn) : TOO_LONG;
  };
  const crew = await startCrew(script);
  const handle = await crew.start({ repository: await makeRepository(), branch: 'never' });
  await approve(handle, 'plan@1');
  const held = await until(handle, ({ tasks }) =>
    tasks.some(({ needs }) => needs.some((need) => need.startsWith('holds'))),
  );
  expect(held.tasks[0]?.needs.join()).toMatch(
    /ContextTooLong: the conversation does not fit the model even after compaction: .*rewind, split the task/,
  );
  expect(crew.model.requests.filter(isSummary)).toHaveLength(1);
  // Trying again goes on from the summary that was stored.
  const before = crew.model.requests.length;
  await handle.signal(signals.resume);
  await expect.poll(() => crew.model.requests.length, { timeout: 240_000 }).toBe(before + 1);
  expect(crew.model.requests.filter(isSummary)).toHaveLength(1);
  await handle.signal(signals.stop);
  await handle.result();
});

test('a summary that was cut off is never used: a shorter record is summarised, and both calls are paid for', async () => {
  let cuts = 0;
  const script: Script = (turn) => {
    if (isSummary(turn.request) && cuts++ === 0)
      return { items: said('Half of a summa'), stop: 'incomplete', usage: { inputTokens: 1, outputTokens: 1_000_000 } };
    return WORK(turn);
  };
  const crew = await startCrew(script);
  const { agent, repository } = await work(crew);
  expect(await git(repository, 'show', 'long:a/lines')).toBe(Array.from({ length: STEPS }, (_, n) => n).join('\n'));
  expect(crew.model.requests.flatMap(textsOf).join()).not.toContain('Half of a summa');
  const [first, second] = crew.model.requests.filter(isSummary);
  expect(second?.body.length).toBeLessThan(first?.body.length ?? 0);
  expect(agent.spend.outputTokens).toBeGreaterThan(1_000_000);
  // Calls with tools have the room that the budget leaves, reasoning included.
  expect(crew.model.requests.find((request) => !isSummary(request))?.raw['max_output_tokens']).toBe(64_000);
  expect(first?.raw['max_output_tokens']).toBe(32_000);
});

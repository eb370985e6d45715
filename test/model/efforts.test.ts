import { expect, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { openModel } from '../../src/model/call-model.ts';
import { CALL, request, serve, settings } from './scripted-model.ts';

const read = (effort: string): unknown => readConfig({ COXSWAIN_REASONING_EFFORT: effort }, '/').model.efforts;

test('an effort counts for all that a model is asked for, or for the role that is named before it', () => {
  expect(read('max')).toEqual({ agents: 'max', planner: 'max', reviewer: 'max', summaries: 'max' });
  expect(read('low, planner=xhigh')).toEqual({ agents: 'low', planner: 'xhigh', reviewer: 'low', summaries: 'low' });
  expect(read('reviewer=none')).toEqual({ reviewer: 'none' });
  expect(() => read('planer=high')).toThrow(
    /"planer=high" is none of none, minimal, low, .*after one of agents=, planner=/,
  );
  expect(() => read('lots')).toThrow(/COXSWAIN_REASONING_EFFORT.*"lots" is none of/);
});

test('each role is asked with its own effort', async () => {
  const server = await serve(() => ({ items: [CALL] }));
  const efforts = { agents: 'low', planner: 'high', summaries: 'none' } as const;
  const model = openModel(settings(server, { efforts }));
  for (const profile of ['work', 'plan', null, 'review'] as const) await model.call(request(undefined, { profile }));
  expect(server.requests.map(({ raw }) => raw['reasoning'])).toEqual([
    { effort: 'low' },
    { effort: 'high' },
    { effort: 'none' },
    undefined,
  ]);
});

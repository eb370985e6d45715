/** Tools are plain function tools, strict if their schema allows it, and always the same bytes. */
import { expect, test } from 'vitest';
import { defineTools } from '../../src/model/tool-definitions.ts';

test('the same profile gives the same bytes', () => {
  expect(JSON.stringify(defineTools('work'))).toBe(JSON.stringify(defineTools('work')));
});

test('names and strictness are these', () => {
  const show = (profile: 'work' | 'plan'): string[] =>
    defineTools(profile).map(({ name, strict }) => `${name} ${strict ? 'strict' : 'free'}`);
  expect(show('work')).toEqual(['shell free', 'apply_patch strict', 'ask strict', 'finish strict']);
  expect(show('plan')).toEqual(['shell free', 'ask strict', 'finish free', 'decline strict']);
});

test('a strict tool has only keywords that strict mode takes', () => {
  const [ask] = defineTools('work').filter(({ name }) => name === 'ask');
  expect(ask?.parameters).toEqual({
    type: 'object',
    properties: {
      question: { type: 'string', description: expect.stringMatching(/only a person can answer/) as string },
    },
    required: ['question'],
    additionalProperties: false,
  });
});

test('a plan may leave out fields with a default', () => {
  const [finish] = defineTools('plan').filter(({ name }) => name === 'finish');
  const text = JSON.stringify(finish?.parameters);
  expect(text).toContain('"required":["id","title","instructions","paths"]');
  expect(text).not.toContain('$schema');
});

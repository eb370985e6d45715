/** One word for one thing: exported names use no retired word, and no two mean different things. See docs/glossary.md. */
import { expect, test } from 'vitest';
import { readFiles } from './source-files.ts';

const EXPORTED = /^export (?:async )?(?:function\*?|const|type|interface|class) (?<name>\w+)/gm;

const exported = readFiles(/^src\/.*\.ts$/).flatMap(({ path, text }) =>
  [...text.matchAll(EXPORTED)].map(({ groups }) => ({ path, name: groups?.['name'] ?? '' })),
);

/** A word that once meant several things, and what is said instead. A name may have it only where its file's pattern fits. */
const RETIRED: readonly { word: RegExp; instead: string; unless?: RegExp }[] = [
  {
    word: /answer/i,
    instead: 'response of a model or server, ruling of a rule, result of a message',
    // What people answer, and what each answer to a decision does.
    unless:
      /^(answersOf(Agent|Refactor)|Answers|AnswerRules|findAnswerProblem|answerQuestion|answerForRefactor|addAnswer)$/,
  },
  { word: /judge/i, instead: 'rule on, detect, check, review' },
  {
    word: /keep|kept/i,
    instead: 'store in the hub, permit, watch',
    // The activity `keepReport` and its event keep their names, since histories have them.
    unless: /^(createKeepReport|KEEPS_IN_TOUCH)$/,
  },
  {
    word: /settle/i,
    instead: 'decide, finish, update',
    // An account is settled, as in bookkeeping.
    unless: /^(settleShared|SettleShared|SettleInput)$/,
  },
  { word: /profile/i, instead: 'tool set' },
  { word: /^(line|lineChecksOf)$/i, instead: 'integration branch' },
];

test.each(RETIRED)('no exported name has the retired word $word', ({ word, unless }) => {
  const wrong = exported.filter(({ name }) => word.test(name) && unless?.test(name) !== true);
  expect(wrong.map(({ path, name }) => `${path}: ${name}`)).toEqual([]);
});

test('no two files export the same name', () => {
  const paths = new Map<string, string[]>();
  for (const { path, name } of exported) paths.set(name, [...new Set([...(paths.get(name) ?? []), path])]);
  expect([...paths].filter(([, files]) => files.length > 1)).toEqual([]);
});

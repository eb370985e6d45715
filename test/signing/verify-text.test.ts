import { readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Approver } from '../../src/core/policy/approvers.ts';
import { policySchema } from '../../src/core/policy/policy.ts';
import type { SignatureQuestion } from '../../src/core/decisions/weigh.ts';
import { verifyText } from '../../src/signing/verify-text.ts';
import { Keys, plainKeys } from '../core/signers.ts';
import { realKeys, signFor } from './real-keys.ts';

const AT = Date.parse('2026-06-01T12:00:00Z');
const TEXT = '{"decision":"plan@1"}';

type Case = { who?: string; text?: string; signer?: string; ann?: Partial<Approver>; verdict: 'good' | 'bad' };
const CASES: Record<string, Case> = {
  'a listed key over this text': { verdict: 'good' },
  'one whose signer is named': { signer: 'ann', verdict: 'good' },
  'one of the other signer': { signer: 'bob', verdict: 'bad' },
  'a key that is not listed': { who: 'mallory', verdict: 'bad' },
  'another text': { text: TEXT.replace('1', '2'), verdict: 'bad' },
  'the text with a line end': { text: `${TEXT}\n`, verdict: 'bad' },
  'no text': { text: '', verdict: 'bad' },
  'a key that expires in a second': { ann: { validBefore: '2026-06-01T12:00:01Z' }, verdict: 'good' },
  'a key that expired a second ago': { ann: { validBefore: '2026-06-01T11:59:59Z' }, verdict: 'bad' },
  'a key that expired on a day': { ann: { validBefore: '2026-05-31' }, verdict: 'bad' },
  'a key that counts since a second ago': { ann: { validAfter: '2026-06-01T11:59:59Z' }, verdict: 'good' },
  'a key that counts from tomorrow on': { ann: { validAfter: '2026-06-02' }, verdict: 'bad' },
};

function ask(keys: Keys, { who = 'ann', text = TEXT, signer, ann }: Case): SignatureQuestion {
  const approvers = [keys.approver('bob'), keys.approver('ann', ann)];
  return { text: TEXT, signature: keys.signText(who, text), signer: signer ?? null, approvers, at: AT };
}

describe('a signature is verified by ssh-keygen', () => {
  test.each(Object.entries(CASES))("%s, and the keys of the reducers' tests agree", async (_name, one) => {
    expect(await verifyText(ask(new Keys(realKeys()), one))).toMatchObject({ kind: one.verdict });
    expect(plainKeys.verify(ask(new Keys(plainKeys), one))).toMatchObject({ kind: one.verdict });
  });

  test('and a bad verdict has its reason', async () => {
    const keys = new Keys(realKeys());
    const reason = async (one: Partial<Case>): Promise<unknown> =>
      await verifyText(ask(keys, { verdict: 'bad', ...one }));
    expect([
      await reason({ who: 'mallory' }),
      await reason({ text: 'x' }),
      await reason({ signer: 'bob' }),
      await reason({ ann: { validBefore: '2020-01-01' } }),
    ]).toEqual([
      { kind: 'bad', reason: 'the key that made it is not listed for this decision: listed are those of bob, ann' },
      {
        kind: 'bad',
        reason: "ann's key made it, but for something else: another decision, digest, verdict, note or message",
      },
      { kind: 'bad', reason: "the key is ann's, not bob's" },
      { kind: 'bad', reason: 'the key that made it is not valid at this time' },
    ]);
  });

  test('one made for another purpose, such as a commit or a file, does not count', async () => {
    const keys = realKeys();
    const question = ask(new Keys(keys), { verdict: 'bad' });
    for (const namespace of ['git', 'file', 'coxswain-decision', 'coxswain-decision@v2'])
      expect(await verifyText({ ...question, signature: signFor(namespace, keys.file('ann'), TEXT) })).toMatchObject({
        kind: 'bad',
      });
  });

  test('one that is cut, mixed or made up gets a bad verdict, and nothing throws', async () => {
    const keys = new Keys(realKeys());
    const question = ask(keys, { verdict: 'bad' });
    const lines = question.signature.trim().split('\n');
    const middle = lines[2] ?? '';
    const broken = [
      lines.slice(0, 2).join('\n'),
      lines.toSpliced(2, 1).join('\n'),
      lines
        .toSpliced(
          2,
          1,
          middle.replace(/./, (first) => (first === 'A' ? 'B' : 'A')),
        )
        .join('\n'),
      lines.toSpliced(1, lines.length - 2, 'AAAA').join('\n'),
      lines.toSpliced(1, lines.length - 2, 'AAAA'.repeat(1000)).join('\n'),
      'no armor',
      '',
      '\u0000'.repeat(100),
    ];
    for (const signature of broken)
      expect(await verifyText({ ...question, signature }), signature).toMatchObject({ kind: 'bad' });
  });

  test.each(['ecdsa'])('%s keys count too', async (type) => {
    expect(await verifyText(ask(new Keys(realKeys(type)), { verdict: 'good' }))).toMatchObject({ principal: 'ann' });
  });

  test('many at once, and no temporary file is left', async () => {
    const keys = new Keys(realKeys());
    const question = ask(keys, { verdict: 'good' });
    const verdicts = await Promise.all(
      Array.from({ length: 20 }, async (_, index) =>
        index % 2 === 0 ? await verifyText(question) : await verifyText({ ...question, text: 'x' }),
      ),
    );
    expect(verdicts.map(({ kind }) => kind)).toEqual(
      Array.from({ length: 20 }, (_, index) => ['good', 'bad'][index % 2]),
    );
    const left = (await readdir(tmpdir())).filter((name) => name.startsWith('coxswain-signature-'));
    const mine = await Promise.all(
      left.map((name) => readFile(join(tmpdir(), name, 'signature'), 'utf8').catch(() => '')),
    );
    expect(mine).not.toContain(question.signature);
  });
});

test('policy accepts no name or key that has another meaning in a list of allowed signers', () => {
  const { publicKey } = new Keys(plainKeys).approver('ann');
  const good = { name: 'ann@example.org', publicKey };
  const accepts = (decisions: unknown): boolean => policySchema.safeParse({ decisions }).success;
  expect(accepts({ approvers: [good] })).toBe(true);
  expect(accepts({ approvers: [{ ...good, publicKey: `${publicKey} a b "c"` }] })).toBe(true);
  const bad: Partial<Approver>[] = [
    { name: '*' },
    { name: 'ann,eve' },
    { name: '!ann' },
    { name: 'ann eve' },
    { name: 'ann\neve' },
    { name: '#ann' },
    { name: '' },
    { publicKey: `${publicKey}\neve ${publicKey}` },
    { publicKey: `cert-authority ${publicKey}` },
    { publicKey: 'ssh-rsa AAAAB3NzaC1yc2E' },
    { publicKey: '-----BEGIN OPENSSH PRIVATE KEY-----' },
    { validBefore: 'tomorrow' },
    { validBefore: '20260101" zonefile="x' },
  ];
  for (const change of bad)
    expect(accepts({ approvers: [{ ...good, ...change }] }), JSON.stringify(change)).toBe(false);
  const twice = { approvers: [good, { name: 'eve', publicKey: `${publicKey} another comment` }] };
  expect(accepts(twice)).toBe(false);
});

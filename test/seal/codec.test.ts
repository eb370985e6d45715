import type { Payload, SerializationContext } from '@temporalio/common';
import { mkdtemp, rm, stat, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import type { Opened } from '../../src/core/sealed.ts';
import { openSeal, SEAL_FIELDS, sealed } from '../../src/core/sealed.ts';
import { createSealCodec } from '../../src/seal/codec.ts';
import { addKey, ensureKeyFile, readKeyFile } from '../../src/seal/key-file.ts';
import type { KeyRing } from '../../src/seal/key-ring.ts';
import { openKeyRing } from '../../src/seal/key-ring.ts';
import { payloadConverter } from '../../src/workflows/payload-converter.ts';

const HERE: SerializationContext = { type: 'workflow', namespace: 'any', workflowId: 'one' };
const ACT = (activityId: string, workflowId = 'one'): SerializationContext => ({
  type: 'activity',
  namespace: 'any',
  workflowId,
  activityId,
  isLocal: false,
});

async function makeFile(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'coxswain-seal-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'new', 'seal.json');
  await ensureKeyFile(file);
  return file;
}

const makeRing = async (): Promise<KeyRing> => openKeyRing(await makeFile());

async function send(
  keys: KeyRing,
  value: unknown,
  context: SerializationContext,
  namespace = 'team',
): Promise<Payload> {
  const [payload] = await createSealCodec(keys, namespace).encode([payloadConverter.toPayload(value)!], context);
  return payload!;
}

async function receive(
  keys: KeyRing,
  payload: Payload,
  context: SerializationContext | undefined,
  namespace = 'team',
): Promise<Opened> {
  const [decoded] = await createSealCodec(keys, namespace).decode([payload], context);
  return openSeal(payloadConverter.fromPayload(decoded!));
}

const WORDS = ['activity', 'act', 'a1b2c3d4', 'run'] as const;

test('a sealed value stays readable, and opens where it belongs', async () => {
  const keys = await makeRing();
  const payload = await send(keys, sealed(WORDS, { command: 'npm test' }), ACT('7'));
  expect(Buffer.from(payload.data!).toString()).toBe('{"command":"npm test"}');
  expect(Buffer.from(payload.metadata!['encoding']!).toString()).toBe('json/plain');
  expect(Object.keys(payload.metadata!)).toEqual(['encoding', SEAL_FIELDS.seal]);
  expect(await receive(keys, payload, ACT('7'))).toEqual({
    kind: 'sealed',
    words: [...WORDS],
    value: { command: 'npm test' },
  });
});

test.each<[string, SerializationContext | undefined, string?]>([
  ['another activity', ACT('8')],
  ['another workflow', ACT('7', 'two')],
  ['a workflow itself', HERE],
  ['another namespace', ACT('7'), 'other'],
  ['nowhere', undefined],
])('a sealed value that is copied to %s does not count', async (_, context, namespace) => {
  const keys = await makeRing();
  const payload = await send(keys, sealed(WORDS, 'x'), ACT('7'));
  expect(await receive(keys, payload, context, namespace)).toMatchObject({ kind: 'broken', value: 'x' });
});

test('no byte of content, encoding, kind, MAC or key id can be changed', async () => {
  const keys = await makeRing();
  const payload = await send(keys, sealed(WORDS, { n: 1 }), ACT('7'));
  const parts: [string, Uint8Array][] = [
    ['data', payload.data!],
    ['encoding', payload.metadata!['encoding']!],
    [SEAL_FIELDS.seal, payload.metadata![SEAL_FIELDS.seal]!],
  ];
  for (const [part, bytes] of parts) {
    for (let index = 0; index < bytes.length; index += 1) {
      const changed = Buffer.from(bytes);
      changed[index]! ^= 1;
      const forged: Payload =
        part === 'data'
          ? { ...payload, data: changed }
          : { ...payload, metadata: { ...payload.metadata, [part]: changed } };
      expect((await receive(keys, forged, ACT('7'))).kind).toBe('broken');
    }
  }
});

test('a payload that claims to be verified counts as unsealed', async () => {
  const keys = await makeRing();
  const plain = payloadConverter.toPayload({ a: 1 })!;
  for (const field of [SEAL_FIELDS.verified, SEAL_FIELDS.as, SEAL_FIELDS.broken]) {
    const metadata = { ...plain.metadata, [field]: Buffer.from(WORDS.join(' ')) };
    expect(await receive(keys, { ...plain, metadata }, ACT('7'))).toEqual({ kind: 'plain', value: { a: 1 } });
  }
});

test('an empty value is sealed like any other, also after the wire', async () => {
  const keys = await makeRing();
  const payload = await send(keys, sealed(WORDS, undefined), HERE);
  const asDecoded = { ...payload, data: [] as unknown as Uint8Array };
  expect(await receive(keys, asDecoded, HERE)).toMatchObject({ kind: 'sealed', value: undefined });
});

test('no bytes on the wire make decoding throw', async () => {
  const keys = await makeRing();
  const bytes = fc.uint8Array({ maxLength: 64 });
  const metadata = fc.dictionary(fc.constantFrom('encoding', ...Object.values(SEAL_FIELDS)), bytes);
  await fc.assert(
    fc.asyncProperty(fc.record({ data: fc.option(bytes), metadata: fc.option(metadata) }), async (payload) => {
      expect((await receive(keys, payload as Payload, ACT('7'))).kind).not.toBe('sealed');
    }),
  );
});

test('a value sealed with another key is refused, and the refusal names both keys', async () => {
  const [ours, theirs] = [await makeRing(), await makeRing()];
  const opened = await receive(ours, await send(theirs, sealed(WORDS, 1), HERE), HERE);
  expect(opened).toMatchObject({ kind: 'broken', problem: expect.stringContaining(theirs.ids()[0]!) });
  expect(opened).toMatchObject({ kind: 'broken', problem: expect.stringContaining(ours.ids()[0]!) });
});

test('keys are made once, readable by their owner only, and errors contain no secret', async () => {
  const file = await makeFile();
  const { keys } = readKeyFile(file);
  await Promise.all([ensureKeyFile(file), ensureKeyFile(file)]);
  expect(readKeyFile(file).keys).toEqual(keys);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  await addKey(file, 0);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(readKeyFile(file).keys.slice(1)).toEqual(keys);
});

test('a running worker reads a new key, seals with it from its moment on, and still verifies the old one', async () => {
  const file = await makeFile();
  const [running, before] = [openKeyRing(file), openKeyRing(file)];
  const old = await send(before, sealed(WORDS, 1), HERE);
  const later = Date.now() + 3_600_000;
  await addKey(file, later);
  const [waiting, other] = readKeyFile(file).keys;
  expect(openKeyRing(file).sealing().id.toString('hex')).toBe(other!.id);
  await addKey(file, Date.now() - 1);
  await utimes(file, new Date(), new Date(Date.now() + 5000));
  const [fresh] = readKeyFile(file).keys;
  const added = await send(openKeyRing(file), sealed(WORDS, 2), HERE);
  await expect.poll(async () => (await receive(running, added, HERE)).kind).toBe('sealed');
  expect((await receive(running, old, HERE)).kind).toBe('sealed');
  expect(running.sealing().id.toString('hex')).toBe(fresh!.id);
  expect(running.ids()).toContain(waiting!.id);
});

/**
 * The file of the keys by which workers know each other: read, made at the first start, and given a new key.
 * Rule: a file is replaced whole and readable by its owner only; a key's id is a hash of its secret, so none can be
 * mistaken for another.
 */
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { link, mkdir, rename, unlink, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';

const SECRET_BYTES = 32;
/** A key that nobody uses any more is removed by hand; more than these are a mistake. */
const MAX_KEYS = 20;

const keySchema = z.strictObject({
  id: z.string().regex(/^[0-9a-f]{8}$/, 'eight hex digits'),
  secret: z.base64().refine((text) => Buffer.from(text, 'base64').length >= SECRET_BYTES, 'at least 32 bytes, base64'),
  /** Seals from this moment on: until then workers learn of it. Milliseconds since 1970. */
  from: z.number().int().min(0).optional(),
});
const fileSchema = z.strictObject({
  /** What was said before this moment may be unsealed. Milliseconds since 1970. */
  since: z.number().int().min(0),
  /** The first whose time has come seals; all of them verify. */
  keys: z.array(keySchema).min(1).max(MAX_KEYS),
});

export type KeyFile = z.infer<typeof fileSchema>;
type Key = KeyFile['keys'][number];

/** The keys can't be had; the message says which file, what is wrong, and what to do. */
export class SealError extends Error {
  override name = 'SealError';
}

/** Reads a file of keys, or fails with what is wrong in it; a secret is never part of what it says. */
export function readKeyFile(file: string): KeyFile {
  if (!existsSync(file)) throw new SealError(`there is no key at ${file}: make one with "cox seal new"`);
  const parsed = fileSchema.safeParse(parse(readFileSync(file, 'utf8')));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new SealError(`${file} is no file of keys: ${issue?.path.join('.') || 'it'}: ${issue?.message}`);
  }
  for (const { id, secret } of parsed.data.keys)
    if (idOf(secret) !== id)
      throw new SealError(`${file}: the secret of key ${id} is not the one that it was made with`);
  return parsed.data;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Makes the file where it is missing, and says whether it did; of several that begin at once, one makes it. */
export async function ensureKeyFile(file: string): Promise<boolean> {
  if (existsSync(file)) return false;
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const at = Date.now();
  const fresh = await writeFresh(file, { since: at, keys: [createKey()] });
  // Only the first writer makes it; the file is linked into place whole.
  const isMade = await link(fresh, file).then(
    () => true,
    () => false,
  );
  await unlink(fresh);
  return isMade;
}

/** Puts a new key before the others; it seals from then on, and the others go on verifying what they sealed. */
export async function addKey(file: string, from: number): Promise<KeyFile> {
  const before = readKeyFile(file);
  const after = { ...before, keys: [{ ...createKey(), from }, ...before.keys] };
  await rename(await writeFresh(file, after), file);
  return after;
}

async function writeFresh(file: string, content: KeyFile): Promise<string> {
  const fresh = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
  await writeFile(fresh, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
  return fresh;
}

function createKey(): Key {
  const secret = randomBytes(SECRET_BYTES).toString('base64');
  return { id: idOf(secret), secret };
}

function idOf(secret: string): string {
  return createHash('sha256').update(`coxswain key\n${secret}`).digest('hex').slice(0, 8);
}

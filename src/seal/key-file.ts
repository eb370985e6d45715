/**
 * The file with the keys that workers share: reads it, makes it at the first start, adds a key.
 * Rule: the file is replaced as a whole and only its owner can read it. A key's id is a hash of its secret, so two keys
 * can't be confused.
 */
import { parseJson } from '../core/text/json.ts';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { link, mkdir, rename, unlink, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';

const SECRET_BYTES = 32;
/** People remove keys that are no longer used. More keys than this are a mistake. */
const MAX_KEYS = 20;

const keySchema = z.strictObject({
  id: z.string().regex(/^[0-9a-f]{8}$/, 'eight hex digits'),
  secret: z.base64().refine((text) => Buffer.from(text, 'base64').length >= SECRET_BYTES, 'at least 32 bytes, base64'),
  /** The key seals from this moment on, so that all workers have read it by then. Milliseconds since 1970. */
  from: z.number().int().min(0).optional(),
});
const fileSchema = z.strictObject({
  /** Payloads from before this moment may be unsealed. Milliseconds since 1970. */
  since: z.number().int().min(0),
  /** The first key whose `from` has passed seals; all keys verify. */
  keys: z.array(keySchema).min(1).max(MAX_KEYS),
});

export type KeyFile = z.infer<typeof fileSchema>;
type Key = KeyFile['keys'][number];

/** The keys can't be used. The message says which file, what is wrong, and what to do. */
export class SealError extends Error {
  override name = 'SealError';
}

/** Reads a key file. Throws a SealError that says what is wrong, without any secret. */
export function readKeyFile(file: string): KeyFile {
  if (!existsSync(file)) throw new SealError(`there is no key at ${file}: make one with "cox seal new"`);
  const parsed = fileSchema.safeParse(parseJson(readFileSync(file, 'utf8')));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new SealError(`${file} is not a key file: ${issue?.path.join('.') || 'it'}: ${issue?.message}`);
  }
  for (const { id, secret } of parsed.data.keys)
    if (idOf(secret) !== id)
      throw new SealError(`${file}: key ${id} has another key's secret, or a changed one: restore the file`);
  return parsed.data;
}

/** Makes the file if it is missing; returns whether it did. Of several workers that start at once, one makes it. */
export async function ensureKeyFile(file: string): Promise<boolean> {
  if (existsSync(file)) return false;
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const at = Date.now();
  const fresh = await writeFresh(file, { since: at, keys: [createKey()] });
  // A hard link fails if the file exists, so only the first writer makes it, and it appears whole.
  const isMade = await link(fresh, file).then(
    () => true,
    () => false,
  );
  await unlink(fresh);
  return isMade;
}

/** Adds a new key in front, which seals from the moment `from`; the others still verify what they sealed. */
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

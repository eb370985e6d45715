/**
 * Signs a text with a person's SSH key: a private key file, or a public key whose private key is in their SSH agent.
 * Rule: the key stays with ssh-keygen and the SSH agent; the signature counts for our namespace only.
 */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { SIGNATURE_NAMESPACE } from '../core/decisions/signed-text.ts';
import { runToSign, withPrivateFiles } from './ssh-keygen.ts';

/** Why nothing was signed, and what to do. */
class SigningError extends Error {
  override name = 'SigningError';
}

/** Signs a text; `key` is a file's path, or a public key as one line. Returns an armored signature. */
export async function signText(text: string, key: string): Promise<string> {
  const literal = readLiteral(key);
  if (literal === undefined) return await signWith(text, key);
  return await withPrivateFiles({ 'key.pub': `${literal}\n` }, async (paths) => await signWith(text, paths['key.pub']));
}

async function signWith(text: string, file: string): Promise<string> {
  if (!existsSync(file)) throw new SigningError(`there is no key file ${file}`);
  const end = await runToSign(['-Y', 'sign', '-q', '-n', SIGNATURE_NAMESPACE, '-f', file], text);
  if (end.kind === 'absent') throw new SigningError('ssh-keygen is not installed: it comes with OpenSSH');
  if (end.exitCode === 0 && end.output.includes('BEGIN SSH SIGNATURE')) return `${end.output.trim()}\n`;
  throw new SigningError(`ssh-keygen did not sign with ${file}: ${end.errors || `exit status ${end.exitCode}`}`);
}

/** The public key if `key` is one: git's configuration allows that in place of a path. */
function readLiteral(key: string): string | undefined {
  if (key.startsWith('key::')) return key.slice('key::'.length);
  return /^(ssh|ecdsa|sk)-[\w@.-]+ /.test(key) ? key : undefined;
}

/** The person's key for signing commits, if that is an SSH key; otherwise their ed25519 key. */
export async function findSigningKey(): Promise<string> {
  if ((await readGitSetting('gpg.format')) === 'ssh') {
    const configured = await readGitSetting('user.signingkey');
    if (configured) return configured;
  }
  const file = join(homedir(), '.ssh', 'id_ed25519');
  const found = [file, `${file}.pub`].find((path) => existsSync(path));
  if (found) return found;
  throw new SigningError(
    `this decision must be signed, and there is no key to sign with: name one (--sign-with <file>), make one (ssh-keygen -t ed25519), or set git's gpg.format to ssh and its user.signingkey`,
  );
}

async function readGitSetting(name: string): Promise<string | undefined> {
  const { exitCode, stdout } = await execa('git', ['config', '--type=path', '--get', name], { reject: false });
  return exitCode === 0 && stdout !== '' ? stdout : undefined;
}

/**
 * Verifies a signature of a text: a listed key made it, for our namespace, at a moment when that key was valid.
 * Rule: a signature that can't be verified gets a bad verdict with a reason; no input makes this throw.
 */
import type { SignatureQuestion, SignatureCheck } from '../core/decisions/weigh.ts';
import { SIGNATURE_NAMESPACE } from '../core/decisions/signed-text.ts';
import { renderAllowedSigners, toStamp } from './allowed-signers.ts';
import type { KeygenEnd } from './ssh-keygen.ts';
import { runToVerify, withPrivateFiles } from './ssh-keygen.ts';

export async function verifyText(question: SignatureQuestion): Promise<SignatureCheck> {
  const { text, signature, signer, approvers, at } = question;
  const files = { signature: `${signature.trim()}\n`, allowed: renderAllowedSigners(approvers) };
  return await withPrivateFiles(files, async (paths) => {
    const when = ['-O', `verify-time=${toStamp(at)}`];
    const found = await runToVerify(['-Y', 'find-principals', '-s', paths.signature, '-f', paths.allowed, ...when]);
    if (found.kind === 'absent') return bad('the worker has no ssh-keygen: install OpenSSH there (openssh-client)');
    const names = found.output.split('\n').filter((line) => line !== '');
    if (found.exitCode !== 0 || names.length === 0) return bad(explain(found, approvers));
    const principal = signer ?? names[0] ?? '';
    if (!names.includes(principal)) return bad(`the key is ${names.join(', ')}'s, not ${principal}'s`);
    const place = ['-I', principal, '-n', SIGNATURE_NAMESPACE, '-s', paths.signature, '-f', paths.allowed];
    const verified = await runToVerify(['-Y', 'verify', ...place, ...when], text);
    if (verified.kind === 'ended' && verified.exitCode === 0) return { kind: 'good', principal, text };
    return bad(
      `${principal}'s key made it, but for something else: another decision, digest, verdict, note or message`,
    );
  });
}

function bad(reason: string): SignatureCheck {
  return { kind: 'bad', reason };
}

function explain(end: Extract<KeygenEnd, { kind: 'ended' }>, approvers: SignatureQuestion['approvers']): string {
  if (/key has expired|not yet valid/.test(end.errors)) return 'the key that made it is not valid at this time';
  if (/armor|parse signature|invalid format/i.test(end.errors)) return 'it is not a readable SSH signature';
  if (/no principal matched/i.test(end.errors))
    return `the key that made it is not listed for this decision: listed are those of ${approvers.map(({ name }) => name).join(', ')}`;
  return `ssh-keygen says: ${end.errors.slice(-300) || `exit status ${end.exitCode}`}`;
}

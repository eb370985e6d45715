/**
 * Writes approvers in the ALLOWED SIGNERS format of `ssh-keygen`: one line for each key.
 * Rule: each key counts for our namespace only. Policy's schema allows only names and keys without any character that
 * has a meaning in such a line.
 */
import type { SignatureQuestion } from '../core/decisions/weigh.ts';
import { SIGNATURE_NAMESPACE } from '../core/decisions/signed-text.ts';

/** The lines of a file of allowed signers. */
export function renderAllowedSigners(approvers: SignatureQuestion['approvers']): string {
  const lines = approvers.map(({ name, publicKey, validAfter, validBefore }) => {
    const options = [
      `namespaces="${SIGNATURE_NAMESPACE}"`,
      ...(validAfter === undefined ? [] : [`valid-after="${toStamp(Date.parse(validAfter))}"`]),
      ...(validBefore === undefined ? [] : [`valid-before="${toStamp(Date.parse(validBefore))}"`]),
    ];
    return `${name} ${options.join(',')} ${publicKey.split(' ', 2).join(' ')}\n`;
  });
  return lines.join('');
}

/** A moment as `YYYYMMDDHHMMSS` in UTC. */
export function toStamp(at: number): string {
  return new Date(at).toISOString().replaceAll(/[-:T]/g, '').slice(0, 14);
}

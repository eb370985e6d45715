/**
 * Which open decisions are alike, so that a person reads them once and decides all of them together.
 * Rule: alike means that a person would be shown the same: the same kind, risk and text. What only a look at the
 * difference can tell apart is never alike.
 */
import type { DecisionKind } from '../policy/decision-kinds.ts';
import { riskOf } from '../policy/approvers.ts';
import { digestValue } from '../digest.ts';
import type { Decision } from './control.ts';

/** Their digest is that of the whole text, so that equal digests mean equal texts, also where the text is cut. */
const BY_DIGEST: readonly DecisionKind[] = ['question', 'call', 'plan'];
/** Their text is all that is asked. The digest also names a commit, which differs in each run. */
const BY_TEXT: readonly DecisionKind[] = ['outside', 'effects', 'integration', 'baseline', 'budget'];

/** `openDecision` cuts a long text and ends it so. */
const IS_CUT = /\n… \d+ more characters: [^\n]*$/;

/** 16 hex digits that are equal for decisions that are alike. `workflow` shows the decision. */
export function alikeKey(
  decision: Pick<Decision, 'id' | 'kind' | 'about' | 'digest' | 'risk' | 'owner'>,
  workflow: string,
): string {
  const { id, kind, about, digest } = decision;
  const said = { kind, risk: riskOf(decision), about };
  const isWhole = BY_TEXT.includes(kind) && !IS_CUT.test(about);
  const bound = BY_DIGEST.includes(kind) ? { digest } : { digest, id, workflow };
  return digestValue(isWhole ? said : { ...said, ...bound }).slice(0, 16);
}

/**
 * The gate on what an act did: allow, ask or deny, from the changed paths and from the findings in their bytes.
 * Rule: the strictest ruling counts, and one decision covers everything. A review can't make a ruling milder.
 */
import type { AgentState } from './state.ts';
import { nextStep, publish, say, undoAct } from './work.ts';
import { digestValue } from '../digest.ts';
import type { Finding, FindingRules } from '../effects/findings.ts';
import { gateFindings, findingKey, renderFindings, worstRisk } from '../effects/findings.ts';
import { findingRulesOf } from '../policy/rules-and-effects.ts';
import { openDecision } from '../decisions/open-decisions.ts';
import type { GateRule } from '../risk.ts';
import { stricter } from '../risk.ts';
import type { EffectivePolicy } from '../policy/policy.ts';
import type { ActOutcome } from './step.ts';
import { shorten } from '../text/lines.ts';

/** Lines of findings in a decision. With the lines after them people read twenty. */
const FINDING_LINES = 18;

/** What is known about an act's effects when they are judged. */
export type Seen = Pick<ActOutcome, 'outside' | 'findings' | 'moreFindings'>;

/** The ruling, with lines for the person or the model, findings first. */
export interface EffectRuling {
  outcome: GateRule;
  lines: string[];
  /** The findings behind it, the worst first. */
  findings: Finding[];
}

/** Judges effects by policy. Paths outside the task have a gate of their own, whatever their content. */
export function ruleOnEffects(
  policy: EffectivePolicy,
  { outside, findings = [], moreFindings = 0 }: Seen,
): EffectRuling {
  const scope: GateRule = outside.length === 0 ? 'allow' : policy.gates.scope.value === 'deny' ? 'deny' : 'ask';
  const found = gateInside(findings, findingRulesOf(policy));
  return {
    outcome: stricter(scope, found.outcome),
    findings: found.about,
    lines: [
      ...renderFindings(findings, FINDING_LINES),
      ...(moreFindings > 0 ? [`… and ${moreFindings} more that did not fit`] : []),
      ...(outside.length > 0 ? [`changed outside the task's paths: ${outside.join(', ')}`] : []),
    ],
  };
}

function gateInside(findings: readonly Finding[], rules: FindingRules): ReturnType<typeof gateFindings> {
  return gateFindings(
    findings.filter(({ kind }) => kind !== 'outside-paths'),
    rules,
  );
}

/** The kind of a decision about an act's effects: about findings, or only about paths outside the task. */
export function kindOfEffects(findings: readonly Finding[] = [], rules: FindingRules = {}): 'effects' | 'outside' {
  return gateInside(findings, rules).about.length > 0 ? 'effects' : 'outside';
}

/**
 * Applies an act's effects: the agent goes on, waits for a person, or the files are put back and the model is told why.
 */
export function gateEffects(state: AgentState, at: number, outcome: ActOutcome, call: string): AgentState {
  const { outside, findings } = outcome;
  const ruling = ruleOnEffects(state.spec.policy, outcome);
  switch (ruling.outcome) {
    case 'allow':
      return nextStep(state);
    case 'deny': {
      const what = ruling.lines.join('\n');
      return undoAct(
        nextStep(say(state, at, `${state.step} denied: ${what}`)),
        `Policy denies what this left:\n${what}\n`,
      );
    }
    case 'ask': {
      const kind = kindOfEffects(findings, findingRulesOf(state.spec.policy));
      const asked = { head: state.head, outside, ...(findings ? { findings } : {}) };
      const control = openDecision(state.control, at, {
        kind,
        task: state.spec.task,
        about: [...ruling.lines, `by: ${shorten(call, 300)}`].join('\n'),
        digest: digestValue(asked),
        ...(kind === 'outside' ? {} : { risk: worstRisk(ruling.findings) }),
      });
      const askedEffects = ruling.findings.map(findingKey);
      return publish(nextStep({ ...state, control, askedPaths: outside, askedEffects, asked }));
    }
  }
}

/**
 * Shows a run's state in Temporal's search attributes, and decides when the run continues as new.
 * Rule: a search attribute is written only when its value changes, since each write is an event.
 */
import type { SearchAttributePair } from '@temporalio/common';
import { defineSearchAttributeKey, SearchAttributeType, TypedSearchAttributes } from '@temporalio/common';
import { upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';

/** The patch since which runs check names, and escape text, as they come in. */
export const TEXT_BORDER = 'text-border';

const STATE = defineSearchAttributeKey('CoxState', SearchAttributeType.KEYWORD);
const NEEDS = defineSearchAttributeKey('CoxNeeds', SearchAttributeType.KEYWORD_LIST);
const TASK = defineSearchAttributeKey('CoxTask', SearchAttributeType.KEYWORD);
const REPOSITORY = defineSearchAttributeKey('CoxRepository', SearchAttributeType.KEYWORD);
const TEAM = defineSearchAttributeKey('CoxTeam', SearchAttributeType.KEYWORD);
const CAMPAIGN = defineSearchAttributeKey('CoxCampaign', SearchAttributeType.KEYWORD);
const INHERITED = [REPOSITORY, TEAM, CAMPAIGN];
/** About 300 steps. Replaying more takes seconds, at 0.8 ms per event. */
const MAX_HISTORY_EVENTS = 4000;
/** A run that has just begun does not continue as new, or else it could do so without end. */
const FRESH_HISTORY_EVENTS = 5;

/** Sets `CoxState` and `CoxNeeds` if they changed. */
export function showState(state: string, needs: string[]): void {
  const current = workflowInfo().typedSearchAttributes;
  if (current.get(STATE) !== state) upsertSearchAttributes([{ key: STATE, value: state }]);
  const shown = current.get(NEEDS) ?? [];
  if (shown.join() !== needs.join()) upsertSearchAttributes([{ key: NEEDS, value: needs }]);
}

/**
 * Whether the run should continue as new between the next two steps: its history is long, or its worker's version is
 * old.
 */
export function isContinueDue(): boolean {
  const { continueAsNewSuggested, historyLength, targetWorkerDeploymentVersionChanged } = workflowInfo();
  if (targetWorkerDeploymentVersionChanged && historyLength > FRESH_HISTORY_EVENTS) return true;
  return continueAsNewSuggested || historyLength > MAX_HISTORY_EVENTS;
}

/** Search attributes of an agent: those of its refactor, and its task. */
export function childAttributes(task: string): TypedSearchAttributes {
  const inherited = workflowInfo().typedSearchAttributes;
  const pairs: SearchAttributePair[] = [{ key: TASK, value: task }];
  for (const key of INHERITED) {
    const value = inherited.get(key);
    if (value !== undefined) pairs.push({ key, value });
  }
  return new TypedSearchAttributes(pairs);
}

/** Sets what never changes in a refactor: its repository, team and campaign. */
export function showOrigin(origin: {
  repository: string;
  team: string | undefined;
  campaign: string | undefined;
}): void {
  const pairs: SearchAttributePair[] = [{ key: REPOSITORY, value: origin.repository.slice(-255) }];
  if (origin.team) pairs.push({ key: TEAM, value: origin.team });
  if (origin.campaign) pairs.push({ key: CAMPAIGN, value: origin.campaign });
  if (workflowInfo().typedSearchAttributes.get(REPOSITORY) === undefined) upsertSearchAttributes(pairs);
}

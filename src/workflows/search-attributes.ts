/**
 * Shows a run's state in Temporal's search attributes, and its card in the memo.
 * Rule: each is written only when what it says changes, since each write is an event.
 */
import type { SearchAttributePair } from '@temporalio/common';
import { defineSearchAttributeKey, SearchAttributeType, TypedSearchAttributes } from '@temporalio/common';
import { upsertMemo, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import type { SEARCH_ATTRIBUTES, SearchAttributeType as SearchAttributeKind } from '../core/search-attributes.ts';
import type { RunCard } from '../core/views/card.ts';
import { CARD, isCardDue } from '../core/views/card.ts';

type NameOf<T extends SearchAttributeKind> = {
  [N in keyof typeof SEARCH_ATTRIBUTES]: (typeof SEARCH_ATTRIBUTES)[N] extends T ? N : never;
}[keyof typeof SEARCH_ATTRIBUTES];

const keyword = (name: NameOf<'Keyword'>) => defineSearchAttributeKey(name, SearchAttributeType.KEYWORD);
const keywordList = (name: NameOf<'KeywordList'>) => defineSearchAttributeKey(name, SearchAttributeType.KEYWORD_LIST);

const STATE = keyword('CoxState');
const NEEDS = keywordList('CoxNeeds');
const TASK = keyword('CoxTask');
const REPOSITORY = keyword('CoxRepository');
const TEAM = keyword('CoxTeam');
const CAMPAIGN = keyword('CoxCampaign');
const INHERITED = [REPOSITORY, TEAM, CAMPAIGN];

/** Sets `CoxState` and `CoxNeeds` if they changed. */
export function showState(state: string, needs: string[]): void {
  const current = workflowInfo().typedSearchAttributes;
  if (current.get(STATE) !== state) upsertSearchAttributes([{ key: STATE, value: state }]);
  const shown = current.get(NEEDS) ?? [];
  if (shown.join() !== needs.join()) upsertSearchAttributes([{ key: NEEDS, value: needs }]);
}

/** Writes a refactor's card, if it is due. */
export function showCard(card: RunCard): void {
  if (isCardDue(workflowInfo().memo?.[CARD], card)) upsertMemo({ [CARD]: card });
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

/**
 * The search attributes by which runs are found. Used by code that registers, writes or queries them.
 * Rule: few and with few values, since a server has few slots for each type; and never a secret, since they are stored
 * unencrypted.
 */

/** Value types in use, by Temporal's names. */
export type SearchAttributeType = 'Keyword' | 'KeywordList';

/**
 * Name and type of each search attribute. A workflow that writes an unregistered one gets stuck, so workers check
 * first.
 */
export const SEARCH_ATTRIBUTES = {
  /** The state that `status` shows. */
  CoxState: 'Keyword',
  /** What waits for a person: kinds of open decisions, and whether one is overdue or escalated, or the run holds. */
  CoxNeeds: 'KeywordList',
  CoxRepository: 'Keyword',
  CoxTeam: 'Keyword',
  CoxCampaign: 'Keyword',
  CoxTask: 'Keyword',
} as const satisfies Record<string, SearchAttributeType>;

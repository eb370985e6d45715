/**
 * The search attributes that runs are found by, for whoever registers, writes or queries them.
 * Rule: few and low-cardinality, since a server has few slots for each type, and never a secret: they are stored in
 * clear.
 */

/** The value types in use, by Temporal's own names. */
export type SearchAttributeType = 'Keyword' | 'KeywordList';

/**
 * Name and type of each search attribute; a workflow that writes an unregistered one is stuck, so workers look first.
 */
export const SEARCH_ATTRIBUTES = {
  /** The state that `status` shows. */
  CoxState: 'Keyword',
  /** What waits for a person: ids of open decisions and questions. */
  CoxNeeds: 'KeywordList',
  CoxRepository: 'Keyword',
  CoxTeam: 'Keyword',
  CoxCampaign: 'Keyword',
  CoxTask: 'Keyword',
} as const satisfies Record<string, SearchAttributeType>;

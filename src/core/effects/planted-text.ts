/**
 * Finds text that is written to influence its next reader: orders to agents, and claims of approval for reviewers.
 * Rule: text that overrides instructions, hides something or waives a review is of high risk whomever it addresses.
 * Writing about agents is not a finding.
 */
import type { Effects, Look } from './change.ts';
import { findAt, wasThere } from './change.ts';
import type { Finding } from './findings.ts';

const READER = String.raw`(?:(?:AI|coding|automated|code|language)[ -]){0,4}(?:assistants?|agents?|bots?|LLMs?|language models?|models?|copilot|claude|codex|gpt|reviewers?|maintainers?)`;
const OVERRIDE =
  /\b(ignore|disregard|forget|override)\b[^.]{0,30}\b(previous|prior|above|earlier|other|all|system|your)\b[^.]{0,20}\b(instruction|prompt|rule|guideline|message|polic)|\bnew (system )?(instructions?|prompt)\s*:|<\/?(system|assistant|instructions?)>|\[\/?INST\]|<\|im_start\|>|\byou are (now|no longer) (an?|the)\b/i;
const CONCEAL =
  /\b(do not|don['’]t|never|without)\b[^.]{0,20}\b(mention|tell|report|reveal|disclose|show|flag|log|inform|ask(ing)?)\b[^.]{0,40}\b(this|it|user|people|person|human|reviewer|maintainer|summar|anyone|team)|\b(silently|secretly)\b[^.]{0,30}\b(run|add|send|fetch|include|copy)/i;
const CLAIM =
  /\b(pre-?|already |been )(approved|authori[sz]ed|reviewed|vetted|cleared|signed off)\b|\b(approved|authori[sz]ed|signed off|vetted|cleared) (by|off by|under|in)\b|\bsigned[ -]off by the\b/i;
const WAIVE =
  /\b(no|without|skip|bypass)\b[^.]{0,20}\b(further |more |additional |any )?(review|approval|check(ing)?|scrutiny|verification)\b|\b(need not|needn['’]t|do not need to|don['’]t need to|should not|can skip|may skip|please skip|not necessary to)\b[^.]{0,30}\b(review|look|check|verif|inspect|flag)|\b(is|are|be) (exempt|out of scope)\b|\b(report|mark|treat|rate|classify|consider)\b[^.]{0,20}\bas (clean|safe|benign|approved|harmless|reviewed|low[- ]risk)\b/i;
const WAIVED = /\bno (further|more|additional|other) (code )?(review|approval|check|scrutiny|sign-?off)\w*\b/i;
const ORDER = new RegExp(
  String.raw`\b${READER}\b[^.]{0,60}\b(must|should|shall|always|have to|need to|is required to|are required to|please|first|before)\b`,
  'i',
);
const FETCH =
  /\b(curl|wget|fetch|download|npx|pipe|clone)\b[^\n]{0,80}(https?:|\||\bsh\b)|\b(run|execute|eval)\b[^.\n]{0,40}(https?:\/\/|curl|base64)/i;
/**
 * Most characters between the addressed reader and the order: as many as an excerpt shows, so that both can be read.
 */
const MAX_LEAD = 140;
const ADDRESS = new RegExp(String.raw`\b${READER}\b`, 'i');

/** Planted orders and claims in added lines. */
export function detectPlantedText(effects: Effects): Finding[] {
  return effects.looks.flatMap((look) =>
    look.added.flatMap((line, index) => {
      if (wasThere(effects, line) || line.text.length < 12) return [];
      // Prose is wrapped: an order may go on in the next line.
      const next = look.added[index + 1]?.text ?? '';
      const isInNext = describe(next, look) !== undefined;
      const why = describe(line.text, look) ?? (isInNext ? undefined : describe(`${line.text} ${next}`, look));
      if (!why) return [];
      return [findAt(look, 'planted-instruction', why.risk, why.text, { line, at: Math.max(0, placeOf(line.text)) })];
    }),
  );
}

interface Reason {
  risk: 'medium' | 'high';
  text: string;
}
const REASONS = {
  override: { risk: 'high', text: 'it overrides what an agent was told' },
  conceal: { risk: 'high', text: 'it tells a reader to keep something quiet' },
  waive: { risk: 'high', text: 'it claims an approval, or waives a look' },
  claim: { risk: 'medium', text: 'it claims an approval' },
  order: { risk: 'high', text: 'it orders agents to fetch or run something' },
} as const satisfies Record<string, Reason>;

function describe(text: string, { sort }: Look): Reason | undefined {
  if (OVERRIDE.test(text)) return REASONS.override;
  const isAddressed = ADDRESS.test(text);
  if (CONCEAL.test(text) && (isAddressed || /summar|user|reviewer|human/i.test(text))) return REASONS.conceal;
  const isClaim = CLAIM.test(text);
  if (WAIVED.test(text) || (WAIVE.test(text) && (isClaim || isAddressed))) return REASONS.waive;
  if (ORDER.test(text) && FETCH.test(text)) return REASONS.order;
  // In code a claim counts only in a comment; elsewhere the words may be names.
  const isComment = sort === 'words' || /^\s*(\/\/|#|\/?\*|--|<!--|;)/.test(text);
  return isClaim && isComment ? REASONS.claim : undefined;
}

/** Index of the order or claim, or of the reader that it addresses, if that comes shortly before. */
function placeOf(text: string): number {
  const claim = text.search(
    new RegExp([OVERRIDE, CONCEAL, CLAIM, WAIVE, WAIVED].map(({ source }) => source).join('|'), 'i'),
  );
  const address = text.search(ADDRESS);
  return address >= 0 && (claim < 0 || (address < claim && claim - address <= MAX_LEAD)) ? address : claim;
}

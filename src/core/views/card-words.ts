/**
 * Short words of a run's card, as lists show them.
 * Rule: pure. A name stays within its line.
 */
import { asLine } from '../text/lines.ts';

/** The name of a repository without its path. */
export function nameRepository(repository: string): string {
  const path = repository.replace(/\/+$/, '').replace(/\.git$/, '');
  return asLine(path.slice(path.lastIndexOf('/') + 1));
}

/** Tokens, and dollars where a price is known. */
export function showSpent({ tokens, usd }: { tokens: number; usd: number | null }): string {
  const short = tokens < 10_000 ? String(tokens) : `${(tokens / 1000).toFixed(1)}k`;
  return `${short}${usd === null ? '' : ` $${usd.toFixed(2)}`}`;
}

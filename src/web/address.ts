/**
 * Addresses of the pages.
 * Rule: an id stands in an address as a parameter, since an id can contain anything.
 */

/** The address of a run's or an agent's page, or of its live parts. */
export function addressOf(page: string, id: string, more: Readonly<Record<string, string>> = {}): string {
  return `/${page}?${new URLSearchParams({ id, ...more }).toString()}`;
}

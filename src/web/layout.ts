/**
 * What every page has: head, navigation, the place where results are told, and parts that are replaced while it is
 * open.
 * Rule: every text goes through `html`, which escapes it. Nothing here or in another page marks a text as safe.
 */
import { html } from 'hono/html';
import { digestValue } from '../core/digest.ts';
import { escapeForPeople } from '../core/text/escape.ts';

export type Html = ReturnType<typeof html>;

/** Of a message that was sent: whether it counted, and the run's words. */
export interface Told {
  kind: 'ok' | 'refused';
  text: string;
}

/** A part of a page that is replaced when it changes. */
export interface Part {
  id: string;
  body: Html;
}

export interface PageOptions {
  title: string;
  user: string;
  /** The address that tells changes of the parts; undefined where nothing changes. */
  live?: string | undefined;
  told?: Told | undefined;
  body: Html;
}

/** Text of a repository, model or person: no control or invisible character can hide or reorder what people read. */
export const safe = escapeForPeople;

/** An id as a part of an element's id. */
export function elementId(id: string): string {
  return id.replaceAll(/[^\w-]/g, '-');
}

export function renderPage({ title, user, live, told, body }: PageOptions): Html {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${safe(title)} · Coxswain</title>
<link rel="stylesheet" href="/style.css">
<link rel="icon" href="/icon.svg" type="image/svg+xml">
<script src="/page.js" defer></script>
</head>
<body data-live="${live ?? ''}">
<a class="skip" href="#main">Skip to the content</a>
<header><nav aria-label="Pages" class="pages"><a class="home" href="/">Coxswain</a><a href="/inbox">Inbox</a><a href="/groups">Teams</a></nav><span class="user">as ${safe(user)}</span></header>
<main id="main" tabindex="-1">
<div role="status" id="news" class="hidden"></div>
<div role="status" id="told" class="${told ? `told ${told.kind}` : 'told'}">${told ? safe(told.text) : ''}</div>
${body}
</main>
<footer>
<details id="keys"><summary>Keys</summary>
<ul class="keys"><li><kbd>j</kbd> <kbd>k</kbd> next, last row or decision; Enter opens</li><li><kbd>a</kbd> to approve or answer</li><li><kbd>r</kbd> to reject</li>
<li><kbd>s</kbd> to steer</li><li><kbd>d</kbd> the difference</li><li><kbd>i</kbd> the inbox</li><li><kbd>u</kbd> all runs</li><li><kbd>?</kbd> these keys</li></ul>
<p>A key moves there; Enter then does it.</p></details>
<noscript><p>Load this page again to see what has changed.</p></noscript>
</footer>
</body>
</html>`;
}

/** A part with the digest of what it shows, by which a page knows whether it has the newest. */
export async function renderPart({ id, body }: Part): Promise<Html> {
  return html`<section class="part" id="${id}" data-digest="${await digestPart(body)}">${body}</section>`;
}

export async function digestPart(body: Html): Promise<string> {
  return digestValue(String(await body)).slice(0, 16);
}

/** A moment, as the reader's script writes it in local time; without a script in universal time. */
export function renderTime(at: number): Html {
  const iso = new Date(at).toISOString();
  return html`<time datetime="${iso}">${iso.slice(0, 16).replace('T', ' ')} UTC</time>`;
}

/** A command for a shell, to be read or copied. */
export function renderCommand(lines: readonly string[], title = 'By the temporal program'): Html {
  return html`<details class="command"><summary>${title}</summary>${lines.map((line) => html`<pre tabindex="0"><code>${safe(line)}</code></pre>`)}</details>`;
}

/**
 * The forms of a page: each one sends one message to a run, and says the command that does the same.
 * Rule: a form works without a script. A decision's form carries the digest of what the page shows.
 */
import { randomUUID } from 'node:crypto';
import { html } from 'hono/html';
import type { Verb } from '../core/decisions/messages.ts';
import { mustSign } from '../core/decisions/orders.ts';
import type { DecisionRules } from '../core/policy/approvers.ts';
import { shellLine } from '../core/text/shell-line.ts';
import type { Html } from './layout.ts';
import { renderCommand } from './layout.ts';

/** Where messages go, and in whose name. */
export interface Desk {
  /** Of Temporal. */
  address: string;
  namespace: string;
  user: string;
  formKey: string;
}

/** Temporal's own defaults, which the temporal program uses without options. */
const USUAL_ADDRESS = /^(127\.0\.0\.1|localhost):7233$/;

export interface FormOptions {
  run: string;
  verb: Verb;
  /** Fields that the person can't change. */
  fixed?: Readonly<Record<string, string>>;
  /** Fields for the command, beside the fixed ones. */
  example?: Readonly<Record<string, unknown>>;
  /** The message counts once, however often the form is sent. Not in parts, which would change with each id. */
  isOnce?: boolean;
  /** What policy requires of senders, and what `cox` takes after the verb: for what has to be signed. */
  signing?: { rules: DecisionRules; words: readonly string[] };
  inputs?: Html;
  button: Html;
}

/** A form that sends one message; where only signed ones count, how to sign it. */
export function renderForm(desk: Desk, options: FormOptions): Html {
  const { run, verb, fixed = {}, example = {}, isOnce, inputs, button, signing } = options;
  if (signing && mustSign(verb, fixed, signing.rules)) return renderSigned(verb, signing.words);
  const hidden = { form: desk.formKey, run, verb, ...(isOnce ? { id: randomUUID() } : {}), ...fixed };
  return html`<form method="post" action="/act" class="act">
${Object.entries(hidden).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}
${inputs ?? ''}${button}
${renderCommand([temporalLine(desk, run, verb, { ...fixed, ...example })])}
</form>`;
}

export function renderSigned(verb: Verb, words: readonly string[]): Html {
  return html`<p class="signing">Policy counts only a signed ${verb} here, and a browser has no key. In a terminal, where <code>cox</code> signs with your SSH key:</p>
<pre tabindex="0"><code>${shellLine(['cox', ...words])}</code></pre>`;
}

/** The plain command that sends a message. */
export function temporalLine(desk: Desk, run: string, verb: Verb, fields: object): string {
  const { address, namespace, user } = desk;
  const place = [
    ...(USUAL_ADDRESS.test(address) ? [] : ['--address', address]),
    ...(namespace === 'default' ? [] : ['--namespace', namespace]),
  ];
  const input = ['--input', JSON.stringify({ ...fields, by: user })];
  return shellLine([
    'temporal',
    'workflow',
    'update',
    'execute',
    ...place,
    '--workflow-id',
    run,
    '--name',
    verb,
    ...input,
  ]);
}

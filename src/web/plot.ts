/**
 * Spend over time as a curve, with a table beside it.
 * Rule: the drawing is one image with a title and a description; the table has the numbers for everybody.
 */
import { html } from 'hono/html';
import type { Growth, Spent } from '../core/views/spent.ts';
import { growthOf, sampleGrowth } from '../core/views/spent.ts';
import type { Html } from './layout.ts';
import { renderTime } from './layout.ts';

/** In the drawing's own units: narrow enough to be read on a phone. */
const WIDTH = 480;
const HEIGHT = 180;
const LEFT = 64;
const TOP = 12;
const BOTTOM = 8;
/** Steps of the curve: more than a screen has places for. */
const MAX_POINTS = 240;
const ROWS = 6;

/** The curve and the table; `note` says what is counted and what is not. */
export function renderSpendPlot(spent: readonly Spent[], note: string): Html {
  const growth = growthOf(spent);
  const last = growth.points.at(-1);
  if (!last || last.sum === 0) return html`<p class="terms">Nothing is spent yet.</p>`;
  const rows = sampleGrowth(growth, ROWS);
  const unit = growth.unit === 'usd' ? 'dollars' : 'tokens';
  return html`<figure class="spend-plot">${draw(growth, last)}
<table><caption class="hidden">Spend over time, in ${unit}</caption><thead><tr><th scope="col">Until</th><th scope="col">${unit}</th></tr></thead>
<tbody>${rows.map(({ at, sum }) => html`<tr><th scope="row">${renderTime(at)}</th><td data-label="${unit}">${showAmount(growth, sum)}</td></tr>`)}</tbody></table>
<figcaption class="terms">${note}</figcaption></figure>`;
}

function showAmount({ unit }: Growth, sum: number): string {
  if (unit === 'usd') return `$${sum.toFixed(2)}`;
  return sum < 10_000 ? String(Math.round(sum)) : `${(sum / 1000).toFixed(1)}k`;
}

function draw(growth: Growth, last: { at: number; sum: number }): Html {
  const start = growth.points[0]?.at ?? last.at;
  const length = Math.max(1, last.at - start);
  const across = (at: number): number => round(LEFT + ((WIDTH - LEFT) * (at - start)) / length);
  const up = (sum: number): number => round(HEIGHT - BOTTOM - ((HEIGHT - BOTTOM - TOP) * sum) / last.sum);
  const points = growth.points.length > MAX_POINTS ? sampleGrowth(growth, MAX_POINTS) : growth.points;
  // Each amount is a step up at its moment.
  const steps = points.map(({ at, sum }) => `H${across(at)}V${up(sum)}`).join('');
  const curve = `M${LEFT} ${up(0)}${steps}H${WIDTH}`;
  const grid = [last.sum, last.sum / 2, 0].map(
    (sum) => html`<line class="grid" x1="${LEFT}" x2="${WIDTH}" y1="${up(sum)}" y2="${up(sum)}"></line>
<text class="axis" x="${LEFT - 6}" y="${up(sum) + 4}" text-anchor="end">${showAmount(growth, sum)}</text>`,
  );
  const [from, to] = [start, last.at].map((at) => new Date(at).toISOString().slice(0, 16).replace('T', ' '));
  return html`<svg class="plot" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-labelledby="plot-title plot-words">
<title id="plot-title">Spend over time</title><desc id="plot-words">The sum grows to ${showAmount(growth, last.sum)} from ${from} to ${to} UTC, in ${growth.points.length} steps.</desc>
${grid}<path class="area" d="${curve}V${up(0)}Z"></path><path class="curve" d="${curve}"></path></svg>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

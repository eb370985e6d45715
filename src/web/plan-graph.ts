/**
 * A plan as a drawing: tasks from left to right, each after those that it depends on, with a tick for how it stands.
 * Rule: the drawing is one image with a title; the list of tasks beside it says the same in words.
 */
import { html } from 'hono/html';
import type { Plan } from '../core/plan.ts';
import { asLine, clipText, counted } from '../core/text/lines.ts';
import type { RefactorStatus } from '../core/views/status.ts';
import type { Html } from './layout.ts';

/** How tasks stand: a mark, and the words that are beside it for those who don't see it. */
const TICKS: Record<string, [mark: string, words: string]> = {
  waiting: ['○', 'waits'],
  working: ['◐', 'in work'],
  finished: ['◐', 'finished'],
  integrated: ['●', 'integrated'],
  dropped: ['–', 'left out'],
};

/** The mark and the words of a task's status. */
export function showTick(status: string): [mark: string, words: string] {
  return TICKS[status] ?? ['?', status];
}

const NODE = { width: 168, height: 46 };
const GAP = { x: 44, y: 14 };
const EDGE = 4;
/** Characters that fit into a node; what is longer is cut there, and whole in the list. */
const MAX_ID = 17;
const MAX_TITLE = 21;

interface Node {
  id: string;
  title: string;
  dependsOn: readonly string[];
  column: number;
  row: number;
}

/** The tasks with their places: a column further right than all that each depends on. */
export function placeTasks(tasks: readonly Pick<Plan['tasks'][number], 'id' | 'title' | 'dependsOn'>[]): Node[] {
  const columns = new Map<string, number>();
  const columnOf = (id: string, trail: readonly string[]): number => {
    const known = columns.get(id);
    if (known !== undefined) return known;
    const own = tasks.find((task) => task.id === id);
    // A plan with a circle is refused, and can be shown before that.
    if (!own || trail.includes(id)) return -1;
    const column = 1 + Math.max(-1, ...own.dependsOn.map((one) => columnOf(one, [...trail, id])));
    columns.set(id, column);
    return column;
  };
  const filled = new Map<number, number>();
  return tasks.map(({ id, title, dependsOn }) => {
    const column = columnOf(id, []);
    const row = filled.get(column) ?? 0;
    filled.set(column, row + 1);
    return { id, title, dependsOn, column, row };
  });
}

/** The drawing; nothing for a single task, of which the list says all. */
export function renderGraph(plan: Plan, { tasks }: Pick<RefactorStatus, 'tasks'>): Html {
  if (plan.tasks.length < 2) return html``;
  const nodes = placeTasks(plan.tasks);
  const statusOf = (id: string): string => tasks.find((task) => task.id === id)?.status ?? 'waiting';
  const width = spread(nodes, ({ column }) => column, NODE.width, GAP.x);
  const height = spread(nodes, ({ row }) => row, NODE.height, GAP.y);
  const done = nodes.filter(({ id }) => statusOf(id) === 'integrated').length;
  const edges = nodes.flatMap((node) =>
    node.dependsOn.flatMap((id) => {
      const from = nodes.find((one) => one.id === id);
      return from ? [drawEdge(from, node)] : [];
    }),
  );
  return html`<div class="graph" role="region" aria-label="The plan as a drawing" tabindex="0">
<svg width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="graph-title">
<title id="graph-title">${counted(nodes.length, 'task')}, ${done} integrated. The list below names each with what it waits for.</title>
${edges}${nodes.map((node) => drawNode(node, statusOf(node.id)))}</svg></div>`;
}

function spread(nodes: readonly Node[], place: (node: Node) => number, size: number, gap: number): number {
  const count = Math.max(...nodes.map(place)) + 1;
  return count * size + (count - 1) * gap + 2 * EDGE;
}

function cornerOf({ column, row }: Node): { x: number; y: number } {
  return { x: EDGE + column * (NODE.width + GAP.x), y: EDGE + row * (NODE.height + GAP.y) };
}

function drawEdge(from: Node, to: Node): Html {
  const [start, end] = [cornerOf(from), cornerOf(to)];
  const [x1, y1] = [start.x + NODE.width, start.y + NODE.height / 2];
  const [x2, y2] = [end.x, end.y + NODE.height / 2];
  const middle = GAP.x / 2;
  return html`<path class="edge" d="M${x1} ${y1}C${x1 + middle} ${y1} ${x2 - middle} ${y2} ${x2} ${y2}"></path>`;
}

function drawNode(node: Node, status: string): Html {
  const { x, y } = cornerOf(node);
  const [mark] = showTick(status);
  return html`<g class="node ${asLine(status)}"><rect x="${x}" y="${y}" width="${NODE.width}" height="${NODE.height}" rx="6"></rect>
<text class="node-id" x="${x + 8}" y="${y + 19}">${mark} ${clipText(asLine(node.id), MAX_ID)}</text>
<svg x="${x + 8}" y="${y + 22}" width="${NODE.width - 12}" height="20"><text class="node-title" x="0" y="14">${clipText(asLine(node.title), MAX_TITLE)}</text></svg></g>`;
}

/** A plan as a drawing: each task stands to the right of all that it depends on, and no text becomes an element. */
import { expect, test } from 'vitest';
import type { Plan } from '../../src/core/plan.ts';
import { placeTasks, renderGraph } from '../../src/web/plan-graph.ts';

const task = (id: string, ...dependsOn: string[]) => ({ id, title: `Do ${id}`, dependsOn });

test('a task stands one column after the last of those that it depends on', () => {
  const places = placeTasks([task('d', 'b', 'c'), task('a'), task('b', 'a'), task('c'), task('e', 'd')]);
  expect(places.map(({ id, column, row }) => [id, column, row])).toEqual([
    ['d', 2, 0],
    ['a', 0, 0],
    ['b', 1, 0],
    ['c', 0, 1],
    ['e', 3, 0],
  ]);
  // What a circle means is the plan's check to say; the drawing only ends.
  expect(placeTasks([task('a', 'b'), task('b', 'a')])).toHaveLength(2);
});

test('titles are texts, one edge leads from each dependency, and the ticks are those of the tasks', async () => {
  const plan = {
    summary: 's',
    tasks: [{ ...task('a'), title: '<script>x</script>' }, task('b', 'a')],
  } as unknown as Plan;
  const shown = String(await renderGraph(plan, { tasks: [{ id: 'a', status: 'integrated' }] } as never));
  expect(shown).toContain('&lt;script&gt;x&lt;/script&gt;');
  expect(shown.match(/class="edge"/g)).toHaveLength(1);
  expect(shown).toContain('2 tasks, 1 integrated.');
  expect(shown).toContain('● a');
  expect(shown).toContain('○ b');
  expect(String(await renderGraph({ ...plan, tasks: plan.tasks.slice(0, 1) }, { tasks: [] }))).toBe('');
});

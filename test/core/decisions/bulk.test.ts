import { describe, expect, test } from 'vitest';
import type { BulkInput } from '../../../src/core/decisions/bulk.ts';
import { batchMessages, readBulkInput, sumReceipts } from '../../../src/core/decisions/bulk.ts';

function problemOf(input: unknown, ...more: unknown[]): string {
  const read = readBulkInput([input, ...more]);
  return read.kind === 'bad' ? read.problem : 'none';
}

const steer: BulkInput = { verb: 'steer', query: 'CoxTeam = "blue"', input: { text: 'skip docs' } };

describe('the input of a bulk', () => {
  test('has a query or targets, and a message that a run would read', () => {
    expect(problemOf(steer)).toBe('none');
    expect(problemOf({ verb: 'pause', targets: [{ workflow: 'r1' }] })).toBe('none');
    expect(problemOf(steer, steer)).toBe('bulk takes one input, not 2');
    expect(problemOf({ ...steer, targets: [{ workflow: 'r1' }] })).toContain('either query or targets');
    expect(problemOf({ verb: 'pause' })).toContain('either query or targets');
    expect(problemOf({ ...steer, input: {} })).toContain('each: ');
    expect(problemOf({ ...steer, verb: 'fork' })).toContain('verb');
    expect(problemOf({ ...steer, input: { text: 'x', other: 1 } })).toContain('other');
    expect(problemOf({ verb: 'pause', targets: [] })).toContain('targets');
    const many = Array.from({ length: 2001 }, (_, at) => ({ workflow: `r${at}` }));
    expect(problemOf({ verb: 'pause', targets: many })).toContain('targets');
  });

  test('names in each run what was looked at, where it decides', () => {
    expect(problemOf({ verb: 'approve', query: 'x = 1' })).toContain('approve takes targets');
    const approve = (input: object): object => ({ verb: 'approve', targets: [{ workflow: 'r1', input }] });
    expect(problemOf(approve({ decision: 'plan@1' }))).toContain('r1: name the digest of what was looked at');
    expect(problemOf(approve({ decision: 'plan@1', digest: '0123456789ab' }))).toBe('none');
    const answer = (input: object): object => ({
      verb: 'answer',
      targets: [{ workflow: 'r1', input }],
      input: { text: 'x' },
    });
    expect(problemOf(answer({}))).toContain('r1: name the question');
    expect(problemOf(answer({ question: 'a/question@1' }))).toBe('none');
  });
});

describe('the messages of a bulk', () => {
  const targets = Array.from({ length: 120 }, (_, at) => ({ workflow: `r${at % 119}`, input: { to: `t${at}` } }));

  test('come in batches, each with an id of its own, the same at each attempt and another in each bulk', () => {
    const batches = batchMessages(steer, targets, 'run-1');
    expect(batches.map(({ length }) => length)).toEqual([50, 50, 20]);
    const all = batches.flat();
    expect(all.map(({ workflow, input }) => [workflow, input['text'], input['to']])).toEqual(
      targets.map(({ workflow, input }) => [workflow, 'skip docs', input.to]),
    );
    const ids = all.map(({ input }) => input['id']);
    expect(new Set(ids).size).toBe(120);
    expect(
      batchMessages(steer, targets, 'run-1')
        .flat()
        .map(({ input }) => input['id']),
    ).toEqual(ids);
    const others = batchMessages(steer, targets, 'run-2')
      .flat()
      .map(({ input }) => input['id']);
    expect(others.filter((id) => ids.includes(id))).toEqual([]);
    // A signed message is signed with its id.
    const [[own] = []] = batchMessages(steer, [{ workflow: 'r', input: { id: 'signed' } }], 'run-1');
    expect(own?.input['id']).toBe('signed');
  });

  test('add up in the result', () => {
    const receipt = { workflow: 'r', detail: '', receipt: 'x' };
    const kinds = ['applied', 'forwarded', 'refused', 'unsent'] as const;
    const receipts = kinds.map((kind) => ({ ...receipt, kind }));
    expect(sumReceipts('pause', receipts)).toEqual({ verb: 'pause', applied: 2, refused: 2, receipts });
  });
});

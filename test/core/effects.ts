/** Changes and findings as short texts, for tests of detectors. */
import type { FileChange, EffectContext } from '../../src/core/effects/detect.ts';
import { detectEffects } from '../../src/core/effects/detect.ts';

/** A change from one text to another; `null` means no file. */
export function change(
  path: string,
  oldText: string | null,
  newText: string | null,
  more: Partial<FileChange> = {},
): FileChange {
  return {
    path,
    status: oldText === null ? 'added' : newText === null ? 'deleted' : 'modified',
    ...(oldText === null ? {} : { oldText, oldMode: '100644' }),
    ...(newText === null ? {} : { newText, newMode: '100644' }),
    size: newText?.length ?? 0,
    ...more,
  };
}

/** Findings of medium and high risk, each as `risk kind path`. */
export function judge(changes: FileChange[], context: Partial<EffectContext> = {}): string[] {
  return detectEffects(changes, { paths: ['**'], task: 'Tidy up', ...context })
    .filter(({ risk }) => risk !== 'low')
    .map(({ risk, kind, path }) => `${risk} ${kind} ${path}`);
}

/**
 * The messages between a process and the small one that starts programs for it.
 * Rule: plain values, since they travel as JSON. Each child and each lock has a number that its owner chose.
 */
import type { Exit, Start } from './child.ts';

export type StarterRequest =
  /** For each end that is a stream, the small process connects to `address` and says `greeting`, its number and end. */
  | { kind: 'start'; id: number; address: string; greeting: string; start: Start }
  /** Writes the text to an end of the kind `texts`, and closes it. */
  | { kind: 'say'; id: number; descriptor: number; text: string }
  | { kind: 'kill'; id: number }
  | { kind: 'lock'; id: number; path: string }
  | { kind: 'unlock'; id: number };

export type StarterReport =
  /** It can start programs; `word` is that of its last will. */
  | { kind: 'ready'; word: string }
  | { kind: 'started'; id: number }
  /** A text from an end of the kind `texts`; null at its end. */
  | { kind: 'text'; id: number; descriptor: number; text: string | null }
  | { kind: 'exit'; id: number; exit: Exit }
  | { kind: 'locked'; id: number; isHeld: boolean }
  /** The child did not start, or the file could not be locked. */
  | { kind: 'failed'; id: number; message: string };

/**
 * An agent's conversation as people read it: what it was told and by whom, what it said, what it ran, how that ended,
 * and which files it changed; folded, or one step whole.
 * Rule: pure. Every text of a model, a repository or a person has a mark before each of its lines.
 */
import { showElapsed } from '../text/durations.ts';
import { asBlock, asLine as safe, clip, counted } from '../text/lines.ts';
import type { Entry, Item } from '../transcript.ts';

/** A checkpoint of a chain, as far as people read it. */
export interface ReadCheckpoint {
  commit: string;
  /** When it was made, in milliseconds. */
  at: number;
  entry: Entry | undefined;
  /** The subject of a commit that is no checkpoint: a person's. */
  subject: string;
  /** What it changed, such as `M src/a.ts`. */
  changed: readonly string[];
}

/** Lines that a folded text keeps at its beginning and its end, and characters of each. */
const FOLDED = { words: { head: 6, tail: 0 }, output: { head: 2, tail: 6 } };
const MAX_LINE = 200;
/** Changed files that a folded step names. */
const MAX_CHANGED = 8;

/** What to show: all steps folded, or one of them whole. */
type How = 'folded' | 'whole';

/** The step of a checkpoint: 0 for the start, null for what belongs to the step before it. */
export function stepOf({ entry }: ReadCheckpoint): number | null {
  if (entry?.kind === 'start') return 0;
  const [, step] = /^(?:think|compact|act)\/(\d+)$/.exec(entry?.key ?? '') ?? [];
  return step === undefined ? null : Number(step);
}

/** The checkpoints of one step, with what belongs to it. */
export function findStep(all: readonly ReadCheckpoint[], step: number): ReadCheckpoint[] {
  let current = 0;
  return all.filter((one) => {
    current = stepOf(one) ?? current;
    return current === step;
  });
}

/** These checkpoints as lines. */
export function showConversation(checkpoints: readonly ReadCheckpoint[], how: How): string {
  let before: number | null = null;
  const lines = checkpoints.flatMap((checkpoint) => {
    const step = stepOf(checkpoint);
    const isNew = step !== null && step !== before;
    before = step ?? before;
    return [...(isNew ? headOf(step, checkpoint) : []), ...showCheckpoint(checkpoint, how)];
  });
  return lines.join('\n');
}

function headOf(step: number, { at }: ReadCheckpoint): string[] {
  const time = new Date(at).toLocaleTimeString('sv');
  return ['', step === 0 ? `start   ${time}` : `step ${step}   ${time}`];
}

function showCheckpoint(checkpoint: ReadCheckpoint, how: How): string[] {
  const { entry, commit, subject } = checkpoint;
  const changed = showChanged(checkpoint, how);
  switch (entry?.kind) {
    case 'start':
      return quoteUnder(
        'it was told:',
        entry.items.flatMap((item) => (item.kind === 'user' ? [item.text] : [])),
        how,
      );
    case 'think':
      return [...showThink(entry, how), ...changed];
    case 'act':
      return [...showAct(entry, commit, how), ...changed];
    case 'compact':
      return [`  ${entry.replaced} earlier items were replaced by a summary, made by ${safe(entry.model)}`];
    case 'tree':
      return [`  files changed from outside: ${safe(entry.reason)} (${commit.slice(0, 10)})`, ...changed];
    default:
      return [`  a commit of a person: ${safe(subject)} (${commit.slice(0, 10)})`, ...changed];
  }
}

function showThink({ items, model, usage, steers, wheel, stop, notes = [], key }: ThinkEntry, how: How): string[] {
  const told = items.flatMap((item) => (item.kind === 'user' ? [item.text] : []));
  // The steers come first, before what our own code tells the model.
  const [read, others] = [told.slice(0, steers.length), told.slice(steers.length)];
  const said = items.flatMap((item) => {
    if (item.kind === 'call') return showCall(item, how);
    return item.kind === 'assistant' ? quoteUnder('it said:', [item.text], how) : [];
  });
  const answers = items.flatMap((item) => (item.kind === 'result' ? [item.output] : []));
  return [
    ...quoteUnder('its last call got this answer:', answers, how, 'output'),
    ...quoteUnder(`call ${key.replace('think/', '')} read what people sent:`, read, how),
    ...quoteUnder('it was told:', others, how),
    ...(wheel === undefined ? [] : [`  it went on from a person's commit ${wheel.slice(0, 10)}`]),
    ...said,
    ...(stop === undefined || stop === 'complete' ? [] : [`  the response ended early: ${stop}`]),
    ...notes.map((note) => `  note: ${safe(note)}`),
    ...(how === 'whole' ? [`  by ${safe(model)}: ${usage.inputTokens} tokens in, ${usage.outputTokens} out`] : []),
  ];
}

type ThinkEntry = Extract<Entry, { kind: 'think' }>;

/** Foreign texts under a line of ours; nothing where there is no text. */
function quoteUnder(title: string, texts: readonly string[], how: How, as: keyof typeof FOLDED = 'words'): string[] {
  return texts.length === 0 ? [] : [`  ${title}`, ...texts.flatMap((text) => quote(text, how, as))];
}

/** A step in one line each: what the model wanted, how that ended, and which files it changed. */
export interface StepRow {
  step: number;
  does: string;
  ended: string;
  changed: string[];
}

/** The steps of a chain, the oldest first. */
export function listSteps(all: readonly ReadCheckpoint[]): StepRow[] {
  const steps = [...new Set(all.flatMap((one) => stepOf(one) ?? []))];
  return steps.map((step) => {
    const own = findStep(all, step);
    const calls = own.flatMap(
      ({ entry }) => entry?.items.flatMap((item) => (item.kind === 'call' ? [item] : [])) ?? [],
    );
    const ends = own.flatMap(({ entry }) => (entry?.kind === 'act' ? [describeEnd(entry)] : []));
    const does = calls.map((item) => wordsOf(item)).join('; ');
    const changed = own.flatMap((one) => one.changed);
    return { step, does: step === 0 ? 'the start' : does, ended: ends.join('; '), changed };
  });
}

/** A call in words: a command as its line, any other tool by its name. */
function wordsOf({ tool, arguments: text }: Extract<Item, { kind: 'call' }>): string {
  const { command, summary, question, reason } = parseFields(text);
  if (typeof command === 'string') return `$ ${command}`;
  const words = [summary, question, reason].find((one) => typeof one === 'string');
  return words === undefined ? tool : `${tool}: ${words}`;
}

/** A call with its arguments: a command as its line, any other tool by its name. */
function showCall({ tool, arguments: text }: Extract<Item, { kind: 'call' }>, how: How): string[] {
  const fields = parseFields(text);
  const { command, patch, summary, question, reason } = fields;
  if (typeof command === 'string')
    return command.includes('\n') ? ['  $', ...quote(command, how)] : [`  $ ${safe(command)}`];
  const words = [patch, summary, question, reason].find((one) => typeof one === 'string');
  return [`  calls ${safe(tool)}:`, ...quote(words ?? JSON.stringify(fields, null, 2), how)];
}

function parseFields(text: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(text)) as Record<string, unknown>;
  } catch {
    return { arguments: text };
  }
}

function showAct(entry: Extract<Entry, { kind: 'act' }>, commit: string, how: How): string[] {
  const { outputBytes, decision, items } = entry;
  const facts = `  → ${safe(describeEnd(entry))}, allowed by ${safe(decision.by)} (${commit.slice(0, 10)})`;
  const output = items.flatMap((item) => (item.kind === 'result' ? [withoutEnd(item.output)] : []));
  const whole = how === 'whole' && outputBytes > 0 ? [`  output, ${outputBytes} bytes:`] : [];
  return [facts, ...whole, ...output.flatMap((text) => (text === '' ? [] : quote(text, how, 'output')))];
}

/** How a call ended, and how long it took. */
function describeEnd({ exitCode, signal, durationMs }: Extract<Entry, { kind: 'act' }>): string {
  const end = exitCode === null ? (signal ?? 'no exit status') : `exit status ${exitCode}`;
  return `${end}, ${showDuration(durationMs)}`;
}

function showDuration(ms: number): string {
  return ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : showElapsed(ms);
}

/** The output without its first line, which says for the model how the command ended. */
function withoutEnd(output: string): string {
  const at = output.indexOf('\n');
  return at < 0 ? '' : output.slice(at + 1).trimEnd();
}

function showChanged({ changed }: ReadCheckpoint, how: How): string[] {
  if (changed.length === 0) return [];
  const most = how === 'whole' ? changed.length : MAX_CHANGED;
  const more = changed.length > most ? `, … ${changed.length - most} more` : '';
  return [`  changed ${changed.slice(0, most).map(safe).join(', ')}${more}`];
}

/** A foreign text with marks; folded, it keeps its beginning and end, and says how many lines are left out. */
function quote(text: string, how: How, as: keyof typeof FOLDED = 'words'): string[] {
  const lines = text.split(/\r?\n/);
  const { head, tail } = FOLDED[as];
  if (how === 'whole') return [asBlock(lines.join('\n'), '    ')];
  const short = (line: string): string => {
    const { kept, left } = clip(line, MAX_LINE);
    return asBlock(left > 0 ? `${kept}…` : kept, '    ');
  };
  if (lines.length <= head + tail + 1) return lines.map(short);
  const left = lines.length - head - tail;
  const end = tail > 0 ? lines.slice(-tail) : [];
  return [...lines.slice(0, head).map(short), `    … ${counted(left, 'line')} more`, ...end.map(short)];
}

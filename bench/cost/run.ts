/**
 * `npm run bench:cost`: the cost of a command, a checkpoint, a hydration and an act, as ratios to plain tools.
 * Rule: both parts of a ratio come from the same rounds, and a missed target is printed as missed.
 * Flags: `--rounds <n>`; fewer than 40 write no result.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, homedir, loadavg, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { ActivityContext } from '../../src/activities/attempt/context.ts';
import { findBubblewrap } from '../../src/sandbox/bubblewrap/find-bubblewrap.ts';
import { interleave } from './interleave.ts';
import type { Subject, Timing } from './interleave.ts';
import { memoryGroupSubject } from './memory-group.ts';
import type { MeasuredRepository } from './repository.ts';
import { git, makePlainCheckout, makeRepository } from './repository.ts';
import { sealShare, sealSubject } from './seal-subject.ts';
import {
  actSubject,
  checkpointSubject,
  commandSubject,
  hydrateSubject,
  plainActSubject,
  plainCheckoutSubject,
  plainCommandSubject,
  plainCommitSubject,
} from './subjects.ts';

const MIN_ROUNDS = 40;
const [SMALL, LARGE] = [100, 50_000];
const RESULT = new URL('../results/cost.md', import.meta.url).pathname;

/** A ratio of two subjects, and its upper bound; `Infinity` if it is only shown for information. */
interface Ratio {
  what: string;
  of: string;
  to: string;
  most: number;
}

const ours = (what: string, files: number): string => `${what}, ${files.toLocaleString('en')} files`;
const plainCommand = 'plain bwrap --unshare-all --ro-bind / / true';
const memoryGroup = 'moving a process into a memory control group';
const plainCommit = `git add -A, write-tree, commit-tree, ${LARGE.toLocaleString('en')} files`;
const plainCheckout = `git checkout, ${LARGE.toLocaleString('en')} files`;
const plainAct = `plain bwrap, the three git commands and update-ref, ${LARGE.toLocaleString('en')} files`;

const seals = 'sealing and verifying all payloads of a step';

const RATIOS: readonly Ratio[] = [
  { what: 'one command, to plain bubblewrap', of: ours('command', LARGE), to: plainCommand, most: 2 },
  { what: 'a memory control group, to plain bubblewrap', of: memoryGroup, to: plainCommand, most: Infinity },
  { what: 'checkpoint, large to small', of: ours('checkpoint', LARGE), to: ours('checkpoint', SMALL), most: 1.3 },
  { what: 'checkpoint, to plain git', of: ours('checkpoint', LARGE), to: plainCommit, most: 0.25 },
  { what: 'hydration, large to small', of: ours('hydration', LARGE), to: ours('hydration', SMALL), most: 1.3 },
  { what: 'hydration, to plain git’s commit', of: ours('hydration', LARGE), to: plainCommit, most: 0.25 },
  { what: 'hydration, to plain git’s checkout', of: ours('hydration', LARGE), to: plainCheckout, most: Infinity },
  { what: 'act, large to small', of: ours('act', LARGE), to: ours('act', SMALL), most: Infinity },
  { what: 'act, to plain tools', of: ours('act', LARGE), to: plainAct, most: Infinity },
  { what: 'the seal of a step, to an act', of: seals, to: ours('act', SMALL), most: 0.03 },
];

const { values } = parseArgs({ options: { rounds: { type: 'string', default: String(MIN_ROUNDS) } } });
const rounds = Number(values.rounds);
const parent = mkdtempSync(join(tmpdir(), 'coxswain-cost-'));
try {
  const { timings, bubblewrap } = await measure();
  const report = describe(timings, bubblewrap);
  console.log(report);
  if (rounds >= MIN_ROUNDS) {
    mkdirSync(join(RESULT, '..'), { recursive: true });
    writeFileSync(RESULT, report);
    console.log('written to bench/results/cost.md');
  }
} finally {
  rmSync(parent, { recursive: true, force: true });
}

async function measure(): Promise<{ timings: Map<string, Timing>; bubblewrap: string }> {
  const cacheDir = join(homedir(), '.cache', 'coxswain', 'bench');
  const found = await findBubblewrap({ cacheDir });
  if (found.kind === 'missing') throw new Error(`no bubblewrap: ${found.tried.join('; ')}. ${found.remedy}`);
  const isolation = { kind: 'bwrap', path: found.path } as const;
  const small = await makeRepository(parent, { files: SMALL, isolation });
  const large = await makeRepository(parent, { files: LARGE, isolation });
  const groups = await listSubjects(found.path, small, large);
  const timings = new Map<string, Timing>();
  for (const group of groups) {
    for (const [name, timing] of await interleave(group, rounds)) timings.set(name, timing);
  }
  for (const { workspaces } of [small, large]) await workspaces.close();
  return { timings, bubblewrap: found.version };
}

/** Groups of subjects that are measured in the same rounds. */
async function listSubjects(
  bubblewrap: string,
  small: MeasuredRepository,
  large: MeasuredRepository,
): Promise<Subject[][]> {
  const checkout = makePlainCheckout(parent, large);
  const both = [small, large];
  const each = async (
    what: string,
    make: (name: string, repository: MeasuredRepository) => Promise<Subject>,
  ): Promise<Subject[]> =>
    await Promise.all(both.map(async (repository) => await make(ours(what, repository.files), repository)));
  return [
    [
      ...(await each('command', commandSubject)),
      plainCommandSubject(plainCommand, bubblewrap),
      ...[memoryGroupSubject(memoryGroup)].filter((subject) => subject !== undefined),
    ],
    [
      ...(await each('checkpoint', checkpointSubject)),
      ...(await each('hydration', hydrateSubject)),
      plainCommitSubject(plainCommit, checkout, large),
      plainCheckoutSubject(plainCheckout, checkout),
    ],
    [
      ...(await each('act', async (name, repository) => await actSubject(name, contextOf(repository), repository))),
      plainActSubject(plainAct, bubblewrap, checkout, large),
      sealSubject(seals),
    ],
  ];
}

/** The part of an activity context that `act` uses. */
function contextOf({ store, workspaces }: MeasuredRepository): ActivityContext {
  const asked: Partial<ActivityContext> = {
    stateDir: parent,
    host: 'bench',
    hub: store.dir,
    remoteEnvironment: {},
    isolation: 'bwrap',
    workspaces,
  };
  return asked as ActivityContext;
}

function describe(timings: ReadonlyMap<string, Timing>, bubblewrap: string): string {
  const ms = (value: number): string => value.toFixed(1);
  const versions = `bubblewrap ${bubblewrap}, ${git('/', ['--version']).trim()}, Node ${process.versions.node}`;
  const load = loadavg()
    .map((value) => value.toFixed(1))
    .join(', ');
  const ratios = RATIOS.map(({ what, of, to, most }) => {
    const ratio = (timings.get(of)?.medianMs ?? Number.NaN) / (timings.get(to)?.medianMs ?? Number.NaN);
    if (Number.isNaN(ratio)) return `| ${what} | can’t be had here |  |  |`;
    const verdict = most === Infinity ? '' : ratio <= most ? 'met' : '**missed**';
    return `| ${what} | ${ratio.toFixed(2)} | ${most === Infinity ? '' : `at most ${most}`} | ${verdict} |`;
  });
  const rows = [...timings].map(([name, { medianMs, p90Ms }]) => `| ${name} | ${ms(medianMs)} | ${ms(p90Ms)} |`);
  return [
    '# What a step costs',
    '',
    `Made by \`npm run bench:cost\`: medians of ${rounds} rounds, in each of which everything of a group ran once.`,
    `Linux ${release()}, ${cpus().length} cores, ${versions}. Load average at the end: ${load}.`,
    '',
    '| ratio | measured | target | |',
    '|---|---:|---:|---|',
    ...ratios,
    `| bytes of seals, to the other bytes of a step in the history | ${sealShare().toFixed(2)} | at most 0.1 | ${sealShare() <= 0.1 ? 'met' : '**missed**'} |`,
    '',
    '| work | median ms | 90 % within ms |',
    '|---|---:|---:|',
    ...rows,
    '',
  ].join('\n');
}

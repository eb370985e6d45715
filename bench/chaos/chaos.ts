/**
 * A whole chaos run of one seed: its own fleet, one undisturbed refactor, then others one after another until all
 * disturbances have happened.
 * Rule: all refactors are compared with the undisturbed one, which is checked in the same way.
 */
import { mkdir, rm } from 'node:fs/promises';
import { connectClient } from '../../src/client/connect.ts';
import { bundleWorkflows } from '../../src/stack/bundle-workflows.ts';
import type { Hit } from './disturb.ts';
import type { Findings } from './findings.ts';
import { createFindings } from './findings.ts';
import type { Fleet } from './fleet.ts';
import { startFleet, workerNames } from './fleet.ts';
import { makeGround } from './ground.ts';
import type { RefactorRun, Stage } from './refactor-run.ts';
import { runRefactor } from './refactor-run.ts';
import { makeSchedule } from './schedule.ts';
import type { ScriptedModel } from './scripted-model.ts';
import { startScriptedModel } from './scripted-model.ts';
import type { Watch } from './watch.ts';
import { watchFleet } from './watch.ts';

export interface ChaosOptions {
  /** Number of disturbances in all. */
  kills: number;
  seed: number;
  /** Most disturbances of one refactor, so that it can end. */
  mostPerRefactor?: number;
  temporalPath: string;
  say: (line: string) => void;
  /** Whether to leave the run's folder on the disk. */
  keep?: boolean;
}

export interface ChaosResult {
  seed: number;
  refactors: RefactorRun[];
  hits: Hit[];
  findings: Findings;
}

const MOST_PER_REFACTOR = 10;
/** A bound that is never reached: each refactor takes up to ten disturbances. */
const MOST_REFACTORS_PER_KILL = 1;

/** Runs one seed and returns its findings; a broken promise is a finding, never an exception. */
export async function runChaos(options: ChaosOptions): Promise<ChaosResult> {
  const folder = await makeGround();
  const { seed, say } = options;
  let watch: Watch | undefined;
  let fleet: Fleet | undefined;
  const model: ScriptedModel = await startScriptedModel(workerNames('model'), ({ worker }) =>
    watch?.saw(
      'think',
      fleet?.workers.find(({ name }) => name === worker),
    ),
  );
  const taskQueue = `chaos-${seed}`;
  const { temporalPath } = options;
  await mkdir(folder, { recursive: true });
  try {
    fleet = await startFleet({ folder, temporalPath, taskQueue, modelUrlOf: (worker) => model.urlOf(worker) });
    watch = await watchFleet(fleet);
    const connected = await connectClient({ address: fleet.address, namespace: 'default' });
    const { client } = connected;
    const bundle = await bundleWorkflows();
    const stage: Stage = { client, fleet, model, watch, bundle, findings: createFindings(), hits: [], say, spent: 0 };
    const refactors = await runAll(stage, options);
    await connected.close();
    return { seed, refactors, hits: stage.hits, findings: stage.findings };
  } finally {
    watch?.close();
    await fleet?.close();
    await model.close();
    if (options.keep) say(`kept ${folder}`);
    else await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function runAll(stage: Stage, options: ChaosOptions): Promise<RefactorRun[]> {
  const { seed, kills, mostPerRefactor = MOST_PER_REFACTOR } = options;
  const { findings, fleet } = stage;
  const queue = makeSchedule(seed, kills);
  const calm = await runRefactor(stage, { id: `calm-${seed}`, seed, queue: [], most: 0, tree: undefined });
  tell(stage, calm, 0);
  const refactors = [calm];
  for (let number = 1; queue.length > 0 && number <= kills * MOST_REFACTORS_PER_KILL; number += 1) {
    const id = `chaos-${seed}-${number}`;
    const before = stage.hits.length;
    const run = await runRefactor(stage, {
      id,
      seed: seed * 1000 + number,
      queue,
      most: mostPerRefactor,
      tree: calm.tree,
    });
    refactors.push(run);
    tell(stage, run, stage.hits.length - before);
  }
  for (const text of refactors.at(-1)?.caches ?? []) stage.say(`  in a cache: ${text}`);
  findings.look('processes', fleet.workers.length);
  for (const accident of fleet.accidents) {
    findings.broke('processes', 'fleet', accident);
    stage.say(`  BROKEN processes: ${accident}`);
  }
  return refactors;
}

function tell({ findings, say }: Stage, run: RefactorRun, blows: number): void {
  const broken = findings.broken.filter(({ refactor }) => refactor === run.id);
  const { asked, inVain } = run.model;
  say(
    `${run.id}: ${blows} blows, ${run.seconds} s, ${asked} model calls, ${inVain} in vain, ${broken.length} breaches`,
  );
  for (const { promise, text } of broken) say(`  BROKEN ${promise}: ${text}`);
}

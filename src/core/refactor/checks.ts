/**
 * What a refactor does after the checks of its integration branch: if they are green, it asks for the delivery; if red,
 * an agent repairs them, then a person decides.
 * Rule: a delivery is asked for only after exactly its commit was checked, and after all steers have reached an agent.
 */
import { showRed, workOnSteers } from './changes.ts';
import { digestValue } from '../digest.ts';
import { describeRed, findCounting, findRed } from '../evidence.ts';
import { openDecision } from '../decisions/open-decisions.ts';
import { createExtra, endRefactor, integrationChecksOf, log, MAX_REPAIR_ROUNDS } from './work.ts';
import { countGreen, openDelivery } from './gates.ts';
import type { RefactorEvent, RefactorState } from './state.ts';

/** Applies the results of the checks on the integration branch. */
export function takeEvidence(before: RefactorState, event: Extract<RefactorEvent, { kind: 'checked' }>): RefactorState {
  const { evidence, commit, at } = event;
  const state: RefactorState = { ...before, evidence, evidenceFor: commit, phase: 'checking' };
  const red = findCounting(evidence);
  if (commit === state.prepared?.commit) {
    return endRefactor(state, at, {
      kind: 'failed',
      type: 'NothingChanged',
      reason: 'the tasks of the plan changed nothing',
    });
  }
  if (red.length === 0 || state.redAccepted) {
    const judged = log(state, at, countGreen(state));
    return workOnSteers(judged, at) ?? openDelivery(judged, at, commit);
  }
  const names = red.map(({ command }) => command).join(', ');
  if (state.repairs < MAX_REPAIR_ROUNDS) return startRepair(log(state, at, `red: ${names}`), red);
  const steered = workOnSteers(state, at);
  if (steered) return steered;
  const rejected = state.rejectsForChanges ? 'reject with a note to have an agent work on them' : 'reject to end';
  const about = `checks are red after ${state.repairs} rounds of repair: ${names}. Approve to go on to delivery with them red; ${rejected}.\n${red[0] ? describeRed(red[0]) : ''}`;
  return {
    ...state,
    control: openDecision(state.control, at, { kind: 'checks', about, digest: digestValue(evidence) }),
  };
}

/** Red checks on the integrated tree become work for one more agent. */
function startRepair(state: RefactorState, red: RefactorState['evidence']): RefactorState {
  const round = state.repairs + 1;
  const instructions = `The checks are red on the integrated work of all tasks. Make them green without weakening them.\n\n${showRed(red)}`;
  const paths = [...new Set(state.tasks.flatMap(({ task }) => task.paths))];
  const extra = createExtra(
    'repair',
    { id: `repair-${round}`, title: 'Make the checks green', instructions },
    paths,
    integrationChecksOf(state),
  );
  // After a repair that changes nothing the checks run once more; otherwise nothing would end the wait.
  const judged = state.rejectsForChanges ? { evidenceFor: null } : {};
  return { ...state, repairs: round, phase: 'working', extra, ...judged };
}

/**
 * Accepts checks that are red on the base: nobody has to repair them while they stay red in the same way. The report
 * says who accepted them.
 */
export function acceptBaseline(state: RefactorState, by: string): RefactorState {
  const red = findRed(state.prepared?.evidence ?? []).map(({ command }) => command);
  const deviations = [...state.deviations, `${by} accepted what is red on the base: ${red.join(', ')}`];
  return { ...state, baselineAccepted: true, deviations };
}

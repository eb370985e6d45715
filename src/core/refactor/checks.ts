/**
 * What a refactor does with the checks of its line: green, on to the delivery; red, work for one more agent, then a
 * person's decision.
 * Rule: a delivery is only asked for after its very commit was checked, and after whoever steered was heard.
 */
import { showRed, workOnSteers } from './changes.ts';
import { digestValue } from '../digest.ts';
import { describeRed, findCounting, findRed } from '../evidence.ts';
import { openDecision } from '../decisions/open-decisions.ts';
import { createExtra, endRefactor, lineChecksOf, log, MAX_REPAIRS } from './work.ts';
import { countGreen, openDelivery } from './gates.ts';
import type { RefactorEvent, RefactorState } from './state.ts';

/** Takes in what the checks of the line say. */
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
  if (state.repairs < MAX_REPAIRS) return startRepair(log(state, at, `red: ${names}`), red);
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
    lineChecksOf(state),
  );
  // A repair that changes nothing has the checks run once more, so that its end is never waited for.
  const judged = state.rejectsForChanges ? { evidenceFor: null } : {};
  return { ...state, repairs: round, phase: 'working', extra, ...judged };
}

/** Checks that stay red in the same way as on the base are nobody's to mend; the report says who said so. */
export function acceptBaseline(state: RefactorState, by: string): RefactorState {
  const red = findRed(state.prepared?.evidence ?? []).map(({ command }) => command);
  const deviations = [...state.deviations, `${by} accepted what is red on the base: ${red.join(', ')}`];
  return { ...state, baselineAccepted: true, deviations };
}

/**
 * Limits of model calls that the configuration and the workflows both need.
 * Rule: an activity's timeout is longer than all model calls in it can take, so that our own limits end a call first.
 */

/** The longest time for one model call that can be configured, in seconds. */
export const MAX_MODEL_SECONDS = 7200;
/** Most model calls in one activity: three for a summary, one for the response, one in reserve. */
const MAX_CALLS = 5;
/** `startToCloseTimeout` of activities that call a model, in milliseconds. A dead worker is noticed by heartbeats. */
export const MODEL_ACTIVITY_MS = MAX_CALLS * MAX_MODEL_SECONDS * 1000;

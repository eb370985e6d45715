/**
 * Shows people what a model says while it says it: the newest words of each call, in the activity's heartbeats.
 * Rule: it only looks. The response counts as the model's adapter returns it.
 */
import type { Model } from '../../model/call-model.ts';
import type { Screen } from '../attempt/heartbeats.ts';
import { LiveStage } from '../attempt/live-output.ts';

/** The same model, whose calls are shown on the screen. */
export function showCalls(model: Model, screen: Screen): Model {
  return {
    ...model,
    call: async (request) => {
      const live = new LiveStage('model');
      screen.show(live);
      let before: string | undefined;
      return await model.call({
        ...request,
        onProgress: (event) => {
          // Text, reasoning and a call are lines of their own.
          const isOther = before !== undefined && before !== event.kind;
          before = event.kind;
          live.write(Buffer.from(isOther ? `\n${event.delta}` : event.delta));
          request.onProgress?.(event);
        },
      });
    },
  };
}

/**
 * A program of its own: lets Temporal's SDK download its development server into the folder given as the argument.
 * Rule: it runs apart from us because the SDK's download can't be cancelled; whoever starts it ends it when it stalls.
 */
import { TestWorkflowEnvironment } from '@temporalio/testing';

const [downloadDir] = process.argv.slice(2);
try {
  if (!downloadDir) throw new Error('usage: sdk-download <folder>');
  // The SDK downloads only on the way to starting a server; the start also shows that the program runs.
  const environment = await TestWorkflowEnvironment.createLocal({
    server: { executable: { type: 'cached-download', downloadDir } },
  });
  await environment.teardown();
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  // Its causes repeat the address twice before they come to the point.
  console.error(message.split(/: (?=client error|dns error)/).at(-1));
  process.exitCode = 1;
}

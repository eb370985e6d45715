/**
 * A separate program: lets Temporal's SDK download its development server into the folder given as the argument.
 * Rule: the SDK's download can't be cancelled, so it runs in this process, which its parent kills when it stalls.
 */
import { TestWorkflowEnvironment } from '@temporalio/testing';

const [downloadDir] = process.argv.slice(2);
try {
  if (!downloadDir) throw new Error('usage: sdk-download <folder>');
  // The SDK downloads only when it starts a server. The start also shows that the program runs.
  const environment = await TestWorkflowEnvironment.createLocal({
    server: { executable: { type: 'cached-download', downloadDir } },
  });
  await environment.teardown();
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  // The error's causes repeat the address twice before the reason.
  console.error(message.split(/: (?=client error|dns error)/).at(-1));
  process.exitCode = 1;
}

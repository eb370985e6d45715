/**
 * A Temporal server of a test's own that asks runs to continue as new every few steps.
 * Rule: it ends with its test.
 */
import { execa } from 'execa';
import { inject, onTestFinished } from 'vitest';
import { connectClient } from '../../src/client/connect.ts';
import { SEARCH_ATTRIBUTES } from '../../src/core/search-attributes.ts';
import { findFreePort } from '../../src/stack/ports.ts';

/** So few events that a run hardly does anything in between. */
const SUGGEST_AT = 'limit.historyCount.suggestContinueAsNew=60';

/** Starts it and gives its address. */
export async function startForgetfulServer(): Promise<string> {
  const port = await findFreePort();
  const attributes = Object.entries(SEARCH_ATTRIBUTES).flatMap(([name, type]) => [
    '--search-attribute',
    `${name}=${type}`,
  ]);
  const place = ['--headless', '--ip', '127.0.0.1', '--port', String(port)];
  const args = ['server', 'start-dev', ...place, ...attributes, '--dynamic-config-value', SUGGEST_AT];
  const server = execa(inject('temporalPath'), args, { reject: false, stdio: 'ignore' });
  onTestFinished(() => void server.kill('SIGKILL'));
  const address = `127.0.0.1:${port}`;
  for (const deadline = Date.now() + 30_000; ; ) {
    const connected = await connectClient({ address, namespace: 'default' }).catch(() => undefined);
    if (connected) {
      await connected.close();
      return address;
    }
    if (Date.now() > deadline) throw new Error('the server did not start');
  }
}

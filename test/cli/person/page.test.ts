/** A long text at a terminal: in the person's pager, whatever that does. `script` is the terminal. */
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { ROOT } from '../../tidy/source-files.ts';

/** What stands on the terminal after a program has paged a text and said a last word. */
async function pageIn(pager: string): Promise<string> {
  const program = `const { page } = await import(${JSON.stringify(`${ROOT}src/cli/person/page.ts`)});
    await page('the text\\n'); console.log('the last word');`;
  const command = `"$NODE" --input-type=module --eval "$PROGRAM"`;
  const env = { NODE: process.execPath, PROGRAM: program, GIT_PAGER: pager };
  const { stdout } = await execa('script', ['-qec', command, '/dev/null'], { env, input: '', reject: false });
  return stdout;
}

test('a pager that can not be started leaves the text on the terminal', async () => {
  const shown = await pageIn('no-such-pager');
  expect(shown).toMatch(/not found[^]*the text[^]*the last word/);
});

test('Ctrl-C in the pager is for the pager: the program goes on when the pager ends', async () => {
  // As the terminal does it: the signal goes to the whole foreground group.
  const shown = await pageIn(`trap '' INT; kill -INT 0; cat`);
  expect(shown).toMatch(/the text[^]*the last word/);
});

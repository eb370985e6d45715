/**
 * What a web page can do through the pages that `cox up` serves on loopback.
 * Rule: a page whose name was rebound to loopback may read responses and cookies, and set any header.
 */
import { readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import type { GroundCase, Stack } from '../case.ts';
import { ending, needs, newId, settle, start, work } from '../acts.ts';

interface Asked {
  method?: string;
  headers?: Record<string, string>;
  body?: unknown;
}

async function ask(
  url: URL,
  { method = 'GET', headers = {}, body }: Asked,
): Promise<{ status: number; text: string; cookie: string }> {
  return await new Promise((resolve) => {
    const options = { host: url.hostname, port: url.port, path: url.pathname, method, headers, timeout: 5000 };
    const sent = request(options, (answer) => {
      let text = '';
      answer.on('data', (part) => (text += String(part)));
      answer.on('end', () => {
        const cookie = (answer.headers['set-cookie']?.[0] ?? '').split(';')[0] ?? '';
        resolve({ status: answer.statusCode ?? 0, text, cookie });
      });
    });
    sent.on('error', (error) => resolve({ status: 0, text: String(error), cookie: '' }));
    sent.on('timeout', () => sent.destroy());
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

async function pages(stack: Stack): Promise<string> {
  const { uiUrl } = JSON.parse(await readFile(join(stack.stateDir, 'stack.json'), 'utf8')) as { uiUrl?: string };
  if (!uiUrl) throw new Error('no page is served');
  return uiUrl;
}

export const webPages: GroundCase[] = [
  {
    name: "a rebound page can't end a run with the token that the pages hand out",
    against: 'a web page',
    about:
      'The page reads the cookie that guards against forged requests, then sends it with a signal and a termination.',
    attempt: async (ground) => {
      const stack = await ground.stack({ script: work('echo new > a/new.txt') });
      const handle = await start(stack, { repository: await ground.repository() });
      await settle(handle, needs('plan@1'));
      const own = { host: 'attacker.example', origin: 'http://attacker.example' };
      const ui = await pages(stack);
      const { status: read, cookie } = await ask(new URL('/api/v1/settings', ui), { headers: own });
      const token = { cookie, 'x-csrf-token': cookie.replace('_csrf=', '') };
      const says: number[] = [];
      for (const verb of ['signal/stop', 'terminate', 'cancel']) {
        for (const base of ['/api/v1', '']) {
          const path = `${base}/namespaces/default/workflows/${handle.workflowId}/${verb}`;
          const headers = { ...own, ...token, 'content-type': 'text/plain' };
          says.push((await ask(new URL(path, ui), { method: 'POST', headers, body: {} })).status);
        }
      }
      const status = await settle(handle, (now) => now['state'] === 'stopped', 3000);
      const end = await ending(handle, 0);
      const held = end === 'RUNNING' && status['state'] !== 'stopped';
      return { held, saw: `the run is ${end}; the token was answered ${read}, the posts ${says.join(' ')}` };
    },
  },
  {
    name: "a rebound page can't read what runs are about",
    against: 'a web page',
    about: 'Goals and results stand in the list of workflows, which a page with its own name for loopback would read.',
    attempt: async (ground) => {
      const stack = await ground.stack({ script: work('echo new > a/new.txt') });
      const id = newId();
      await settle(await start(stack, { repository: await ground.repository() }, id), needs('plan@1'));
      const headers = { host: 'attacker.example', origin: 'http://attacker.example' };
      const url = new URL('/api/v1/namespaces/default/workflows', await pages(stack));
      const { status, text } = await ask(url, { headers });
      return { held: !text.includes(id), saw: `answered ${status}, ${text.includes(id) ? 'with' : 'without'} the run` };
    },
  },
  {
    name: 'the pages that the person opens still list the runs',
    against: 'a web page',
    about: 'The control: the same list under the name that `cox up` prints.',
    attempt: async (ground) => {
      const stack = await ground.stack({ script: work('echo new > a/new.txt') });
      const id = newId();
      await settle(await start(stack, { repository: await ground.repository() }, id), needs('plan@1'));
      const url = new URL('/api/v1/namespaces/default/workflows', await pages(stack));
      const { status, text } = await ask(url, {});
      return { held: text.includes(id), saw: `answered ${status}, ${text.includes(id) ? 'with' : 'without'} the run` };
    },
  },
];

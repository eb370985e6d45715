/**
 * What a web page can do while `cox up` runs: it can send simple requests to any port of loopback.
 * Rule: a page can't read responses, and sets only headers that need no preflight; a case looks at what it changed.
 */
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import type { Ground, GroundCase, Stack, Verdict } from '../case.ts';
import { approve, newId, settle, start, work } from '../acts.ts';

/** Ports of loopback on which a process of the stack's group listens. */
function listeningPorts(): number[] {
  const lines = readFileSync('/proc/net/tcp', 'utf8').split('\n').slice(1);
  return lines.flatMap((line) => {
    const [, local = '', , state] = line.trim().split(/\s+/);
    return state === '0A' ? [Number.parseInt(local.split(':')[1] ?? '', 16)] : [];
  });
}

/** A POST as a page sends it without a preflight; returns the status, or 0 without a response. */
async function post(port: number, path: string, body: unknown, host?: string): Promise<number> {
  return await new Promise((resolve) => {
    const headers = { 'content-type': 'text/plain', origin: 'http://attacker.example', ...(host ? { host } : {}) };
    const sent = request({ host: '127.0.0.1', port, path, method: 'POST', headers, timeout: 3000 }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    sent.on('error', () => resolve(0));
    sent.on('timeout', () => sent.destroy());
    sent.end(JSON.stringify(body));
  });
}

async function postEverywhere(path: string, body: unknown, host?: string): Promise<string> {
  const ports = [...new Set(listeningPorts())];
  const answers = await Promise.all(ports.map(async (port) => await post(port, path, body, host)));
  return `answers: ${[...new Set(answers)].join(' ')}`;
}

function payload(value: unknown): object {
  const encode = (text: string): string => Buffer.from(text).toString('base64');
  return { metadata: { encoding: encode('json/plain') }, data: encode(JSON.stringify(value)) };
}

async function startByPage(ground: Ground, stack: Stack, host?: string): Promise<Verdict> {
  const id = newId();
  const input = { repository: await ground.repository(), goal: 'do it' };
  const body = {
    workflowType: { name: 'refactor' },
    taskQueue: { name: stack.taskQueue },
    input: { payloads: [payload(input)] },
  };
  const saw = await postEverywhere(`/namespaces/default/workflows/${id}`, body, host);
  const found = await stack.client.workflow
    .getHandle(id)
    .describe()
    .then(
      () => true,
      () => false,
    );
  return { held: !found, saw: found ? 'a refactor was started' : `no refactor; ${saw}` };
}

export const web: GroundCase[] = [
  {
    name: "a web page can't start a refactor",
    against: 'a web page',
    about: "The development server's HTTP API takes a text/plain POST, which needs no preflight.",
    attempt: async (ground) => await startByPage(ground, await ground.stack()),
  },
  {
    name: "a page under a name that was rebound to loopback can't start a refactor",
    against: 'a web page',
    about: 'DNS rebinding makes a page same-origin with loopback; only the Host header tells.',
    attempt: async (ground) => await startByPage(ground, await ground.stack(), 'attacker.example'),
  },
  {
    name: "a web page can't approve a plan",
    against: 'a web page',
    about: 'An update by the HTTP API is a decision.',
    attempt: async (ground) => {
      const stack = await ground.stack({ script: work('echo new > a/new.txt') });
      const handle = await start(stack, { repository: await ground.repository() });
      await settle(handle, ({ needs }) => (needs ?? []).length > 0);
      const input = { name: 'approve', args: { payloads: [payload({ decision: 'plan@1', by: 'a page' })] } };
      const path = `/namespaces/default/workflows/${handle.workflowId}/update/approve`;
      const saw = await postEverywhere(path, { request: { input, meta: { updateId: 'u' } } });
      const { needs } = await settle(handle, () => true);
      const isOpen = (needs ?? []).some(({ id }: { id: string }) => id === 'plan@1');
      return { held: isOpen, saw: isOpen ? `plan@1 is still open; ${saw}` : 'plan@1 was decided' };
    },
  },
  {
    name: 'the person at the terminal can still approve',
    against: 'a web page',
    about: 'The control: the same update by gRPC counts.',
    attempt: async (ground) => {
      const stack = await ground.stack({ script: work('echo new > a/new.txt') });
      const handle = await start(stack, { repository: await ground.repository() });
      const answer = (await approve(handle, 'plan@1')) as { kind: string };
      return { held: answer.kind === 'applied', saw: `plan@1 ${answer.kind}` };
    },
  },
];

/**
 * The part of GitHub's API that opens pull requests, as a real HTTP server.
 * Rule: it answers as GitHub does, also where it refuses; what it holds is what was asked of it.
 */
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import type { GitHub } from '../../src/github/pull-request.ts';

interface Pull {
  number: number;
  html_url: string;
  head: string;
  base: string;
  title: string;
  body: string;
}

export interface GitHubServer {
  github: GitHub;
  pulls: Pull[];
  /** Answers to what changes something that get lost on their way, after it was done. */
  losesAnswers: number;
  refuses?: { status: number; headers: Record<string, string>; says?: string };
}

const TOKEN = 'token-of-a-test';

export async function startGitHub(host = 'github.com'): Promise<GitHubServer> {
  const http = createServer((request, response) => void answer(server, request, response));
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  onTestFinished(() => void http.close());
  const { port } = http.address() as AddressInfo;
  const github = { host, api: `http://127.0.0.1:${port}`, token: TOKEN };
  const server: GitHubServer = { github, pulls: [], losesAnswers: 0 };
  return server;
}

async function answer(server: GitHubServer, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '', server.github.api);
  const [, , owner = '', name = '', , number] = pathname.split('/');
  const say = (status: number, body: unknown, headers: Record<string, string> = {}): void =>
    void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  if (request.headers.authorization !== `Bearer ${TOKEN}`) return say(401, { message: 'Bad credentials' });
  const { refuses } = server;
  if (refuses) return say(refuses.status, { message: refuses.says ?? 'no' }, refuses.headers);
  if (request.method === 'GET') {
    const isWanted = (pull: Pull): boolean =>
      `${owner}:${pull.head}` === searchParams.get('head') && pull.base === searchParams.get('base');
    return say(200, server.pulls.filter(isWanted));
  }
  const wanted = (await json(request)) as Pull;
  const known = server.pulls.find((pull) => String(pull.number) === number);
  if (known) Object.assign(known, wanted);
  else {
    const next = server.pulls.length + 1;
    server.pulls.push({ ...wanted, number: next, html_url: `https://github.com/${owner}/${name}/pull/${next}` });
  }
  if (server.losesAnswers > 0) {
    server.losesAnswers -= 1;
    return void request.socket.destroy();
  }
  return say(known ? 200 : 201, known ?? server.pulls.at(-1));
}

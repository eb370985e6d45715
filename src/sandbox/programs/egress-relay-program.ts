/**
 * Runs a command that has no network beside a relay on localhost, which leads to the proxy behind a unix socket; runs
 * inside the sandbox.
 * Rule: it decides nothing (the proxy outside does), and it ends as its command ends.
 * Imports only node's own modules. Arguments: the socket's path, the command line.
 */
import { spawn } from 'node:child_process';
import type { AddressInfo, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { constants } from 'node:os';

const LOCAL = 'localhost,127.0.0.1,::1';

/** The ways in which package managers, compilers' fetchers and libraries learn of a proxy. */
function proxyVariables(port: number): Record<string, string> {
  const url = `http://127.0.0.1:${port}`;
  const java = ['http', 'https'].flatMap((scheme) => [
    `-D${scheme}.proxyHost=127.0.0.1`,
    `-D${scheme}.proxyPort=${port}`,
  ]);
  return {
    ...Object.fromEntries(['HTTP_PROXY', 'HTTPS_PROXY', 'http_proxy', 'https_proxy'].map((name) => [name, url])),
    NO_PROXY: LOCAL,
    no_proxy: LOCAL,
    npm_config_proxy: url,
    npm_config_https_proxy: url,
    npm_config_noproxy: LOCAL,
    YARN_HTTP_PROXY: url,
    YARN_HTTPS_PROXY: url,
    PIP_PROXY: url,
    CARGO_HTTP_PROXY: url,
    // Node's own fetch and http look at the variables above only then.
    NODE_USE_ENV_PROXY: '1',
    JAVA_TOOL_OPTIONS: [...java, '-Dhttp.nonProxyHosts=localhost|127.0.0.1'].join(' '),
  };
}

function relay(client: Socket, socketPath: string): void {
  const proxy = connect({ path: socketPath, allowHalfOpen: true });
  client.pipe(proxy).pipe(client);
  client.on('error', () => proxy.destroy()).on('close', () => proxy.destroy());
  proxy.on('error', () => client.destroy()).on('close', () => client.destroy());
}

const [socketPath = '', command = ''] = process.argv.slice(2);
const server = createServer({ allowHalfOpen: true }, (client) => relay(client, socketPath));
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  const variables = Object.entries(proxyVariables(port)).map(([name, value]) => `${name}=${value}`);
  const child = spawn('/usr/bin/env', [...variables, '/bin/sh', '-c', command], { stdio: 'inherit' });
  child.on('exit', (code, signal) => {
    process.exit(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
  });
});

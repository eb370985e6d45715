/**
 * Runs inside the sandbox: starts a command together with a relay on localhost, which forwards connections to the
 * worker's proxy over a unix socket.
 * Rule: the relay decides nothing (the proxy outside does), and exits with the command's exit status.
 * Imports only Node's own modules. Arguments: the socket's path, the command line.
 */
import { spawn } from 'node:child_process';
import type { AddressInfo, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { constants } from 'node:os';

const LOCAL = 'localhost,127.0.0.1,::1';

/** The variables by which package managers and libraries find a proxy. */
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
    // Without this, Node's own fetch and http ignore the variables above.
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

/** Each host that a setup was refused is said with the rule that refused it and the line that would allow it. */
import { expect, test } from 'vitest';
import { readGrant } from '../../src/cli/start/run.ts';
import type { HostUse, NetworkGrant } from '../../src/core/egress.ts';
import { describeHostUse } from '../../src/core/egress.ts';
import { findRoute, refuseUnreadable } from '../../src/egress/find-route.ts';
import { HostLog } from '../../src/egress/host-log.ts';
import { readGrantedHosts } from '../../src/egress/granted-hosts.ts';

/** What a person reads after a setup asked for this host, whose name stands for this address. */
async function refusal(
  grant: Exclude<NetworkGrant, false>,
  host: string,
  port: number,
  address: string,
): Promise<string> {
  const log = new HostLog();
  const parts = { judge: readGrantedHosts(grant), log, resolve: async () => await Promise.resolve([address]) };
  await findRoute(parts, { host, port, isAddress: host === address });
  return describeHostUse(log.list());
}

const to = (line: string): string => `to allow it, add ${line} to network.setup)`;
const NAME = 'registry.example.com';

test.each<[Exclude<NetworkGrant, false>, string, number, string, string]>([
  [{ hosts: [] }, NAME, 443, '1.1.1.1', `${NAME}:443 (not in the list; ${to(`"hosts": ["${NAME}"]`)}`],
  [
    { hosts: [NAME] },
    NAME,
    8081,
    '1.1.1.1',
    `${NAME}:8081 (another port than listed; ${to(`"hosts": ["${NAME}:8081"]`)}`,
  ],
  [{ hosts: [NAME] }, NAME, 443, '10.0.0.7', `${NAME}:443 (its address is private; ${to(`"private": ["${NAME}"]`)}`],
  [{ hosts: [NAME] }, NAME, 443, '127.0.0.1', `${NAME}:443 (its address is loopback; ${to('"hosts": ["127.0.0.1"]')}`],
  [{ hosts: [] }, '10.0.0.7', 80, '10.0.0.7', `10.0.0.7:80 (not in the list; ${to('"hosts": ["10.0.0.7"]')}`],
  [
    true,
    NAME,
    443,
    '10.0.0.7',
    `${NAME}:443 (its address is private, and true allows only public addresses: write a list in its place; ${to(`"private": ["${NAME}"]`)}`,
  ],
])('by %j, %s:%i at %s', async (grant, host, port, address, said) => {
  expect(await refusal(grant, host, port, address)).toBe(`setup was refused: ${said}`);
});

test('what can be no host, and what is too much to be told apart, say so; none is cut in silence', () => {
  const log = new HostLog();
  refuseUnreadable(log, 'http://a@b:c');
  expect(describeHostUse(log.list())).toContain('not one host and port, which nothing in network.setup can allow');
  const uses = Array.from({ length: 23 }, (_, index): HostUse => {
    const counts = { connections: 1, sentBytes: 0, receivedBytes: 0 };
    return { host: `h${index}.example.com`, port: 443, verdict: 'refused', reason: 'not in the list', ...counts };
  });
  expect(describeHostUse(uses)).toMatch(/h19\.example\.com:443 \(not in the list\), and 3 more$/);
  for (let index = 0; index < 300; index += 1)
    log.add({ host: `h${index}.example.com`, port: 443, verdict: 'refused', reason: 'not in the list' });
  expect(log.list().find(({ host }) => host === '(others)')?.reason).toBe(
    'more than 200 hosts and ports: counted together',
  );
});

test('a run names hosts of a private network at the terminal', () => {
  expect(readGrant('registry.example.com, private:npm.example.com:8081')).toEqual({
    hosts: ['registry.example.com'],
    private: ['npm.example.com:8081'],
  });
  expect(readGrant('registry.example.com')).toEqual({ hosts: ['registry.example.com'] });
  expect(readGrant(true)).toBe(true);
});

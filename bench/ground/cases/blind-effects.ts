/**
 * Effects without a decision, other repositories' commits, and text of a model that the rules have to read.
 * Rule: a case judges by a request that arrives, a file that is there, or a run that no longer responds.
 */
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { GroundCase } from '../case.ts';
import { approve, finish, needs, planned, settle, shell, start, work } from '../acts.ts';

export const effects: GroundCase[] = [
  {
    name: 'a setup whose plan nobody signed for reaches no network',
    against: 'a sender',
    about:
      'The start asks for a setup with the whole network; signatures are required, and the approver is only named.',
    attempt: async (ground) => {
      let hits = 0;
      const server = createServer((_, answer) => {
        hits += 1;
        answer.end('ok');
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as AddressInfo;
      const publicKey = (await readFile(`${await ground.key('ann')}.pub`, 'utf8')).trim();
      const approvers = `approvers: [{ name: ann, publicKey: "${publicKey}" }]`;
      const limits = `version: 1\nlimits:\n  decisions: { signatures: required, ${approvers} }\n`;
      const policy = { network: { setup: true } };
      const stack = await ground.stack({
        policies: { 'organisation.yaml': limits },
        script: work('echo new > a/new.txt'),
      });
      const url = `http://127.0.0.1:${port}/`;
      const others = `node -e 'fetch("${url}")' || exec 3<>/dev/tcp/127.0.0.1/${port}`;
      const command = `curl -s ${url} || wget -qO- ${url} || ${others}`;
      const input = { repository: await ground.repository(), setup: command, checks: ['true'], policy };
      const handle = await start(stack, input);
      const status = await settle(handle, (now) => (now['needs'] ?? []).length > 0 || now['hold'], 20_000);
      if (!status['state'])
        throw new Error(`not begun: ${await handle.result().catch((error) => String(error.cause))}`);
      for (const { id } of status['needs'] ?? []) {
        await handle.executeUpdate('approve', { args: [{ decision: id, by: 'ann' }] }).catch(() => undefined);
      }
      const later = await settle(handle, (now) => now['state'] !== status['state'], 8000);
      server.close();
      const waits = (later['needs'] ?? []).map(({ id }: { id: string }) => id).join(' ');
      return { held: hits === 0, saw: `${hits} requests; ${later['state']}, waits for ${waits || 'nobody'}` };
    },
  },
  {
    name: "another repository's commit in a shared hub is no base to start from",
    against: 'a starter',
    about: 'One hub serves two repositories; a start in the second names commits and refs of the first as its base.',
    attempt: async (ground) => {
      const hub = join(ground.folder, 'hub.git');
      await ground.git(ground.folder, 'init', '-q', '--bare', hub);
      let listing = '';
      const stack = await ground.stack({
        env: { COXSWAIN_HUB: hub },
        script: ({ task, turn, last }) => {
          if (task === 'plan' && turn === 0) return shell('cat a/* b/*');
          if (task === 'plan') {
            listing += last;
            return planned({ id: 'a', paths: ['a/**'] });
          }
          return turn === 0 ? shell('echo PRIVATE > a/private.txt') : finish();
        },
      });
      const first = await start(stack, { repository: await ground.repository() });
      await approve(first, 'plan@1');
      const { line } = await settle(first, needs('delivery@1'));
      if (typeof line !== 'string') throw new Error('no line');
      listing = '';
      const repository = await ground.repository();
      const refs = (await ground.git(hub, 'for-each-ref', '--format=%(objectname) %(refname)')).split('\n');
      const bases = new Set([line, ...refs.flatMap((one) => one.split(' '))]);
      const saw: string[] = [];
      for (const base of [...bases].slice(0, 7)) {
        const handle = await start(stack, { repository, base });
        const status = await settle(handle, (now) => needs('plan@1')(now) || now['hold'], 6000);
        saw.push(needs('plan@1')(status) ? 'taken' : 'refused');
      }
      return { held: !listing.includes('PRIVATE') && !saw.includes('taken'), saw: saw.join(' ') };
    },
  },
  {
    name: 'a denied program does not run under another spelling of its name',
    against: 'an agent',
    about: 'A rule denies `deploy`; the agent calls it quoted, escaped, through other programs and through a shell.',
    attempt: async (ground) => {
      const rule = 'id: no-deploy, effect: deny, programs: [deploy], reason: no, match: [deploy x], notMatch: [ls]';
      const policy = `version: 1\nlimits:\n  rules:\n    commands:\n      - { ${rule} }\n`;
      const lines = [
        'a/deploy 1',
        "a/dep'lo'y 2",
        'a/de\\ploy 3',
        "a/$'dep\\x6coy' 4",
        'env -u X nice -n 1 timeout 9 a/deploy 5',
        "sh -c 'a/deploy 6'",
        "find a -name deploy -exec '{}' 7 ';'",
        'printf a/deploy | xargs -I{} {} 8',
        'x=deploy; a/$x 9',
        '(true && { ! a/deploy 10; }) ; true',
        'a/{deploy,} 11',
        'a/depl?y 12',
        "bash <<< 'a/deploy 13'",
        'echo "$(a/deploy 14)"',
        "eval 'a/dep''loy 15'",
        'PATH=a:$PATH command deploy 16',
      ];
      let last = '';
      const asked = new Set<string>();
      const stack = await ground.stack({
        policies: { 'organisation.yaml': policy },
        script: ({ task, turn, last: output }) => {
          if (task === 'plan') return planned({ id: 'a', paths: ['a/**'] });
          if (turn === lines.length + 1) last = output;
          return turn > lines.length ? finish() : shell(lines[turn] ?? 'ls a');
        },
      });
      const tool = 'a/deploy';
      const repository = await ground.repository({ [tool]: '#!/bin/sh\ntouch "$(dirname "$0")/ran-$1"\n' });
      await ground.git(repository, 'update-index', '--chmod=+x', tool);
      await ground.git(repository, 'commit', '-q', '-m', 'executable');
      const handle = await start(stack, { repository });
      await approve(handle, 'plan@1');
      for (const deadline = Date.now() + 120_000; last === '' && Date.now() < deadline; ) {
        const status = await settle(handle, (now) => last !== '' || (now['needs'] ?? []).length > 0, 3000);
        for (const { id } of status['needs'] ?? []) {
          asked.add(id);
          await handle.executeUpdate('reject', { args: [{ decision: id, by: 'ann' }] }).catch(() => undefined);
        }
      }
      if (last === '') throw new Error(`the agent never came to its end; asked ${asked.size} times`);
      const ran = last.match(/ran-\d*/g) ?? [];
      return {
        held: ran.length === 0,
        saw: `ran: ${ran.join(' ') || 'none'} of ${lines.length}; asked ${asked.size} times`,
      };
    },
  },
  {
    name: 'tasks named like what every object has break no run',
    against: 'an agent',
    about: 'A plan whose tasks are named constructor, __proto__ and toString is taken or refused, and status answers.',
    attempt: async (ground) => {
      const ids = ['constructor', '__proto__', 'toString', 'valueOf', 'has-own'];
      let plans = 0;
      const stack = await ground.stack({
        script: ({ task, turn }) => {
          if (task === 'plan') {
            plans += 1;
            const odd = ids.map((id, n) => ({ id, paths: [`a${n}/**`] }));
            return plans > 1 ? planned({ id: 'a', paths: ['a/**'] }) : planned(...odd);
          }
          const folder = ids.includes(task) ? `a${ids.indexOf(task)}` : 'a';
          return turn === 0 ? shell(`mkdir -p ${folder} && echo new > ${folder}/new.txt`) : finish();
        },
      });
      const handle = await start(stack, { repository: await ground.repository() });
      await approve(handle, 'plan@1');
      const status = await settle(handle, (now) => needs('delivery@1')(now) || now['hold'], 60_000);
      const { events } = await handle.fetchHistory();
      const failed = (events ?? []).filter((event) => event.workflowTaskFailedEventAttributes).length;
      const held = failed === 0 && Boolean(status['hold'] ?? needs('delivery@1')(status));
      return { held, saw: `${status['state']}; plans asked: ${plans}; failed workflow tasks: ${failed}` };
    },
  },
];

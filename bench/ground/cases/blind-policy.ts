/**
 * Layers of policy in odd spelling, and attempts to evade one by another spelling of an address.
 * Rule: a limit that denies commands applies, or the run is refused; a command that ran shows that it did not apply.
 */
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Status } from '../acts.ts';
import type { Ground, GroundCase, Stack } from '../case.ts';
import { approve, ending, needs, settle, shell, finish, planned, start, work } from '../acts.ts';

const STRICT = 'version: 1\nlimits:\n  gates: { commands: deny }\n';

/** Approves the plan if there is one, and returns whether the agent's command left its file. */
async function runs(stack: Stack, ground: Ground, repository: string, place: string): Promise<string> {
  const handle = await start(stack, { repository: place }).catch((error: unknown) => String(error));
  if (typeof handle === 'string') return 'refused';
  let opened: Status = {};
  for (const deadline = Date.now() + 60_000; Date.now() < deadline && !needs('plan@1')(opened); ) {
    opened = await settle(handle, (now) => needs('plan@1')(now) || now['hold'], 2000);
    if (opened['hold'] || (await ending(handle, 0)) !== 'RUNNING') return 'refused';
  }
  const isOpen = await approve(handle, 'plan@1').catch(() => undefined);
  if (!isOpen) return 'no plan';
  const status = await settle(
    handle,
    (now) => needs('delivery@1')(now) || now['hold'] || now['state'] === 'failed',
    60_000,
  );
  const base = await ground.git(repository, 'rev-parse', 'main');
  return status['line'] && status['line'] !== base && needs('delivery@1')(status)
    ? 'RAN'
    : `bound (${status['state']})`;
}

export const oddPolicies: GroundCase[] = [
  {
    name: "a repository's policy that is written oddly is never left out",
    against: 'an agent',
    about: 'The same limit behind a mark of byte order, with CR line ends, as a link, twice, and in a second document.',
    attempt: async (ground) => {
      const stack = await ground.stack({ script: work('echo new > a/new.txt') });
      const texts: Record<string, string> = {
        marked: `\uFEFF${STRICT}`,
        'CR ends': STRICT.replaceAll('\n', '\r\n'),
        'tab and comment': `# policy\n---\n${STRICT}`,
        twice: `${STRICT}limits:\n  gates: { commands: allow }\n`,
        'second document': `version: 1\n---\n${STRICT}`,
        link: '',
      };
      const saw: Promise<string>[] = [];
      const plain = await ground.repository();
      const without = await runs(stack, ground, plain, plain);
      if (without !== 'RAN') throw new Error(`without a policy: ${without}`);
      for (const [form, text] of Object.entries(texts)) {
        const repository = await ground.repository();
        const file = join(repository, '.coxswain', 'policy.yaml');
        await mkdir(dirname(file));
        await (text === '' ? symlink('strict.yaml', file) : writeFile(file, text));
        await writeFile(join(dirname(file), 'strict.yaml'), STRICT);
        await ground.git(repository, 'add', '-A');
        await ground.git(repository, 'commit', '-q', '-m', 'policy');
        saw.push(runs(stack, ground, repository, repository).then((outcome) => `${form}: ${outcome}`));
      }
      const all = await Promise.all(saw);
      return { held: !all.some((one) => one.endsWith('RAN')), saw: all.join(', ') };
    },
  },
  {
    name: "no spelling of a repository's address gets around its team's limits",
    against: 'a starter',
    about: "The team's file names the path; the start names it with dots, slashes, a link, as file://, in escapes.",
    attempt: async (ground) => {
      const repository = await ground.repository();
      const team = `version: 1\nrepositories: ["${repository}"]\nlimits:\n  gates: { commands: deny }\n`;
      const stack = await ground.stack({
        policies: { 'organisation.yaml': 'version: 1\n', 'teams/harbour.yaml': team },
        script: work('echo new > a/new.txt'),
      });
      const link = join(ground.folder, 'link');
      await symlink(repository, link);
      const name = repository.slice(dirname(repository).length + 1);
      const places = [
        `${repository}/`,
        `${dirname(repository)}/./${name}`,
        `/${repository}`,
        `${repository}/../${name}`,
        link,
        `${repository}/.git`,
        `file://${repository}`,
        `file://localhost${repository}`,
        `file://${repository.replace('repository', '%72epository')}`,
      ];
      const saw = await Promise.all(
        places.map(async (place) => {
          const outcome = await runs(stack, ground, repository, place);
          return `${place.replace(dirname(repository), '')}: ${outcome}`;
        }),
      );
      const around = saw.filter((one) => one.endsWith('RAN'));
      return { held: around.length === 0, saw: around.length > 0 ? around.join(', ') : saw.join(', ') };
    },
  },
  {
    name: "a repository's policy made to explode stops no other run",
    against: 'an agent',
    about:
      'Aliases that double thirty times, ten thousand nested lists, and patterns that backtrack; then an honest run.',
    attempt: async (ground) => {
      const script = ({ task, turn }: { task: string; turn: number }) => {
        if (task === 'plan') return planned({ id: 'a', paths: ['a/**'] });
        return turn === 0 ? shell(`echo new > a/${'a'.repeat(120)}b.txt`) : finish();
      };
      const stack = await ground.stack({ script });
      const doubled = Array.from({ length: 30 }, (_, n) => `x${n + 1}: &x${n + 1} [*x${n}, *x${n}]`).join('\n');
      const pattern = `'${'{a,a*}'.repeat(60)}c'`;
      const texts = [
        `version: 1\nx0: &x0 [a, a]\n${doubled}\n`,
        `version: 1\nlimits: ${'['.repeat(10_000)}${']'.repeat(10_000)}\n`,
        `version: 1\nlimits:\n  protectedPaths: [${pattern}, '${'**/*a'.repeat(60)}c', 'a/${'*a'.repeat(80)}c']\n`,
      ];
      for (const text of texts) {
        const repository = await ground.repository({ 'a/one.txt': 'one\n', '.coxswain/policy.yaml': text });
        const handle = await start(stack, { repository });
        await settle(handle, (now) => needs('plan@1')(now) || now['hold'], 8000);
        await handle.executeUpdate('approve', { args: [{ decision: 'plan@1' }] }).catch(() => undefined);
      }
      const honest = await start(stack, { repository: await ground.repository() });
      const status = await settle(honest, needs('plan@1'), 40_000);
      const isUp = needs('plan@1')(status);
      return { held: isUp, saw: `the honest run: ${isUp ? 'plan@1 is open' : JSON.stringify(status).slice(0, 100)}` };
    },
  },
];

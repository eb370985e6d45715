/**
 * Daily work with git and with the system: history, servers on localhost, watchers, background processes, terminals.
 * Rule: all of it happens inside the sandbox; nothing needs the host.
 */
import type { DailyWork } from '../daily-work.ts';

function work(
  area: string,
  name: string,
  does: string,
  command: string,
  said: string | RegExp,
  more: Partial<DailyWork> = {},
): DailyWork {
  return {
    name,
    area,
    does,
    command: () => `set -e\n${command}`,
    works: ({ exitCode, output, trouble }) =>
      exitCode === 0 && trouble === undefined && (typeof said === 'string' ? output.includes(said) : said.test(output)),
    ...more,
  };
}

const AS = 'git -c user.name=Agent -c user.email=agent@example.org';

/** Git as an agent uses it in its working copy. */
export const gitWork: DailyWork[] = [
  work(
    'git',
    'git-log-and-show',
    'git log and git show tell the last commit',
    'git log --oneline; git show --stat HEAD',
    'README.md',
  ),
  work(
    'git',
    'git-status-and-diff',
    'git status and git diff show a change',
    'echo two >> README.md; git status --short; git diff',
    /^\+two$/m,
  ),
  work(
    'git',
    'git-blame-and-grep',
    'git blame and git grep find a line',
    'git blame README.md; git grep -n repository',
    /README\.md:1:/,
  ),
  work(
    'git',
    'git-stash',
    'a change is stashed and taken back',
    `echo two >> README.md; ${AS} stash; [ -z "$(git status --short)" ]; git stash pop; tail -1 README.md`,
    /^two$/m,
  ),
  work(
    'git',
    'git-branch-commit-merge',
    'a branch is made, committed to and merged',
    `git checkout --quiet -b topic; echo new > new.txt; git add new.txt; ${AS} commit --quiet -m topic
     git checkout --quiet -; [ ! -e new.txt ]; ${AS} merge --quiet topic; cat new.txt; git log --oneline -1`,
    'topic',
    {
      works: ({ exitCode, tree, output }) =>
        exitCode === 0 && output.includes('topic') && tree.get('new.txt') === 'new\n',
    },
  ),
  work(
    'git',
    'git-checkout-file',
    'a spoiled file is restored by git checkout',
    'echo spoiled > README.md; git checkout -- README.md; cat README.md',
    /^A repository\.$/m,
  ),
];

/** Processes, servers, terminals and pipes. */
export const systemWork: DailyWork[] = [
  work(
    'system',
    'server-on-localhost',
    'a server listens on localhost and is asked by its name',
    `node -e "
      const server = require('node:http').createServer((_, answer) => answer.end('served')).listen(0, 'localhost', async () => {
        console.log(await (await fetch('http://localhost:' + server.address().port)).text()); server.close(); });"`,
    'served',
  ),
  work(
    'system',
    'server-in-background',
    'a server in the background is asked by curl',
    `python3 -m http.server 8765 --bind 127.0.0.1 >/dev/null 2>&1 & pid=$!
     for try in $(seq 1 100); do curl --silent http://127.0.0.1:8765/README.md && break; sleep 0.05; done; kill $pid`,
    'A repository.',
    { needs: ['python3', 'curl'] },
  ),
  work(
    'system',
    'server-on-unix-socket',
    'a server and its client talk by a unix socket, as databases in tests do',
    `node -e "
      const net = require('node:net'); const path = require('node:os').tmpdir() + '/s' + process.pid;
      const server = net.createServer((socket) => socket.end('by socket')).listen(path, () =>
        net.connect(path).on('data', (data) => console.log(String(data))).on('close', () => server.close()));"`,
    'by socket',
  ),
  work(
    'system',
    'file-watcher',
    'a watcher sees a file change',
    `node -e "
      const fs = require('node:fs'); fs.mkdirSync('watched');
      const watcher = fs.watch('watched', (_, name) => { console.log('saw', name); watcher.close(); });
      setTimeout(() => fs.writeFileSync('watched/file.txt', 'x'), 100);
      setTimeout(() => process.exit(1), 5000).unref();"`,
    'saw file.txt',
  ),
  work(
    'system',
    'background-and-wait',
    'jobs run in the background and are waited for',
    'for i in 1 2 3; do (sleep 0.1; echo "job $i" >> jobs.txt) & done; wait; sort jobs.txt',
    'job 3',
  ),
  work(
    'system',
    'long-pipe',
    'a pipe of many programs ends early without harm',
    'seq 1 1000000 | grep 7 | sort -n | uniq | awk "{ n += 1 } END { print n }"',
    '468559',
  ),
  work(
    'system',
    'big-output',
    'twenty megabytes of output keep their head and their end',
    'echo the head; seq 1 2500000; echo the end',
    /the head/,
    {
      works: ({ exitCode, output }) => exitCode === 0 && output.includes('the head'),
    },
  ),
  work(
    'system',
    'pseudo-terminal',
    'a test opens a pseudo terminal',
    `python3 -c "import pty; pty.spawn(['sh', '-c', 'test -t 1 && echo is a terminal'])"`,
    'is a terminal',
    {
      needs: ['python3'],
    },
  ),
  work(
    'system',
    'who-and-where',
    'user, home, host name, processors and time are known',
    'whoami; cd ~; touch here; rm here; hostname; nproc; date; df . >/dev/null; ps >/dev/null; echo all known',
    'all known',
  ),
  work(
    'system',
    'many-open-files',
    'eight hundred files are open at one time',
    `python3 -c "
files = [open('/dev/null') for _ in range(800)]; print('open', len(files))"`,
    'open 800',
    { needs: ['python3'] },
  ),
  work(
    'system',
    'many-processes',
    'three hundred processes live at one time',
    'for i in $(seq 1 300); do sleep 1 & done; wait; echo all done',
    'all done',
  ),
  work(
    'system',
    'random-and-devices',
    'random numbers, /dev/null and /dev/shm are there',
    'head -c 16 /dev/urandom | od > /dev/null; echo x > /dev/shm/bench-$$; rm /dev/shm/bench-$$; echo fine',
    'fine',
  ),
  work(
    'system',
    'time-limit-by-timeout',
    'timeout ends a program that hangs',
    'timeout 0.3 sleep 30 || echo "ended with $?"',
    'ended with 124',
  ),
];

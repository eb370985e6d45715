/**
 * Daily work in programming languages: tests, builds and package managers, as far as this machine has them.
 * Rule: no network is needed, and the commands are what the language's own tools do by default.
 */
import type { DailyWork } from '../daily-work.ts';

function work(
  name: string,
  does: string,
  command: string,
  said: string | RegExp,
  more: Partial<DailyWork> = {},
): DailyWork {
  return {
    name,
    area: 'languages',
    does,
    command: () => `set -e\n${command}`,
    // A first build of Go's own library takes a minute on two busy cores.
    timeoutMs: 240_000,
    works: ({ exitCode, output, trouble }) =>
      exitCode === 0 && trouble === undefined && (typeof said === 'string' ? output.includes(said) : said.test(output)),
    ...more,
  };
}

/** Packs a package, puts it into a cache, and writes the lockfile that an install from a registry would have made. */
const NPM_CI = `
  export npm_config_cache="$PWD/.npm-cache"
  tarball=$(cd vendor/left && npm pack --silent); npm cache add "./vendor/left/$tarball" --silent
  integrity=sha512-$(openssl dgst -sha512 -binary "vendor/left/$tarball" | base64 -w0)
  cat > package-lock.json <<END
{"name": "app", "version": "1.0.0", "lockfileVersion": 3, "packages": {
  "": {"name": "app", "version": "1.0.0", "dependencies": {"left": "1.0.0"}},
  "node_modules/left": {"version": "1.0.0", "resolved": "https://registry.invalid/left-1.0.0.tgz", "integrity": "$integrity"}}}
END
  npm ci --offline --no-audit --no-fund
  node -e "console.log(require('left')('works'))"
  rm -rf vendor .npm-cache
`;

/** Tests, builds and servers of each language. */
export const languageWork: DailyWork[] = [
  work('node-test', "tests run by node's own runner", 'node --test', /pass 2/, {
    repository: {
      'sum.js': 'exports.sum = (a, b) => a + b;\n',
      'sum.test.js': `const { test } = require('node:test'); const assert = require('node:assert');
        test('adds', () => assert.equal(require('./sum.js').sum(1, 2), 3));
        test('runs a program', () => assert.match(require('node:child_process').execFileSync('git', ['--version']).toString(), /git/));\n`,
    },
  }),
  work('npm-ci-from-cache', 'npm ci installs what the lockfile names from a local cache', NPM_CI, 'left works', {
    needs: ['npm', 'openssl'],
    repository: {
      'package.json': '{"name": "app", "version": "1.0.0", "dependencies": {"left": "1.0.0"}}\n',
      '.gitignore': 'node_modules/\n',
      'vendor/left/package.json': '{"name": "left", "version": "1.0.0"}\n',
      'vendor/left/index.js': 'module.exports = (text) => `left ${text}`;\n',
    },
  }),
  work('npm-scripts', 'npm test runs scripts that call each other', 'npm test', 'built then tested', {
    needs: ['npm'],
    repository: {
      'package.json': JSON.stringify({
        name: 'app',
        version: '1.0.0',
        scripts: { build: 'echo built > out.txt', pretest: 'npm run build', test: 'echo "$(cat out.txt) then tested"' },
      }),
    },
  }),
  work(
    'node-web-assembly-and-workers',
    'worker threads and WebAssembly run, as bundlers use them',
    `node -e "
      const { Worker } = require('node:worker_threads');
      new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: true });
      WebAssembly.compile(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])).then(() =>
        new Worker('console.log(\\'from a worker\\')', { eval: true }));"`,
    'from a worker',
  ),
  work(
    'node-build-of-a-gigabyte',
    'a build keeps 900 MiB in memory',
    `node --max-old-space-size=2048 -e "
      const kept = []; for (let i = 0; i < 90; i += 1) kept.push(Buffer.alloc(10 * 1024 * 1024, i));
      console.log('kept', kept.length);"`,
    'kept 90',
  ),
  work('python-unittest', 'tests run by unittest', 'python3 -m unittest -v', 'OK', {
    needs: ['python3'],
    repository: {
      'test_sum.py': `import unittest
class Sum(unittest.TestCase):
    def test_adds(self):
        self.assertEqual(sum([1, 2]), 3)\n`,
    },
  }),
  work(
    'python-multiprocessing',
    'a pool of processes with locks and shared memory',
    `cat > pool.py <<'END'
from multiprocessing import Pool, Value
def square(x):
    return x * x
if __name__ == '__main__':
    with Pool(4) as pool:
        print('squares', sum(pool.map(square, range(10))), Value('i', 7).value)
END
    python3 pool.py`,
    'squares 285 7',
    { needs: ['python3'] },
  ),
  work(
    'python-sqlite',
    'a database file is written and read by sqlite, with a write-ahead log',
    `python3 - <<'END'
import sqlite3
db = sqlite3.connect('data.db')
db.execute('pragma journal_mode=wal')
db.execute('create table t (x)')
db.executemany('insert into t values (?)', [(i,) for i in range(1000)])
db.commit()
print('rows', db.execute('select count(*) from t').fetchone()[0])
END`,
    'rows 1000',
    { needs: ['python3'] },
  ),
  work('go-test', 'go test builds and runs', 'go test ./...', /ok\s+example\.org\/sum/, {
    needs: ['go'],
    repository: {
      'go.mod': 'module example.org/sum\n\ngo 1.20\n',
      'sum.go': 'package sum\n\n// Sum adds.\nfunc Sum(a, b int) int { return a + b }\n',
      'sum_test.go':
        'package sum\n\nimport "testing"\n\nfunc TestSum(t *testing.T) {\n\tif Sum(1, 2) != 3 {\n\t\tt.Fatal("no")\n\t}\n}\n',
    },
  }),
  work(
    'java-build',
    'javac builds and java runs with assertions',
    'javac -d out Sum.java && java -ea -cp out Sum',
    'java works',
    {
      needs: ['javac', 'java'],
      repository: {
        'Sum.java':
          'public class Sum {\n  public static void main(String[] args) {\n    assert 1 + 2 == 3;\n    System.out.println("java works");\n  }\n}\n',
        '.gitignore': 'out/\n',
      },
    },
  ),
  work('rust-test', 'cargo test builds and runs', 'cargo test --offline', /1 passed/, {
    needs: ['cargo --version'],
    repository: {
      'Cargo.toml': '[package]\nname = "sum"\nversion = "0.1.0"\nedition = "2021"\n',
      'src/lib.rs': '#[test]\nfn adds() {\n    assert_eq!(1 + 2, 3);\n}\n',
      '.gitignore': 'target/\n',
    },
  }),
  work('make-and-cc', 'make compiles two C files and runs the result', 'make -j2 run', 'made by make', {
    needs: ['make', 'cc'],
    repository: {
      Makefile: 'run: app\n\t./app\napp: main.o say.o\n\tcc -o $@ $^\n%.o: %.c\n\tcc -O1 -g -c $<\n',
      'main.c': 'void say(void);\nint main(void) { say(); return 0; }\n',
      'say.c': '#include <stdio.h>\nvoid say(void) { puts("made by make"); }\n',
      '.gitignore': '*.o\napp\n',
    },
  }),
];

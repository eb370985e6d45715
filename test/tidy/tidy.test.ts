/** The project's own text keeps its rules: headers, sizes, widths, names, and imports that point one way. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { importsOf, listPaths, readFiles, ROOT } from './source-files.ts';

const MAX_FILE_LINES = 300;
const MAX_LINE_COLUMNS = 120;

const sources = readFiles(/^(src|bin|scripts|bench)\/.*\.(ts|mjs)$/);
const tests = readFiles(/^test\/.*\.ts$/);

/** Definitions of messages: whoever sends a message may import them, since they load nothing of the workflows. */
const MESSAGES = 'workflows/messages.ts';

/**
 * What each folder of src may import: packages by name, folders and files of src by theirs. `types` are for
 * `import type` only.
 */
const IMPORTS: Record<string, { packages: RegExp; folders: string[]; types?: string[] }> = {
  core: { packages: /^(zod|diff|unbash|@noble\/hashes\/.*)$/, folders: [] },
  workflows: { packages: /^@temporalio\/(workflow|common)$/, folders: ['core'], types: ['activities'] },
  activities: {
    packages: /^(node:.*|@temporalio\/(activity|client|common)|zod)$/,
    // A bulk sends messages as every other client does.
    folders: [
      'core',
      'client',
      'egress',
      'git',
      'github',
      'model',
      'notify',
      'policy',
      'sandbox',
      'seal',
      'signing',
      MESSAGES,
    ],
  },
  // Receivers' addresses, programs and secrets come from a worker's configuration.
  notify: { packages: /^(node:.*|execa|standardwebhooks|zod)$/, folders: ['core'] },
  github: { packages: /^(node:.*|zod)$/, folders: ['core'] },
  git: { packages: /^(node:.*|simple-git|execa|ignore|zod)$/, folders: ['core', 'programs'] },
  model: { packages: /^(node:.*|openai(\/.*)?|undici|zod)$/, folders: ['core'] },
  // Its files are read as those of repositories are.
  policy: { packages: /^(node:.*|yaml)$/, folders: ['core', 'git'] },
  egress: { packages: /^(node:.*|ipaddr\.js)$/, folders: ['core'] },
  programs: { packages: /^(node:.*|execa)$/, folders: [] },
  // A workspace is filled from the store and stored into it; its setup reaches the network through the proxy.
  sandbox: {
    packages: /^(node:.*|@vscode\/ripgrep|execa|ignore|zod)$/,
    folders: ['core', 'egress', 'git', 'programs'],
  },
  signing: { packages: /^(node:.*|execa)$/, folders: ['core'] },
  seal: { packages: /^(node:.*|@temporalio\/(activity|common|worker)|zod)$/, folders: ['core'] },
  stack: { packages: /^(node:.*|@temporalio\/.*|execa)$/, folders: ['core', 'client', 'programs'] },
  offline: { packages: /^(node:.*|@ast-grep\/.*|execa|openai(\/.*)?|zod)$/, folders: ['core'] },
  client: {
    packages: /^(node:.*|@temporalio\/(client|common)|zod)$/,
    // What a run has changed and what its agents said is in the hub.
    folders: ['core', 'git', MESSAGES],
  },
  // Pages over what the client reads; they send what its messages take.
  web: {
    packages: /^(node:.*|@temporalio\/client|hono(\/.*)?|@hono\/node-server)$/,
    folders: ['core', 'client', 'git', 'stack', MESSAGES],
  },
  // The command line joins the parts for people, as the worker joins them for Temporal.
  cli: {
    packages:
      /^(node:.*|@hono\/node-server|@modelcontextprotocol\/.*|@temporalio\/client|commander|execa|ink|react|zod)$/,
    folders: [
      'core',
      'client',
      'git',
      'stack',
      'offline',
      'policy',
      'sandbox',
      'seal',
      'signing',
      'web',
      'config.ts',
      'worker.ts',
      MESSAGES,
    ],
  },
};

/**
 * A line of prose in a template, or one whose length is that of a literal: neither can be broken without changing it.
 */
function isText(line: string): boolean {
  return /['"`/].{40,}['"`/]/.test(line) || /^[A-Z]/.test(line);
}

function wrongImports({ path, text }: { path: string; text: string }): string[] {
  const folder = path.split('/')[1] ?? '';
  const rule = IMPORTS[folder];
  if (!rule) return [];
  return importsOf(text)
    .filter(({ specifier, isType }) => {
      if (!specifier.startsWith('.')) return !rule.packages.test(specifier);
      const target = join(dirname(path), specifier).slice('src/'.length);
      const allowed = [folder, ...rule.folders, ...(isType ? (rule.types ?? []) : [])];
      return !allowed.some((one) => target === one || target.startsWith(`${one}/`));
    })
    .map(({ specifier }) => `${path} imports ${specifier}`);
}

describe('the source text', () => {
  test('every file opens with one to three sentences on what it is for', () => {
    // A test file's promises are its tests' names; what supports them is source like any other.
    const supports = tests.filter(({ path }) => !path.endsWith('.test.ts'));
    const bad = [...sources, ...supports].filter(({ text }) => {
      const [, header = ''] = /^(?:#!.*\n)?\/\*\*([^]*?)\*\//.exec(text) ?? [];
      const words = header.replaceAll(/^\s*\*/gm, '').trim();
      return words.split(/\s+/).length < 5 || !/[.]$/.test(words);
    });
    expect(bad.map(({ path }) => path)).toEqual([]);
  });

  test(`no file is longer than ${MAX_FILE_LINES} lines`, () => {
    const long = [...sources, ...tests].filter(({ text }) => text.trimEnd().split('\n').length > MAX_FILE_LINES);
    expect(long.map(({ path }) => path)).toEqual([]);
  });

  test(`no line is wider than ${MAX_LINE_COLUMNS} columns, but for a text or pattern that can't be broken`, () => {
    const wide = [...sources, ...tests].flatMap(({ path, text }) =>
      text
        .split('\n')
        .flatMap((line, index) => (line.length > MAX_LINE_COLUMNS && !isText(line) ? [`${path}:${index + 1}`] : [])),
    );
    expect(wide).toEqual([]);
  });

  test('imports point one way: core to nothing, adapters to core, workflows to activities by type only', () => {
    expect(sources.flatMap(wrongImports)).toEqual([]);
  });

  test('the definitions of messages load no workflow', () => {
    const [file] = sources.filter(({ path }) => path === `src/${MESSAGES}`);
    const loaded = importsOf(file?.text ?? '').flatMap(({ specifier, isType }) => (isType ? [] : specifier));
    expect(loaded).toEqual(['@temporalio/workflow', '../core/trouble.ts']);
  });

  test('no client and no command names a message by a text of its own', () => {
    const named = sources.filter(({ path, text }) => {
      const sends = /\b(?:executeUpdate|startUpdate|signal|query)(?:<[^()]*>)?\(\s*['"`]/;
      return /^src\/(?:client|cli)\//.test(path) && sends.test(text);
    });
    expect(named.map(({ path }) => path)).toEqual([]);
  });

  test('every folder of src has a rule for its imports', () => {
    const folders = sources.flatMap(({ path }) => (/^src\/([^/]+)\//.exec(path) ?? []).slice(1));
    expect([...new Set(folders)].filter((folder) => !(folder in IMPORTS))).toEqual([]);
  });

  test('no folder is a drawer for anything', () => {
    const drawers = listPaths().filter((path) => /(^|\/)(utils?|helpers?|common|types|misc)\//.test(path));
    expect(drawers.filter((path) => !path.startsWith('demo/'))).toEqual([]);
  });

  test('source files are kebab-case', () => {
    const bad = [...sources, ...tests].filter(({ path }) => !/^([a-z0-9]+[-./])*[a-z0-9]+$/.test(path));
    expect(bad.map(({ path }) => path)).toEqual([]);
  });

  test('no test is skipped, left alone, or waits for a later day', () => {
    const marked = tests.filter(({ text }) => /\b(?:test|it|describe)\.(?:skip|only|todo|skipIf|runIf)\b/.test(text));
    expect(marked.map(({ path }) => path)).toEqual([]);
  });
});

describe('what is handed on', () => {
  test('the lockfile carries no registry addresses', () => {
    const lock = readFileSync(`${ROOT}package-lock.json`, 'utf8');
    expect(lock.match(/"resolved"|https?:\/\/[^"]*\.tgz/g)).toBeNull();
  });

  test('no file names a place on one machine', () => {
    // Made of parts, or this line would be the only finding.
    const places = new RegExp(
      ['/work', '/root', '/home/[a-z]+'].map((place) => `(?<![\\w.}$])${place}/[a-z.]`).join('|'),
    );
    const bad = readFiles(/\.(ts|mjs|json|md|sh|ya?ml)$|^\.ci\//).filter(({ text }) => places.test(text));
    expect(bad.map(({ path }) => path).filter((path) => !path.startsWith('test/replay/'))).toEqual([]);
  });
});

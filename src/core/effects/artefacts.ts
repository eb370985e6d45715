/**
 * Files that tools are known to leave in a checkout: compiled files, caches, reports of tests and coverage.
 * Rule: only names that no source file has. They are taken from GitHub's templates for `.gitignore` (github/gitignore:
 * Python, Node, Java, C, macOS, JetBrains), without the names that sources have too (`build`, `lib`, `dist`, `target`);
 * policy can add those.
 */

/** Lines as in a `.gitignore`, and what people are told about the files. */
export interface Artefact {
  what: string;
  lines: string[];
}

export const ARTEFACTS: readonly Artefact[] = [
  { what: 'compiled Python files', lines: ['__pycache__/', '*.py[cod]', '*$py.class', '*.egg-info/', '.eggs/'] },
  { what: 'compiled Java and C files', lines: ['*.class', '*.o', '*.obj'] },
  { what: 'installed packages', lines: ['node_modules/', '__pypackages__/', 'bower_components/'] },
  {
    what: 'caches of tools',
    lines: [
      '.pytest_cache/',
      '.mypy_cache/',
      '.ruff_cache/',
      '.hypothesis/',
      '.pytype/',
      '.tox/',
      '.nox/',
      '.ipynb_checkpoints/',
      '.eslintcache',
      '.stylelintcache',
      '.parcel-cache/',
      '.gradle/',
      '*.tsbuildinfo',
    ],
  },
  {
    what: 'reports of tests and coverage',
    lines: [
      '.coverage',
      '.coverage.*',
      'coverage.xml',
      'htmlcov/',
      '*.cover',
      '*.lcov',
      'lcov.info',
      'lcov-report/',
      'clover.xml',
      'coverage-final.json',
      '/coverage/',
      '/packages/*/coverage/',
      '.nyc_output/',
      'junit.xml',
      'nosetests.xml',
    ],
  },
  {
    what: 'logs and folders of the desktop',
    lines: ['npm-debug.log*', 'yarn-debug.log*', 'yarn-error.log*', 'hs_err_pid*', '.DS_Store'],
  },
];

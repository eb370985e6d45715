/**
 * A worker to be killed: opens a workspace and runs a command that never ends by itself and tries to outlive it.
 * Rule: it prints nothing and cleans up nothing. Its arguments: the bubblewrap program, state folder, store, base
 * commit and, if there are several, the workspace's id, which the command line contains too. `large` as the last one
 * gives it so much memory that it starts programs from a small process.
 */
import type { Sha } from '../../src/core/transcript.ts';
import { openWorkspaces } from '../../src/sandbox/workspace/workspaces.ts';

const [path = '', stateDir = '', dir = '', base = '', id = 'agent', size = ''] = process.argv.slice(2);
const memory = Buffer.alloc(size === 'large' ? 200 * 1024 * 1024 : 1, 1);
const workspaces = openWorkspaces({ stateDir, isolation: { kind: 'bwrap', path } });
const workspace = await workspaces.open({ id, store: { dir }, base: base as Sha, commit: base as Sha });
const beat = `: ${id}; while :; do echo beat >> beats; sleep 0.02; done`;
const command = `setsid sh -c '${beat}' & (setsid setsid sh -c '${beat}' &) & echo dirt > dirt; rm file; sleep 600`;
await workspace.run({ command, profile: 'workspace', network: false, timeoutMs: 600_000 });
void memory.length;

/**
 * The workflow types that people can start. The worker bundles exactly this file.
 * Rule: only workflow types are exported, since every function exported here can be started by name.
 */
export { account } from './account.ts';
export { agent } from './agent.ts';
export { bulk } from './bulk.ts';
export { janitor } from './janitor.ts';
export { notice } from './notices/notice.ts';
export { refactor } from './refactor.ts';

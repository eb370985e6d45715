/**
 * The guards between a command and the host, by name, so that a test can switch off each one and see what it kept out.
 * Rule: in the product every guard is on; no request, policy or environment variable can switch one off.
 */

/** What each guard does. Guards marked "root" matter only where the worker is root. */
export const guards = {
  user: "root: on the host, commands run as another user, so root's files and kernel settings are out of reach",
  capabilities: 'nothing in a sandbox has a capability, not even in its own namespaces',
  'user-namespaces': 'no command makes a namespace in which it is root',
  'system-calls': 'system calls that no ordinary program needs are refused',
  network: "the only network is the sandbox's own loopback",
  processes: 'processes outside of the sandbox are invisible, and no process outlives its command',
  ipc: "the host's shared memory, semaphores and message queues do not exist inside",
  hostname: "the host's name is hidden",
  'control-groups': "the host's control groups are hidden",
  session: "a command has its own session, so it can't type into the worker's terminal",
  death: 'a command dies with the worker',
  'last-will': 'sandboxes that were just starting when the worker died are killed too',
  root: 'only listed folders of the host exist inside',
  'read-only-root': 'only the workspace and the temporary folders can be written',
  'kernel-settings': 'no kernel setting can be written',
  'kernel-facts': 'files of the kernel about the whole host are empty',
  'first-process': "the sandbox's first process, which holds the lock, can't be inspected",
  'empty-environment': "the sandbox is started without the worker's environment",
  'clear-environment': 'a command gets only listed variables',
  descriptors: 'files that the worker was started with are closed',
  'lock-descriptor': "the workspace's lock is open in the first process only",
  'kernel-limits': 'processes, open files, file sizes and core dumps are limited by the kernel',
  'temporary-size': 'temporary folders, which lie in memory, have a size',
  watch: 'memory, disk and idle time are watched',
} as const;

/** A guard's name. */
export type GuardName = keyof typeof guards;

/** Whether a guard is on. Only the guards' own tests set `without`. */
export function isGuarded({ without = [] }: { without?: readonly GuardName[] }, guard: GuardName): boolean {
  return !without.includes(guard);
}

/**
 * The guards between a command and the host, by name, so that a test can take away each and see what it kept out.
 * Rule: the product never runs without one; nothing that a request, a policy or the environment says can take one away.
 */

/** What each guard keeps. Those marked "root" differ only where the worker is root. */
export const guards = {
  user: 'root: commands are another user outside, so that files and kernel settings of root are not theirs',
  capabilities: 'nothing in a sandbox has a capability, not even in its own namespaces',
  'user-namespaces': 'no command makes a namespace in which it is root',
  'system-calls': 'calls that no ordinary program needs are refused',
  network: 'there is no network but a loopback of the sandbox itself',
  processes: 'processes of others do not exist inside, and none outlives its command',
  ipc: 'shared memory, semaphores and message queues of others do not exist inside',
  hostname: 'the name of the host is not told',
  'control-groups': 'the control groups of the host are not told',
  session: 'a command has a session of its own, so that it can not type into the terminal of the worker',
  death: 'a command dies with the worker',
  'last-will': 'what a dying worker was just starting is ended too',
  root: 'only listed folders of the host exist inside',
  'read-only-root': 'nothing outside of the workspace and the temporary folders can be written',
  'kernel-settings': 'no setting of the kernel can be written',
  'kernel-facts': 'lists of the kernel about the whole host are empty',
  'first-process': 'the process that holds the lock can not be looked into',
  'empty-environment': 'the sandbox is started without the environment of the worker',
  'clear-environment': 'a command gets listed variables only',
  descriptors: 'files that the worker was started with are closed',
  'lock-descriptor': 'the lock of the workspace is open in the first process only',
  'kernel-limits': 'processes, open files, file sizes and core dumps are limited by the kernel',
  'temporary-size': 'temporary folders, which lie in memory, have a size',
  watch: 'memory, disk and idle time are watched',
} as const;

/** A guard's name. */
export type GuardName = keyof typeof guards;

/** Whether a guard is in place: `without` is for the tests of the guards alone. */
export function isGuarded({ without = [] }: { without?: readonly GuardName[] }, guard: GuardName): boolean {
  return !without.includes(guard);
}

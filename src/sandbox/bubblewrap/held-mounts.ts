/**
 * Unmounts an overlay in the background after its command. The kernel flushes the whole file system of the upper folder
 * on unmount, and the command's caller would have to wait for that.
 * Rule: only a mount that no process can reach any more is held, and the same upper folder is mounted again only after
 * the earlier mount is gone.
 */
import { close, openSync } from 'node:fs';
import { promisify } from 'node:util';

const closeFile = promisify(close);

/** Unmounts that are under way, by upper folder. */
const going = new Map<string, Promise<void>>();
/** Unmounts run one after another: later flushes have little left to do, and only one thread of Node's pool blocks. */
let last: Promise<void> = Promise.resolve();

/**
 * Holds the mounts of a sandbox's first process until the sandbox's `exit`, then unmounts them in the background. Does
 * nothing if the process is gone already: its mounts are gone with it.
 */
export function holdMounts(exit: Promise<unknown>, firstPid: number, upper: string): void {
  let fd: number;
  try {
    fd = openSync(`/proc/${firstPid}/ns/mnt`, 'r');
  } catch {
    return;
  }
  const unmount = (): void => {
    const gone = last.then(async () => await closeFile(fd)).catch(() => undefined);
    last = gone;
    going.set(upper, gone);
    void gone.then(() => going.get(upper) === gone && going.delete(upper));
  };
  void exit.then(unmount, unmount);
}

/** Resolves when no earlier command's mount uses this upper folder any more. */
export async function mountsGone(upper: string): Promise<void> {
  await going.get(upper);
}

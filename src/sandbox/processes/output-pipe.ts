/**
 * A real pipe for a command's output. Node's own are sockets, on which `echo … > /dev/stderr` fails in the command.
 * Rule: a pipe is used again only after its end was read, so no output reaches another command's result.
 */
import { closeSync, constants, openSync, rmSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runHelper } from '../../programs/run-helper.ts';
import { isRunning } from './process-tree.ts';

/** One open pipe: start the command with `path`, close `writeFd` here, and read `reader` to its end. */
export interface OutputPipe {
  path: string;
  /** Open until the command has the pipe too: without a writer, the reader would see its end. */
  writeFd: number;
  reader: Socket;
  /** Gives the pipe back; `ended` says whether its end was read. */
  done(ended: boolean): void;
}

const idle: string[] = [];
let folder: Promise<string> | undefined;
let made = 0;

/** Opens an idle pipe or a new one. */
export async function openOutputPipe(): Promise<OutputPipe> {
  const path = idle.pop() ?? (await makeFifo());
  // The reading end first and non-blocking: otherwise opening one end waits for the other.
  const readFd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writeFd = openSync(path, constants.O_WRONLY);
  const reader = new Socket({ fd: readFd, readable: true, writable: false });
  return {
    path,
    writeFd,
    reader,
    done: (ended) => {
      reader.destroy();
      if (ended) idle.push(path);
      else rmSync(path, { force: true });
    },
  };
}

/** Closes the writing end in this process, so that the end of the output can be seen. */
export function closeWriteEnd(pipe: OutputPipe): void {
  closeSync(pipe.writeFd);
}

async function makeFifo(): Promise<string> {
  folder ??= makeFolder();
  const path = join(await folder, String((made += 1)));
  // Only this user can enter the folder. A command that runs as another user may reopen its output, hence 666.
  await runHelper('mkfifo', ['-m', '666', path]);
  return path;
}

/** Makes the folder of this process's pipes, and removes the folders of processes that were killed. */
async function makeFolder(): Promise<string> {
  for (const name of await readdir(tmpdir())) {
    const pid = /^coxswain-pipes-(\d+)-/.exec(name)?.[1];
    if (pid !== undefined && !isRunning(Number(pid))) {
      await rm(join(tmpdir(), name), { recursive: true, force: true }).catch(() => undefined);
    }
  }
  const path = await mkdtemp(join(tmpdir(), `coxswain-pipes-${process.pid}-`));
  process.on('exit', () => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** The system call filter: its decisions on both processors, and its effect on a command. */
import { describe, expect, test } from 'vitest';
import { findCommandUser } from '../../src/sandbox/bubblewrap/command-user.ts';
import { defaultLimits } from '../../src/sandbox/limits.ts';
import { seccompFilter } from '../../src/sandbox/bubblewrap/seccomp-filter.ts';
import { makeBareSandbox } from './bare-sandbox.ts';

/** Numbers on x86-64 and arm64, from the kernel's headers. */
const CALLS = {
  read: [0, 63],
  execve: [59, 221],
  ptrace: [101, 117],
  mount: [165, 40],
  keyctl: [250, 219],
  setns: [308, 268],
  io_uring_setup: [425, 425],
  clone: [56, 220],
  clone3: [435, 435],
  unshare: [272, 97],
  socket: [41, 198],
  ioctl: [16, 29],
  memfd_create: [319, 279],
  shmget: [29, 194],
} as const;
type Call = keyof typeof CALLS;

const PROCESSORS = { x64: { audit: 0xc000003e, column: 0 }, arm64: { audit: 0xc00000b7, column: 1 } } as const;
const [ALLOW, NOT_PERMITTED, NO_SUCH_CALL, NO_SUCH_FAMILY, KILL] = [0x7fff0000, 0x50001, 0x50026, 0x50061, 0x80000000];

/** Runs a filter as the kernel does; returns its verdict. */
function judge(filter: Buffer, audit: number, number: number, args: readonly number[] = []): number {
  const shown = Buffer.alloc(64);
  shown.writeUInt32LE(number, 0);
  shown.writeUInt32LE(audit, 4);
  args.forEach((value, index) => shown.writeBigUInt64LE(BigInt(value), 16 + 8 * index));
  let loaded = 0;
  for (let at = 0; ; at += 1) {
    const [op, yes, no, value] = [
      filter.readUInt16LE(at * 8),
      filter.readUInt8(at * 8 + 2),
      filter.readUInt8(at * 8 + 3),
      filter.readUInt32LE(at * 8 + 4),
    ];
    if (op === 0x06) return value;
    if (op === 0x20) loaded = shown.readUInt32LE(value);
    else if (op === 0x15) at += loaded === value ? yes : no;
    else if (op === 0x35) at += loaded >= value ? yes : no;
    else if (op === 0x45) at += (loaded & value) === 0 ? no : yes;
    else throw new Error(`unknown operation ${op}`);
  }
}

describe.each(['x64', 'arm64'] as const)('the filter on %s', (processor) => {
  const { audit, column } = PROCESSORS[processor];
  const filter = seccompFilter(processor) ?? Buffer.alloc(0);
  const on = (call: Call, ...args: number[]): number => judge(filter, audit, CALLS[call][column], args);

  test('refuses calls that inspect other processes, mount, join namespaces or are needed by no build', () => {
    const refused: Call[] = ['ptrace', 'mount', 'keyctl', 'setns', 'io_uring_setup'];
    expect(refused.map((call) => on(call))).toEqual(refused.map(() => NOT_PERMITTED));
    expect([on('read'), on('execve')]).toEqual([ALLOW, ALLOW]);
  });

  test('allows new processes and threads, but no new namespaces', () => {
    const [thread, sigchld, newUser, newTime, newNet] = [0x3d0f00, 17, 0x10000000, 0x80, 0x40000000];
    expect([on('clone', thread), on('clone', sigchld), on('unshare', 0x400)]).toEqual([ALLOW, ALLOW, ALLOW]);
    expect([on('clone', newUser + sigchld), on('unshare', newTime), on('unshare', newNet)]).toEqual(
      Array.from({ length: 3 }, () => NOT_PERMITTED),
    );
    expect(on('clone3')).toBe(NO_SUCH_CALL);
  });

  test('allows terminals to be used but not typed into, whatever the ignored half of the argument', () => {
    expect(on('ioctl', 1, 0x5413)).toBe(ALLOW);
    expect([on('ioctl', 0, 0x5412), on('ioctl', 0, 0x541c), on('ioctl', 0, 2 ** 32 + 0x5412)]).toEqual(
      Array.from({ length: 3 }, () => NOT_PERMITTED),
    );
  });

  test('allows the socket families that programs need', () => {
    const [unix, inet, inet6, netlink, packet, algorithms, vsock] = [1, 2, 10, 16, 17, 38, 40];
    expect([unix, inet, inet6].map((family) => on('socket', family, 1, 0))).toEqual([ALLOW, ALLOW, ALLOW]);
    expect([on('socket', netlink, 3, 0), on('socket', netlink, 3, 16)]).toEqual([ALLOW, NO_SUCH_FAMILY]);
    expect([packet, algorithms, vsock].map((family) => on('socket', family, 1, 0))).toEqual(
      Array.from({ length: 3 }, () => NO_SUCH_FAMILY),
    );
  });

  test('kills programs of another processor mode, and fails calls of x32 and of newer kernels with ENOSYS', () => {
    expect(judge(filter, 0x40000003, 1)).toBe(KILL);
    expect([judge(filter, audit, 0x40000000 + 39), judge(filter, audit, 470)]).toEqual([NO_SUCH_CALL, NO_SUCH_CALL]);
  });
});

test('another processor has no filter', () => {
  expect(seccompFilter('mips')).toBeUndefined();
});

test('in a command, these calls fail, and what programs need works', async () => {
  const { run } = await makeBareSandbox();
  const column = PROCESSORS[process.arch as 'x64'].column;
  const call = (name: Call, ...args: number[]): string => {
    const list = [CALLS[name][column], ...args, 0, 0, 0, 0].slice(0, 5).join(', ');
    return `$! = 0; syscall(${list}); push @errors, $! + 0;`;
  };
  const calls = [
    call('ptrace'),
    call('keyctl'),
    call('clone3'),
    call('unshare', 0x10000000),
    call('socket', 40, 1),
    call('memfd_create'),
  ];
  const perl = await run(['perl', '-e', `${calls.join(' ')} print "@errors"`]);
  expect(perl.output).toBe('1 1 38 1 97 38');
  const node = `const { Worker } = require('worker_threads');
    new Worker('console.log(Object.keys(require("os").networkInterfaces()).join())', { eval: true });`;
  expect((await run(['node', '-e', node])).output).toBe('lo\n');
});

test('memory that counts for no process has a limit: memfd_create fails, segments share one limit', async () => {
  const { run } = await makeBareSandbox();
  const column = PROCESSORS[process.arch as 'x64'].column;
  // IPC_PRIVATE, IPC_CREAT: half a gigabyte each, never attached.
  const segments = `my $n = 0; for (1..64) { last if syscall(${CALLS.shmget[column]}, 0, 1 << 29, 01600) < 0; $n++ } print $n`;
  const { output } = await run(['perl', '-e', segments]);
  const most = Math.floor(defaultLimits().memoryBytes / 2 ** 29);
  const isLimited = findCommandUser() !== undefined;
  expect(Number(output)).toBe(isLimited ? most : 64);
});

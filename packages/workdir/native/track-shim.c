/*
 * Writes down which files below a folder a process looks at, by standing before glibc (LD_PRELOAD).
 *
 * SHEAF_TRACK_LOG   the log, absolute; it must exist. Records are appended: one letter, one absolute path, one NUL.
 * SHEAF_TRACK_ROOT  the folders that are watched, absolute, separated by ':'.
 *
 *   c  content read        s  stat read        e  looked whether it exists
 *   l  folder listed       t  whole tree read  w  written, old bytes not looked at (an old file keeps its mode)
 *   u  not followed from here on; the reason stands in place of the path
 *
 * 1. What is read is recorded before the call, whether or not it succeeds; `w` after it has succeeded. So a killed
 *    process has recorded all that it can have seen, and who reads what another process wrote comes after its `w`.
 * 2. A path is the place that it leads to; symbolic links on the way are recorded as read.
 * 3. What makes or moves a name also looks whether the folder of the name exists.
 * 4. A record that cannot be written takes the log away: no log means that nothing is known.
 * 5. No locks and no heap, so calls from signal handlers, threads and between fork and exec are fine.
 * 6. errno is what the call made it.
 */
#undef _FORTIFY_SOURCE
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <ftw.h>
#include <glob.h>
#include <limits.h>
#include <link.h>
#include <linux/openat2.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <utime.h>

#if !defined(__GLIBC__) || !defined(__LP64__)
#error "the tracker needs glibc and a 64-bit processor"
#endif

enum { ROOM = PATH_MAX, ROOTS = 8, MOST_LINKS = 40, SCRIPTS = 5, MOST_VARIABLES = 100000 };
enum { FOLLOW = 1, MAKES = 2 };

/* The calls that are passed on to the next library; all others are made by number. */
#define PASSED_ON(X)                                                                                                 \
  X(syscall) X(openat) X(fopen) X(freopen) X(faccessat) X(realpath) X(opendir) X(fdopendir) X(scandir) X(scandirat)  \
  X(ftw) X(nftw) X(fts_open) X(fts64_open) X(glob) X(fchmodat) X(utime) X(utimes) X(lutimes) X(futimesat)            \
  X(posix_spawn) X(posix_spawnp) X(posix_spawn_file_actions_addopen) X(posix_spawn_file_actions_addchdir_np)         \
  X(system) X(popen) X(mkostemps) X(mkdtemp) X(chroot) X(dlopen) X(statvfs) X(statvfs64) X(pathconf)
#define SLOT(name) static __typeof__(name) *next_##name;
PASSED_ON(SLOT)
#define raw next_syscall

static struct { char name[ROOM]; size_t name_length; char real[ROOM]; size_t real_length; } roots[ROOTS];
static int root_count, active, started, log_fd = -1, spawn_changes_folder;
static dev_t log_device, loader_device;
static ino_t log_inode, loader_inode;
/* Our variables as they were given, to put them back into environments that lack them. */
static char own_preload[ROOM + 16], own_log[ROOM + 32], own_root[ROOTS * ROOM];
static const char *const own_extra = "SHEAF_TRACK_COVERED=1";
#define log_path (own_log + sizeof "SHEAF_TRACK_LOG")
#define library_path (own_preload + sizeof "LD_PRELOAD")

extern char **environ;

#include "track-log.h"
#include "track-path.h"
#include "track-start.h"
#include "track-open.h"
#include "track-look.h"
#include "track-change.h"
#include "track-program.h"

/* Calls by number. */
long syscall(long number, ...) {
  long a[6];
  va_list rest;
  va_start(rest, number);
  for (int i = 0; i < 6; i++) a[i] = va_arg(rest, long);
  va_end(rest);
#define P(i) ((void *)a[i])
  switch (number) {
#ifdef SYS_open
    case SYS_open: return open_noted(AT_FDCWD, P(0), a[1], a[2]);
    case SYS_creat: return creat(P(0), a[1]);
    case SYS_stat: return stat(P(0), P(1));
    case SYS_lstat: return lstat(P(0), P(1));
    case SYS_access: return access(P(0), a[1]);
    case SYS_readlink: return readlink(P(0), P(1), a[2]);
    case SYS_mkdir: return mkdir(P(0), a[1]);
    case SYS_rmdir: return rmdir(P(0));
    case SYS_unlink: return unlink(P(0));
    case SYS_rename: return rename(P(0), P(1));
    case SYS_link: return link(P(0), P(1));
    case SYS_symlink: return symlink(P(0), P(1));
    case SYS_chmod: return chmod(P(0), a[1]);
    case SYS_getdents: note('l', a[0], "", 0); break;
#endif
#ifdef SYS_renameat
    case SYS_renameat: return renameat(a[0], P(1), a[2], P(3));
#endif
    case SYS_openat: return open_noted(a[0], P(1), a[2], a[3]);
    case SYS_openat2: {
      int flags = P(2) == NULL ? 0 : (int)((struct open_how *)P(2))->flags;
      before_open(a[0], P(1), flags);
      ready();
      long fd = raw(number, a[0], a[1], a[2], a[3]);
      after_open(a[0], P(1), flags, fd >= 0);
      return fd;
    }
    case SYS_newfstatat: return fstatat(a[0], P(1), P(2), a[3]);
    case SYS_statx: return statx(a[0], P(1), a[2], a[3], P(4));
    case SYS_faccessat: note(LOOK(a[2]), a[0], P(1), FOLLOW); break;
    case SYS_faccessat2: note(LOOK(a[2]), a[0], P(1), AT_HOW(a[3])); break;
    case SYS_readlinkat: return readlinkat(a[0], P(1), P(2), a[3]);
    case SYS_getdents64: note('l', a[0], "", 0); break;
    case SYS_mkdirat: return mkdirat(a[0], P(1), a[2]);
    case SYS_unlinkat: return unlinkat(a[0], P(1), a[2]);
    case SYS_renameat2: return renameat2(a[0], P(1), a[2], P(3), a[4]);
    case SYS_linkat: return linkat(a[0], P(1), a[2], P(3), a[4]);
    case SYS_symlinkat: return symlinkat(P(0), a[1], P(2));
    case SYS_fchmodat: note('c', a[0], P(1), FOLLOW); break;
    case SYS_fchownat: return fchownat(a[0], P(1), a[2], a[3], a[4]);
    case SYS_truncate: return truncate(P(0), a[1]);
    case SYS_statfs: return statfs(P(0), P(1));
    case SYS_utimensat: return utimensat(a[0], P(1), P(2), a[3]);
    case SYS_chdir: return chdir(P(0));
    case SYS_execve: return execve(P(0), P(1), P(2));
    case SYS_execveat: return execveat(a[0], P(1), P(2), P(3), a[4]);
    /* Its reads would pass us by. Refused, as container runtimes do, programs go back to calls; Node asks at start. */
    case SYS_io_uring_setup: if (ready()) return errno = ENOSYS, -1; break;
  }
  ready();
  return raw(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* Calls that change names, modes, owners, times, and the folder of the process. */

CALL(int, mkdirat, (int dirfd, const char *path, mode_t mode), note('e', dirfd, path, MAKES), SYS_mkdirat, dirfd, path, mode)
int mkdir(const char *path, mode_t mode) { return mkdirat(AT_FDCWD, path, mode); }
CALL(int, mknodat, (int dirfd, const char *path, mode_t mode, dev_t device), note('e', dirfd, path, MAKES), SYS_mknodat, dirfd, path, mode, (unsigned)device)
int mknod(const char *path, mode_t mode, dev_t device) { return mknodat(AT_FDCWD, path, mode, device); }
int mkfifo(const char *path, mode_t mode) { return mknod(path, mode | S_IFIFO, 0); }
int mkfifoat(int dirfd, const char *path, mode_t mode) { return mknodat(dirfd, path, mode | S_IFIFO, 0); }

/* That a folder could be removed tells that it was empty. */
int unlinkat(int dirfd, const char *path, int flags) {
  note(flags & AT_REMOVEDIR ? 'l' : 'e', dirfd, path, 0);
  ready();
  int result = raw(SYS_unlinkat, dirfd, path, flags);
  if (result == 0 && !(flags & AT_REMOVEDIR)) note('w', dirfd, path, 0);
  return result;
}
int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }
int rmdir(const char *path) { return unlinkat(AT_FDCWD, path, AT_REMOVEDIR); }
int remove(const char *path) { return ready(), unlinkat(AT_FDCWD, path, is_folder(AT_FDCWD, path) ? AT_REMOVEDIR : 0); }

int renameat2(int from, const char *old, int to, const char *new, unsigned flags) {
  ready();
  int folder = is_folder(from, old);
  note(folder ? 't' : 'c', from, old, MAKES);
  note('e', to, new, MAKES);
  if (folder) note('l', to, new, 0);
  if (flags & RENAME_EXCHANGE) note(is_folder(to, new) ? 't' : 'c', to, new, 0);
  int result = raw(SYS_renameat2, from, old, to, new, flags);
  if (result == 0 && !folder && !(flags & RENAME_EXCHANGE)) note('w', to, new, 0);
  return result;
}
int renameat(int from, const char *old, int to, const char *new) { return renameat2(from, old, to, new, 0); }
int rename(const char *old, const char *new) { return renameat2(AT_FDCWD, old, AT_FDCWD, new, 0); }

int linkat(int from, const char *old, int to, const char *new, int flags) {
  note('c', from, old, flags & AT_SYMLINK_FOLLOW ? FOLLOW : 0);
  note('e', to, new, MAKES);
  ready();
  int result = raw(SYS_linkat, from, old, to, new, flags);
  if (result == 0) note('w', to, new, 0);
  return result;
}
int link(const char *old, const char *new) { return linkat(AT_FDCWD, old, AT_FDCWD, new, 0); }

int symlinkat(const char *target, int dirfd, const char *path) {
  note('e', dirfd, path, MAKES);
  ready();
  int result = raw(SYS_symlinkat, target, dirfd, path);
  if (result == 0) note('w', dirfd, path, 0);
  return result;
}
int symlink(const char *target, const char *path) { return symlinkat(target, AT_FDCWD, path); }

#define AT_HOW(flags) ((flags) & AT_SYMLINK_NOFOLLOW ? 0 : FOLLOW)
PASS(int, fchmodat, (int dirfd, const char *path, mode_t mode, int flags), (dirfd, path, mode, flags), note('c', dirfd, path, AT_HOW(flags)))
int chmod(const char *path, mode_t mode) { return fchmodat(AT_FDCWD, path, mode, 0); }
int lchmod(const char *path, mode_t mode) { return fchmodat(AT_FDCWD, path, mode, AT_SYMLINK_NOFOLLOW); }
CALL(int, fchownat, (int dirfd, const char *path, uid_t user, gid_t group, int flags), note('c', dirfd, path, AT_HOW(flags)), SYS_fchownat, dirfd, path, user, group, flags)
int chown(const char *path, uid_t user, gid_t group) { return fchownat(AT_FDCWD, path, user, group, 0); }
int lchown(const char *path, uid_t user, gid_t group) { return fchownat(AT_FDCWD, path, user, group, AT_SYMLINK_NOFOLLOW); }
CALL(int, truncate, (const char *path, off_t size), note('c', AT_FDCWD, path, FOLLOW), SYS_truncate, path, size)
CALL(int, truncate64, (const char *path, off64_t size), note('c', AT_FDCWD, path, FOLLOW), SYS_truncate, path, size)
CALL(int, utimensat, (int dirfd, const char *path, const struct timespec times[2], int flags), note('c', dirfd, path, AT_HOW(flags)), SYS_utimensat, dirfd, path, times, flags)
CALL(int, setxattr, (const char *path, const char *name, const void *value, size_t size, int flags), note('e', AT_FDCWD, path, FOLLOW), SYS_setxattr, path, name, value, size, flags)
CALL(int, lsetxattr, (const char *path, const char *name, const void *value, size_t size, int flags), note('e', AT_FDCWD, path, 0), SYS_lsetxattr, path, name, value, size, flags)
CALL(int, removexattr, (const char *path, const char *name), note('e', AT_FDCWD, path, FOLLOW), SYS_removexattr, path, name)
CALL(int, lremovexattr, (const char *path, const char *name), note('e', AT_FDCWD, path, 0), SYS_lremovexattr, path, name)
PASS(int, utime, (const char *path, const struct utimbuf *times), (path, times), note('c', AT_FDCWD, path, FOLLOW))
PASS(int, utimes, (const char *path, const struct timeval times[2]), (path, times), note('c', AT_FDCWD, path, FOLLOW))
PASS(int, lutimes, (const char *path, const struct timeval times[2]), (path, times), note('c', AT_FDCWD, path, 0))
PASS(int, futimesat, (int dirfd, const char *path, const struct timeval times[2]), (dirfd, path, times), note('c', dirfd, path, FOLLOW))

int mkostemps(char *path, int suffix, int flags) {
  ready();
  int fd = next_mkostemps(path, suffix, flags);
  note(fd >= 0 ? 'w' : 'e', AT_FDCWD, path, MAKES);
  return fd;
}
#define TEMPORARY(mkstemp, mkostemp, mkstemps)                                                                       \
  int mkstemp(char *path) { return mkostemps(path, 0, 0); }                                                          \
  int mkostemp(char *path, int flags) { return mkostemps(path, 0, flags); }                                          \
  int mkstemps(char *path, int suffix) { return mkostemps(path, suffix, 0); }
TEMPORARY(mkstemp, mkostemp, mkstemps)
TEMPORARY(mkstemp64, mkostemp64, mkstemps64)
int mkostemps64(char *path, int suffix, int flags) { return mkostemps(path, suffix, flags); }
char *mkdtemp(char *path) {
  ready();
  char *made = next_mkdtemp(path);
  note('e', AT_FDCWD, path, MAKES);
  return made;
}

CALL(int, chdir, (const char *path), note('e', AT_FDCWD, path, FOLLOW), SYS_chdir, path)
CALL(int, fchdir, (int fd), note('e', fd, "", 0), SYS_fchdir, fd)
PASS(int, chroot, (const char *path), (path), mark("a process changes its root folder", ""))
/* A tail call (-O2): the loader asks who called it. */
PASS(void *, dlopen, (const char *path, int mode), (path, mode), if (path != NULL && strchr(path, '/') != NULL) note('c', AT_FDCWD, path, FOLLOW))

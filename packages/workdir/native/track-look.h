/* Calls that only look. */

/* Defines a call that is noted and passed on to the next library, or made by number. */
#define PASS(type, name, parameters, arguments, notes)                                                               \
  type name parameters { notes; ready(); return next_##name arguments; }
#define CALL(type, name, parameters, notes, number, ...)                                                             \
  type name parameters { notes; ready(); return raw(number, __VA_ARGS__); }

static int stat_noted(int dirfd, const char *path, void *stat, int flags) {
  if (path != NULL && *path != 0) note('s', dirfd, path, flags & AT_SYMLINK_NOFOLLOW ? 0 : FOLLOW);
  ready();
  return raw(SYS_newfstatat, dirfd, path, stat, flags);
}

#define STATS(struct_stat, stat, lstat, fstatat, xstat, lxstat, fxstatat)                                            \
  int stat(const char *path, struct struct_stat *out) { return stat_noted(AT_FDCWD, path, out, 0); }                 \
  int lstat(const char *path, struct struct_stat *out) { return stat_noted(AT_FDCWD, path, out, AT_SYMLINK_NOFOLLOW); } \
  int fstatat(int dirfd, const char *path, struct struct_stat *out, int flags) { return stat_noted(dirfd, path, out, flags); } \
  int xstat(int version, const char *path, struct struct_stat *out) { (void)version; return stat_noted(AT_FDCWD, path, out, 0); } \
  int lxstat(int version, const char *path, struct struct_stat *out) { (void)version; return stat_noted(AT_FDCWD, path, out, AT_SYMLINK_NOFOLLOW); } \
  int fxstatat(int version, int dirfd, const char *path, struct struct_stat *out, int flags) { (void)version; return stat_noted(dirfd, path, out, flags); }
STATS(stat, stat, lstat, fstatat, __xstat, __lxstat, __fxstatat)
STATS(stat64, stat64, lstat64, fstatat64, __xstat64, __lxstat64, __fxstatat64)

int statx(int dirfd, const char *restrict path, int flags, unsigned mask, struct statx *restrict out) {
  if (path != NULL && *path != 0) note('s', dirfd, path, flags & AT_SYMLINK_NOFOLLOW ? 0 : FOLLOW);
  ready();
  return raw(SYS_statx, dirfd, path, flags, mask, out);
}

#define LOOK(mode) ((mode) == F_OK ? 'e' : 's')
CALL(int, access, (const char *path, int mode), note(LOOK(mode), AT_FDCWD, path, FOLLOW), SYS_faccessat, AT_FDCWD, path, mode)
PASS(int, faccessat, (int dirfd, const char *path, int mode, int flags), (dirfd, path, mode, flags),
     note(LOOK(mode), dirfd, path, flags & AT_SYMLINK_NOFOLLOW ? 0 : FOLLOW))
int euidaccess(const char *path, int mode) { return faccessat(AT_FDCWD, path, mode, AT_EACCESS); }
int eaccess(const char *path, int mode) { return faccessat(AT_FDCWD, path, mode, AT_EACCESS); }

CALL(ssize_t, readlinkat, (int dirfd, const char *path, char *out, size_t size), note('c', dirfd, path, 0), SYS_readlinkat, dirfd, path, out, size)
ssize_t readlink(const char *path, char *out, size_t size) { return readlinkat(AT_FDCWD, path, out, size); }
ssize_t __readlink_chk(const char *path, char *out, size_t size, size_t room) {
  return size > room ? (abort(), -1) : readlink(path, out, size);
}
ssize_t __readlinkat_chk(int dirfd, const char *path, char *out, size_t size, size_t room) {
  return size > room ? (abort(), -1) : readlinkat(dirfd, path, out, size);
}
PASS(char *, realpath, (const char *path, char *out), (path, out), note('e', AT_FDCWD, path, FOLLOW))
char *__realpath_chk(const char *path, char *out, size_t room) {
  return out != NULL && room < PATH_MAX ? (abort(), NULL) : realpath(path, out);
}
char *canonicalize_file_name(const char *path) { return realpath(path, NULL); }

/* What these tell of is no part of a folder; that they succeed tells that something is there. */
CALL(int, statfs, (const char *path, struct statfs *out), note('e', AT_FDCWD, path, FOLLOW), SYS_statfs, path, out)
CALL(int, statfs64, (const char *path, struct statfs64 *out), note('e', AT_FDCWD, path, FOLLOW), SYS_statfs, path, out)
PASS(int, statvfs, (const char *path, struct statvfs *out), (path, out), note('e', AT_FDCWD, path, FOLLOW))
PASS(int, statvfs64, (const char *path, struct statvfs64 *out), (path, out), note('e', AT_FDCWD, path, FOLLOW))
PASS(long, pathconf, (const char *path, int name), (path, name), note('e', AT_FDCWD, path, FOLLOW))
CALL(ssize_t, getxattr, (const char *path, const char *name, void *out, size_t size), note('e', AT_FDCWD, path, FOLLOW), SYS_getxattr, path, name, out, size)
CALL(ssize_t, lgetxattr, (const char *path, const char *name, void *out, size_t size), note('e', AT_FDCWD, path, 0), SYS_lgetxattr, path, name, out, size)
CALL(ssize_t, listxattr, (const char *path, char *out, size_t size), note('e', AT_FDCWD, path, FOLLOW), SYS_listxattr, path, out, size)
CALL(ssize_t, llistxattr, (const char *path, char *out, size_t size), note('e', AT_FDCWD, path, 0), SYS_llistxattr, path, out, size)
CALL(int, inotify_add_watch, (int fd, const char *path, uint32_t events), note('e', AT_FDCWD, path, FOLLOW), SYS_inotify_add_watch, fd, path, events)

PASS(DIR *, opendir, (const char *path), (path), note('l', AT_FDCWD, path, FOLLOW))
PASS(DIR *, fdopendir, (int fd), (fd), note('l', fd, "", 0))
CALL(ssize_t, getdents64, (int fd, void *out, size_t size), note('l', fd, "", 0), SYS_getdents64, fd, out, size)

#define SCANS(dirent, scandir, scandirat)                                                                            \
  int scandir(const char *path, struct dirent ***names, int (*pick)(const struct dirent *),                          \
              int (*order)(const struct dirent **, const struct dirent **)) {                                        \
    note('l', AT_FDCWD, path, FOLLOW);                                                                               \
    ready();                                                                                                         \
    return next_scandir(path, (void *)names, (void *)pick, (void *)order);                                           \
  }                                                                                                                  \
  int scandirat(int dirfd, const char *path, struct dirent ***names, int (*pick)(const struct dirent *),             \
                int (*order)(const struct dirent **, const struct dirent **)) {                                      \
    note('l', dirfd, path, FOLLOW);                                                                                  \
    ready();                                                                                                         \
    return next_scandirat(dirfd, path, (void *)names, (void *)pick, (void *)order);                                  \
  }
SCANS(dirent, scandir, scandirat)
SCANS(dirent64, scandir64, scandirat64)

/* A walk that follows links may end up anywhere below the roots. */
static void note_walk(const char *path, int follows) {
  note('t', AT_FDCWD, path, FOLLOW);
  for (int i = 0; ready() && follows && i < root_count; i++) record('t', roots[i].name, roots[i].name_length, "", 0);
}
#define WALKS(ftw, nftw, visit_t, visit_n)                                                                           \
  int ftw(const char *path, visit_t visit, int fds) { note_walk(path, 1); return next_ftw(path, (void *)visit, fds); } \
  int nftw(const char *path, visit_n visit, int fds, int flags) {                                                    \
    note_walk(path, !(flags & FTW_PHYS));                                                                            \
    return next_nftw(path, (void *)visit, fds, flags);                                                               \
  }
WALKS(ftw, nftw, __ftw_func_t, __nftw_func_t)
WALKS(ftw64, nftw64, __ftw64_func_t, __nftw64_func_t)

#define FTS(type, fts_open, entry)                                                                                   \
  type *fts_open(char *const *paths, int flags, int (*order)(const entry **, const entry **)) {                      \
    for (int i = 0; paths != NULL && paths[i] != NULL; i++) note_walk(paths[i], !(flags & FTS_PHYSICAL));            \
    ready();                                                                                                         \
    return next_##fts_open(paths, flags, order);                                                                     \
  }
FTS(FTS, fts_open, FTSENT)
FTS(FTS64, fts64_open, FTSENT64)

/* glibc's glob looks by the functions that it is given: by those above. */
#define GLOBS(glob, glob_t, dirent, stat, lstat)                                                                     \
  int glob(const char *pattern, int flags, int (*failed)(const char *, int), glob_t *out) {                          \
    ready();                                                                                                         \
    if (!(flags & GLOB_ALTDIRFUNC)) {                                                                                \
      out->gl_opendir = (void *(*)(const char *))opendir;                                                            \
      out->gl_readdir = (struct dirent * (*)(void *)) readdir;                                                       \
      out->gl_closedir = (void (*)(void *))closedir;                                                                 \
      out->gl_stat = stat;                                                                                           \
      out->gl_lstat = lstat;                                                                                         \
    }                                                                                                                \
    return next_glob(pattern, flags | GLOB_ALTDIRFUNC, failed, (void *)out);                                         \
  }
GLOBS(glob, glob_t, dirent, stat, lstat)
GLOBS(glob64, glob64_t, dirent64, stat64, lstat64)

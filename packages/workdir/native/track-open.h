/* Calls that open files. */

static int makes_new(int flags) { return (flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL); }
static int adds(int flags) { return (flags & O_APPEND) && (flags & O_ACCMODE) == O_WRONLY && !(flags & O_TRUNC); }
static int unnamed(int flags) { return (flags & O_TMPFILE) == O_TMPFILE; }
static int open_how(int flags) {
  return (flags & O_NOFOLLOW || makes_new(flags) ? 0 : FOLLOW) | (flags & O_CREAT ? MAKES : 0);
}

static void before_open(int dirfd, const char *path, int flags) {
  if (unnamed(flags)) note('e', dirfd, path, FOLLOW);
  else if (flags & (O_PATH | O_DIRECTORY)) note('s', dirfd, path, open_how(flags));
  else if (makes_new(flags)) note('e', dirfd, path, MAKES);
  else if (!(flags & (O_TRUNC | O_CREAT)) && adds(flags)) note('e', dirfd, path, open_how(flags));
  else if (adds(flags)) return;
  else if (!(flags & O_TRUNC)) note('c', dirfd, path, open_how(flags));
  else if (!(flags & O_CREAT)) note('e', dirfd, path, open_how(flags));
}

static void after_open(int dirfd, const char *path, int flags, int opened) {
  if (unnamed(flags) || flags & (O_PATH | O_DIRECTORY)) return;
  if (makes_new(flags) || flags & O_TRUNC) note(opened ? 'w' : 'e', dirfd, path, open_how(flags));
  else if (adds(flags)) note(opened ? 'a' : 'c', dirfd, path, open_how(flags));
}

static int open_noted(int dirfd, const char *path, int flags, mode_t mode) {
  before_open(dirfd, path, flags);
  ready();
  int fd = next_openat(dirfd, path, flags, mode);
  after_open(dirfd, path, flags, fd >= 0);
  return fd;
}

#define MODE_ARGUMENT                                                                                                \
  mode_t mode = 0;                                                                                                   \
  if (flags & O_CREAT || unnamed(flags)) {                                                                           \
    va_list rest;                                                                                                    \
    va_start(rest, flags);                                                                                           \
    mode = va_arg(rest, mode_t);                                                                                     \
    va_end(rest);                                                                                                    \
  }
#define OPENS(open, openat, creat, open_2, openat_2)                                                                 \
  int open(const char *path, int flags, ...) { MODE_ARGUMENT return open_noted(AT_FDCWD, path, flags, mode); }       \
  int openat(int dirfd, const char *path, int flags, ...) { MODE_ARGUMENT return open_noted(dirfd, path, flags, mode); } \
  int creat(const char *path, mode_t mode) { return open_noted(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode); } \
  int open_2(const char *path, int flags) { return open_noted(AT_FDCWD, path, flags, 0); }                           \
  int openat_2(int dirfd, const char *path, int flags) { return open_noted(dirfd, path, flags, 0); }
OPENS(open, openat, creat, __open_2, __openat_2)
OPENS(open64, openat64, creat64, __open64_2, __openat64_2)

static int stream_flags(const char *mode) {
  if (mode == NULL || *mode == 'r') return 0;
  int access = strchr(mode, '+') != NULL ? O_RDWR : O_WRONLY;
  return access | O_CREAT | (*mode == 'w' ? O_TRUNC : O_APPEND) | (strchr(mode, 'x') != NULL ? O_EXCL : 0);
}

#define STREAMS(fopen, freopen)                                                                                      \
  FILE *fopen(const char *path, const char *mode) {                                                                  \
    before_open(AT_FDCWD, path, stream_flags(mode));                                                                 \
    ready();                                                                                                         \
    FILE *file = next_fopen(path, mode);                                                                             \
    after_open(AT_FDCWD, path, stream_flags(mode), file != NULL);                                                    \
    return file;                                                                                                     \
  }                                                                                                                  \
  FILE *freopen(const char *path, const char *mode, FILE *old) {                                                     \
    before_open(AT_FDCWD, path, stream_flags(mode));                                                                 \
    ready();                                                                                                         \
    FILE *file = next_freopen(path, mode, old);                                                                      \
    after_open(AT_FDCWD, path, stream_flags(mode), file != NULL);                                                    \
    return file;                                                                                                     \
  }
STREAMS(fopen, freopen)
STREAMS(fopen64, freopen64)

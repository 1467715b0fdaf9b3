/* Paths: the place that one leads to, and the links on the way. */

static int below(const char *path, size_t length, const char *folder, size_t folder_length) {
  return length >= folder_length && memcmp(path, folder, folder_length) == 0 &&
         (path[folder_length] == '/' || path[folder_length] == 0);
}

static void emit(char letter, const char *path, size_t length) {
  for (int i = 0; i < root_count; i++) {
    const char *real = roots[i].real;
    size_t real_length = roots[i].real_length;
    if (below(path, length, real, real_length)) {
      record(letter, roots[i].name, roots[i].name_length, path + real_length, length - real_length);
      return;
    }
    if (letter == 't' && below(real, real_length, path, length))
      record(letter, roots[i].name, roots[i].name_length, "", 0);
  }
}

/* Records that it was looked whether a folder is there; `path` has room for a NUL. The roots themselves are. */
static void emit_folder(char *path, size_t length) {
  path[length] = 0;
  for (int i = 0; i < root_count; i++)
    if (length > roots[i].real_length && below(path, length, roots[i].real, roots[i].real_length))
      return emit('e', path, length);
}

/* Folders of the system do not become links while a process runs; asking once is enough. */
static int system_folder(const char *path) {
  return strncmp(path, "/usr/", 5) == 0 || strncmp(path, "/lib", 4) == 0 || strncmp(path, "/opt/", 5) == 0 ||
         strncmp(path, "/nix/", 5) == 0 || strncmp(path, "/etc/", 5) == 0;
}

/* Reads the link at `path`; -1 with errno EINVAL when it is something else. */
static ssize_t read_link(const char *path, size_t length, char *target, size_t room) {
  uint64_t hash = 0;
  if (system_folder(path)) {
    hash = mixed(hashed(0x9e3779b97f4a7c15u, path, length));
    if (remembered(hash)) return errno = EINVAL, -1;
  }
  ssize_t size = raw(SYS_readlinkat, AT_FDCWD, path, target, room);
  if (size < 0 && errno == EINVAL && hash != 0) remember(hash);
  return size;
}

static ssize_t ask_descriptor(int fd, char *out) {
  if (fd < 0) return -1;
  char link[40] = "/proc/self/fd/", digits[12];
  int count = 0, at = strlen(link);
  for (unsigned rest = fd; count == 0 || rest != 0; rest /= 10) digits[count++] = '0' + rest % 10;
  while (count > 0) link[at++] = digits[--count];
  link[at] = 0;
  return raw(SYS_readlinkat, AT_FDCWD, link, out, ROOM - 1);
}

/* Writes the folder that relative paths begin at, without links; returns its length, -1 when it is not known. */
static ssize_t start_folder(int dirfd, char *out) {
  ssize_t length = dirfd == AT_FDCWD ? raw(SYS_getcwd, out, ROOM) - 1 : ask_descriptor(dirfd, out);
  if (length < 0 && (errno == ERANGE || errno == ENAMETOOLONG)) mark("a path is too long", "");
  if (length < 1 || out[0] != '/') return -1;
  return length == 1 ? 0 : length;
}

/* Copies the root that an absolute path literally begins with: nothing above it needs asking. */
static size_t skip_root(const char *path, char *out) {
  for (int i = 0; i < root_count; i++) {
    size_t length = roots[i].real_length;
    if (strncmp(path, roots[i].real, length) != 0 || (path[length] != '/' && path[length] != 0)) continue;
    memcpy(out, roots[i].real, length);
    return length;
  }
  return 0;
}

/*
 * Walks on from the folder that is in `out` to the place that a path leads to, and records the links on the way, and
 * the folders that ".." leaves.
 * Returns its length, -1 when the path leads nowhere that is known. `rest` holds what is still to walk at its end, so
 * that a link's target fits before it.
 */
static ssize_t walk(char *out, size_t length, const char *path, int follow) {
  char rest[ROOM];
  size_t size = strlen(path), at = ROOM - 1 - size;
  int links = 0, gone = 0;
  if (size >= ROOM) return -1;
  memcpy(rest + at, path, size + 1);
  if (*path == '/') at += length = skip_root(path, out);
  for (;;) {
    while (rest[at] == '/') at++;
    if (rest[at] == 0) break;
    size_t part = strcspn(rest + at, "/"), end = at + part;
    if (part == 2 && rest[at] == '.' && rest[at + 1] == '.') {
      emit_folder(out, length);
      while (length > 0 && out[--length] != '/') continue;
    } else if (part != 1 || rest[at] != '.') {
      if (length + part + 2 > ROOM) return mark("a path is too long", ""), -1;
      out[length] = '/';
      memcpy(out + length + 1, rest + at, part);
      size_t whole = length + 1 + part;
      out[whole] = 0;
      int last = rest[end] == 0;
      ssize_t target = gone || (last && !follow) ? -1 : read_link(out, whole, rest, end);
      if (target < 0) {
        gone |= !(last && !follow) && (errno == ENOENT || errno == ENOTDIR);
        length = whole;
      } else {
        emit('c', out, whole);
        if (++links > MOST_LINKS) return -1;
        if ((size_t)target >= end) return mark("a path is too long", ""), -1;
        if (rest[0] == '/') length = 0;
        memmove(rest + end - target, rest, target);
        end -= target;
      }
    }
    at = end;
  }
  out[length] = 0;
  return length;
}

static ssize_t walk_all(char *out, int dirfd, const char *path, int follow) {
  ssize_t start = *path == '/' ? 0 : start_folder(dirfd, out);
  return start < 0 ? -1 : walk(out, start, path, follow);
}

/*
 * Folders whose place is known, a few a thread: walks open all files of a folder in a row. A folder of equal inode and
 * change time is the same, or one that the task itself made this instant. One that was moved meanwhile has been
 * recorded as read whole, so its old place will do.
 */
enum { FOLDERS = 4, SPELLING = 160, PLACE = 320 };
static __thread __attribute__((tls_model("initial-exec"))) struct {
  int busy;
  struct {
    dev_t device;
    ino_t inode;
    struct timespec changed;
    size_t length;
    char spelling[SPELLING], place[PLACE];
  } of[FOLDERS];
} known;

/* Writes the place of the folder that `spelling` means; returns its length, -1 when it is not known. */
static ssize_t place_of_folder(char *out, int dirfd, const char *spelling, size_t size) {
  struct stat stat;
  if (raw(SYS_newfstatat, dirfd, spelling, &stat, AT_EMPTY_PATH) != 0) return -1;
  int at = hashed(dirfd, spelling, size) % FOLDERS;
  ssize_t length = known.of[at].length;
  if (length > 0 && known.of[at].inode == stat.st_ino && known.of[at].device == stat.st_dev &&
      known.of[at].changed.tv_sec == stat.st_ctim.tv_sec && known.of[at].changed.tv_nsec == stat.st_ctim.tv_nsec &&
      strcmp(known.of[at].spelling, spelling) == 0) {
    memcpy(out, known.of[at].place, length);
    return length;
  }
  length = walk_all(out, dirfd, spelling, FOLLOW);
  if (length < 1 || length >= PLACE || !S_ISDIR(stat.st_mode)) return length;
  known.of[at].device = stat.st_dev;
  known.of[at].inode = stat.st_ino;
  known.of[at].changed = stat.st_ctim;
  known.of[at].length = length;
  memcpy(known.of[at].spelling, spelling, size + 1);
  memcpy(known.of[at].place, out, length);
  return length;
}

/* Writes the place that a path leads to; returns its length, -1 when it is not known. */
static ssize_t resolve(char *out, int dirfd, const char *path, int follow) {
  char spelling[SPELLING];
  const char *slash = strrchr(path, '/'), *name = slash == NULL ? path : slash + 1;
  size_t size = slash == NULL ? 0 : slash - path;
  int plain = *name != 0 && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
  /* `busy` is set when a signal handler comes here in the middle of what follows. */
  if (!plain || size >= SPELLING || (size == 0 && slash != NULL) || system_folder(path) || known.busy)
    return walk_all(out, dirfd, path, follow);
  memcpy(spelling, path, size);
  spelling[size] = 0;
  known.busy = 1;
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
  ssize_t length = place_of_folder(out, dirfd, spelling, size);
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
  known.busy = 0;
  return length < 0 ? walk_all(out, dirfd, path, follow) : walk(out, length, name, follow);
}

static void note_folder_of(const char *path, size_t length) {
  char folder[ROOM];
  while (length > 0 && path[length - 1] != '/') length--;
  if (length < 2) return;
  memcpy(folder, path, --length);
  emit_folder(folder, length);
}

static int ready(void);

/* Records one look at a path; `how` is FOLLOW where the call follows a link at its end, MAKES where it makes or moves a name. */
static void note(char letter, int dirfd, const char *path, int how) {
  if (!ready() || path == NULL || (*path == 0 && dirfd == AT_FDCWD)) return;
  int before = errno;
  char out[ROOM];
  ssize_t length = resolve(out, dirfd, path, how & FOLLOW);
  if (length >= 0) {
    emit(letter, out, length);
    if (how & MAKES) note_folder_of(out, length);
  }
  errno = before;
}

static int is_folder(int dirfd, const char *path) {
  struct stat stat;
  int before = errno, folder = path != NULL && raw(SYS_newfstatat, dirfd, path, &stat, AT_SYMLINK_NOFOLLOW) == 0 &&
                               S_ISDIR(stat.st_mode);
  errno = before;
  return folder;
}

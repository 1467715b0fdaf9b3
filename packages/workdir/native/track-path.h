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

/* Writes the folder that relative paths begin at, without links; returns its length, -1 when it is not known. */
static ssize_t start_folder(int dirfd, char *out) {
  ssize_t length;
  if (dirfd == AT_FDCWD) {
    length = raw(SYS_getcwd, out, ROOM) - 1;
  } else {
    char link[40] = "/proc/self/fd/", digits[12];
    int count = 0, at = strlen(link);
    for (unsigned rest = dirfd; count == 0 || rest != 0; rest /= 10) digits[count++] = '0' + rest % 10;
    while (count > 0) link[at++] = digits[--count];
    link[at] = 0;
    length = dirfd < 0 ? -1 : raw(SYS_readlinkat, AT_FDCWD, link, out, ROOM - 1);
  }
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
 * Writes the place that a path leads to, and records the links on the way. Returns its length, -1 when the path leads
 * nowhere that is known. `rest` holds what is still to walk at its end, so that a link's target fits before it.
 */
static ssize_t resolve(char *out, int dirfd, const char *path, int follow) {
  char rest[ROOM];
  size_t size = strlen(path), at = ROOM - 1 - size, length;
  int links = 0, gone = 0;
  if (size >= ROOM) return -1;
  memcpy(rest + at, path, size + 1);
  if (*path == '/') {
    at += length = skip_root(path, out);
  } else {
    ssize_t start = start_folder(dirfd, out);
    if (start < 0) return -1;
    length = start;
  }
  for (;;) {
    while (rest[at] == '/') at++;
    if (rest[at] == 0) break;
    size_t part = strcspn(rest + at, "/"), end = at + part;
    if (part == 2 && rest[at] == '.' && rest[at + 1] == '.') {
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

static void note_folder_of(const char *path, size_t length) {
  char folder[ROOM];
  while (length > 0 && path[length - 1] != '/') length--;
  if (length < 2) return;
  memcpy(folder, path, --length);
  folder[length] = 0;
  for (int i = 0; i < root_count; i++)
    if (length > roots[i].real_length && below(folder, length, roots[i].real, roots[i].real_length))
      return emit('e', folder, length);
}

static int ready(void);

/* Records one look at a path; `how` is FOLLOW where the call follows a link at its end, MAKES where it makes a name. */
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

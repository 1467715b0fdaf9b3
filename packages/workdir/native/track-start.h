/* The start of a process. */

static void add_root(const char *name, size_t length) {
  while (length > 1 && name[length - 1] == '/') length--;
  if (length == 0) return;
  char real[ROOM];
  if (root_count == ROOTS || length >= ROOM || name[0] != '/') return mark("a root cannot be watched", "");
  memcpy(roots[root_count].name, name, length);
  roots[root_count].name[length] = 0;
  ssize_t real_length = resolve(real, AT_FDCWD, roots[root_count].name, FOLLOW);
  if (real_length < 0) return mark("a root cannot be watched", "");
  roots[root_count].name_length = length == 1 ? 0 : length;
  memcpy(roots[root_count].real, real, real_length + 1);
  roots[root_count].real_length = real_length;
  root_count++;
}

/* The program, and what the loader has already opened for it; where it may look for libraries counts as read. */
static int note_library(struct dl_phdr_info *library, size_t size, void *nothing) {
  (void)size, (void)nothing;
  if (library->dlpi_name == NULL || library->dlpi_name[0] != '/') return 0;
  note('c', AT_FDCWD, library->dlpi_name, FOLLOW);
  if (strstr(library->dlpi_name, "/liburing.so") != NULL) mark("a process uses io_uring", "");
  return 0;
}

static void note_libraries(void) {
  note('c', AT_FDCWD, (const char *)getauxval(AT_EXECFN), FOLLOW);
  dl_iterate_phdr(note_library, NULL);
  const char *at = getenv("LD_LIBRARY_PATH");
  while (at != NULL && *at != 0) {
    char folder[ROOM];
    size_t length = strcspn(at, ":;");
    if (length < ROOM) {
      memcpy(folder, at, length);
      folder[length] = 0;
      note('t', AT_FDCWD, folder, FOLLOW);
    }
    at += length + (at[length] != 0);
  }
}

static void find_loader(void) {
  Dl_info loader;
  struct stat stat;
  void *base = (void *)getauxval(AT_BASE);
  if (base == NULL || dladdr(base, &loader) == 0 || loader.dli_fname == NULL) return;
  if (raw(SYS_newfstatat, AT_FDCWD, loader.dli_fname, &stat, 0) != 0) return;
  loader_device = stat.st_dev;
  loader_inode = stat.st_ino;
}

static void start(void) {
  Dl_info library;
  struct stat stat;
#define RESOLVE(name) next_##name = (__typeof__(next_##name))dlsym(RTLD_NEXT, #name);
  PASSED_ON(RESOLVE)
  started = 1;
  const char *log = getenv("SHEAF_TRACK_LOG"), *root = getenv("SHEAF_TRACK_ROOT");
  if (log == NULL || root == NULL || log[0] != '/' || strlen(log) >= ROOM || strlen(root) >= sizeof own_root - 32) return;
  if (dladdr((void *)start, &library) == 0 || library.dli_fname == NULL || strlen(library.dli_fname) >= ROOM) return;
  snprintf(own_log, sizeof own_log, "SHEAF_TRACK_LOG=%s", log);
  snprintf(own_root, sizeof own_root, "SHEAF_TRACK_ROOT=%s", root);
  snprintf(own_preload, sizeof own_preload, "LD_PRELOAD=%s", library.dli_fname);
  if (!open_log() || raw(SYS_fstat, log_fd, &stat) != 0) {
    if (errno != ENOENT) raw(SYS_unlinkat, AT_FDCWD, log_path, 0);
    return;
  }
  log_device = stat.st_dev;
  log_inode = stat.st_ino;
  active = 1;
  find_loader();
  for (size_t length; *root != 0; root += length + (root[length] != 0)) add_root(root, length = strcspn(root, ":"));
  note_libraries();
}

/* Libraries that are set up before this one may already open files. */
static int ready(void) {
  if (!started) start();
  return active;
}

__attribute__((constructor(101))) static void start_with_process(void) {
  int before = errno;
  ready();
  errno = before;
}

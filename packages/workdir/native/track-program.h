/* Calls that run programs. */

/* Tells why a program of ELF would run without this library; NULL when it would not. */
static const char *elf_problem(int fd, char *head, size_t size) {
  Elf64_Ehdr header;
  struct stat stat;
  char text[512];
  memcpy(&header, head, sizeof header);
  if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_phentsize != sizeof(Elf64_Phdr)) return "not a 64-bit program: ";
  const char *problem = "a static program: ";
  for (int i = 0; i < header.e_phnum; i++) {
    Elf64_Phdr part;
    size_t at = header.e_phoff + i * sizeof part;
    if (at + sizeof part <= size) memcpy(&part, head + at, sizeof part);
    else if (raw(SYS_pread64, fd, &part, sizeof part, at) != sizeof part) return "a damaged program: ";
    if (part.p_type != PT_INTERP && part.p_type != PT_NOTE) continue;
    ssize_t length = raw(SYS_pread64, fd, text, part.p_filesz < sizeof text ? part.p_filesz : sizeof text, part.p_offset);
    if (length <= 0) return "a damaged program: ";
    if (part.p_type == PT_NOTE) {
      if (memmem(text, length, "\4\0\0\0Go\0", 8) != NULL) return "a program that bypasses glibc: ";
      continue;
    }
    text[length - 1] = 0;
    if (raw(SYS_newfstatat, AT_FDCWD, text, &stat, 0) != 0) return "the loader is missing: ";
    int same = stat.st_dev == loader_device && stat.st_ino == loader_inode;
    problem = same ? NULL : "another loader: ";
  }
  return problem;
}

static const char *problem_of(int fd, const char *path, char *head, ssize_t size) {
  struct stat stat;
  if (raw(SYS_fstat, fd, &stat) != 0 || !S_ISREG(stat.st_mode) || !(stat.st_mode & 0111)) return NULL;
  if ((stat.st_mode & S_ISUID && stat.st_uid != getuid()) || (stat.st_mode & S_ISGID && stat.st_gid != getgid()))
    return "a setuid program: ";
  if (raw(SYS_getxattr, path, "security.capability", NULL, 0) > 0) return "a program with capabilities: ";
  if (size >= (ssize_t)sizeof(Elf64_Ehdr) && memcmp(head, ELFMAG, SELFMAG) == 0) return elf_problem(fd, head, size);
  if (size > 2 && head[0] == '#' && head[1] == '!') return NULL;
  return size > 0 && memchr(head, 0, size) != NULL ? "an unknown kind of program: " : NULL;
}

/* Records a program that is about to be run, and those that its "#!" lines name. */
static void note_program(int dirfd, const char *path) {
  char file[ROOM], head[1024];
  if (!ready() || path == NULL) return;
  int before = errno;
  for (int depth = 0; depth < SCRIPTS; depth++) {
    ssize_t length = resolve(file, dirfd, path, FOLLOW);
    if (length < 0) break;
    emit('c', file, length);
    int fd = raw(SYS_openat, AT_FDCWD, file, O_RDONLY | O_CLOEXEC, 0);
    if (fd < 0) {
      if (raw(SYS_faccessat, AT_FDCWD, file, X_OK) == 0) mark("a program that cannot be read: ", file);
      break;
    }
    ssize_t size = raw(SYS_pread64, fd, head, sizeof head - 1, 0);
    const char *problem = problem_of(fd, file, head, size);
    raw(SYS_close, fd);
    if (problem != NULL) mark(problem, file);
    if (size < 3 || head[0] != '#' || head[1] != '!') break;
    head[size] = 0;
    path = head + 2 + strspn(head + 2, " \t");
    head[path - head + strcspn(path, " \t\n")] = 0;
    dirfd = AT_FDCWD;
  }
  errno = before;
}

static const char *value_of(const char *variable, const char *name) {
  size_t length = strlen(name);
  return strncmp(variable, name, length) == 0 && variable[length] == '=' ? variable + length + 1 : NULL;
}

static int names_library(const char *list) {
  size_t length = strlen(library_path);
  for (const char *at = list; (at = strstr(at, library_path)) != NULL; at++)
    if ((at == list || at[-1] == ':' || at[-1] == ' ') && (at[length] == 0 || at[length] == ':' || at[length] == ' ')) return 1;
  return 0;
}

static size_t entries(char *const envp[]) {
  size_t count = 0;
  while (envp != NULL && envp[count] != NULL) count++;
  if (count > MOST_VARIABLES) mark("an environment is too large", "");
  return count > MOST_VARIABLES ? 0 : count;
}

static size_t preload_room(char *const envp[]) {
  size_t longest = 0;
  for (size_t i = 0; i < entries(envp); i++) {
    size_t length = value_of(envp[i], "LD_PRELOAD") != NULL ? strlen(envp[i]) : 0;
    if (length > longest) longest = length;
  }
  return longest + strlen(own_preload) + 2;
}

/* Returns an environment that tracks: the given one, or `fixed` with our variables put back. */
static char *const *tracking(char *const envp[], char **fixed, char *preload) {
  size_t count = entries(envp), kept = 0;
  int library = 0, log = 0, root = 0, extra = 0;
  if (!ready() || (count == 0 && envp != NULL && envp[0] != NULL)) return envp;
  for (size_t i = 0; i < count; i++) {
    const char *value;
    char *variable = envp[i];
    if ((value = value_of(variable, "SHEAF_TRACK_LOG")) != NULL) {
      if (strcmp(value, log_path) != 0) return mark("a process is tracked for somebody else", ""), envp;
      log = 1;
    } else if (value_of(variable, "SHEAF_TRACK_ROOT") != NULL) {
      if (strcmp(variable, own_root) != 0) return mark("a process is tracked for somebody else", ""), envp;
      root = 1;
    } else if (value_of(variable, "SHEAF_TRACK_COVERED") != NULL) {
      extra = 1;
    } else if ((value = value_of(variable, "LD_PRELOAD")) != NULL && !library) {
      library = 1;
      if (!names_library(value)) variable = strcat(strcat(strcpy(preload, variable), *value == 0 ? "" : ":"), library_path);
    }
    fixed[kept++] = variable;
  }
  if (!library) fixed[kept++] = own_preload;
  if (!log) fixed[kept++] = own_log;
  if (!root) fixed[kept++] = own_root;
  if (!extra) fixed[kept++] = (char *)own_extra;
  fixed[kept] = NULL;
  return fixed;
}
#define TRACK(envp)                                                                                                  \
  ready();                                                                                                           \
  char *fixed[entries(envp) + 5], preload[preload_room(envp)];                                                       \
  char *const *tracked = tracking(envp, fixed, preload)

int execveat(int dirfd, const char *path, char *const argv[], char *const envp[], int flags) {
  note_program(dirfd, path);
  TRACK(envp);
  if (dirfd == AT_FDCWD && flags == 0) return raw(SYS_execve, path, argv, tracked);
  return raw(SYS_execveat, dirfd, path, argv, tracked, flags);
}
int execve(const char *path, char *const argv[], char *const envp[]) { return execveat(AT_FDCWD, path, argv, envp, 0); }
int execv(const char *path, char *const argv[]) { return execve(path, argv, environ); }
int fexecve(int fd, char *const argv[], char *const envp[]) { return execveat(fd, "", argv, envp, AT_EMPTY_PATH); }

/* Calls `use` with each file that a bare name may mean along PATH, until it returns 1. */
static void along_path(const char *name, int (*use)(const char *, void *), void *with) {
  const char *at = getenv("PATH");
  if (at == NULL) at = "/bin:/usr/bin";
  for (;; at++) {
    char file[ROOM];
    size_t length = strcspn(at, ":"), size = strlen(name);
    if (length + size + 2 <= ROOM) {
      memcpy(file, at, length);
      if (length > 0) file[length++] = '/';
      memcpy(file + length, name, size + 1);
      if (use(file, with)) return;
    }
    at += strcspn(at, ":");
    if (*at == 0) return;
  }
}

struct program { char *const *argv, *const *envp; int denied; };

static int run_by_shell(const char *path, struct program *program) {
  size_t count = entries(program->argv);
  const char *argv[count + 2];
  argv[0] = "/bin/sh";
  argv[1] = path;
  for (size_t i = 1; i <= count; i++) argv[i + 1] = program->argv[i];
  argv[count + 1 > 2 ? count + 1 : 2] = NULL;
  return execve("/bin/sh", (char *const *)argv, program->envp);
}

static int try_run(const char *path, void *with) {
  struct program *program = with;
  execve(path, program->argv, program->envp);
  if (errno == ENOEXEC) return run_by_shell(path, program), 1;
  if (errno == EACCES) program->denied = 1;
  return errno != EACCES && errno != ENOENT && errno != ENOTDIR && errno != ESTALE && errno != ENODEV && errno != ETIMEDOUT;
}

int execvpe(const char *name, char *const argv[], char *const envp[]) {
  struct program program = {argv, envp, 0};
  errno = ENOENT;
  if (name == NULL || *name == 0) return -1;
  if (strchr(name, '/') != NULL) try_run(name, &program);
  else along_path(name, try_run, &program);
  if (program.denied && (errno == ENOENT || errno == ENOTDIR)) errno = EACCES;
  return -1;
}
int execvp(const char *name, char *const argv[]) { return execvpe(name, argv, environ); }

#define LIST_OF_ARGUMENTS(first)                                                                                     \
  va_list rest;                                                                                                      \
  size_t count = 1;                                                                                                  \
  va_start(rest, first);                                                                                             \
  while (va_arg(rest, char *) != NULL) count++;                                                                      \
  va_end(rest);                                                                                                      \
  char *argv[count + 1];                                                                                             \
  va_start(rest, first);                                                                                             \
  argv[0] = (char *)first;                                                                                           \
  for (size_t i = 1; i <= count; i++) argv[i] = va_arg(rest, char *);
int execl(const char *path, const char *first, ...) {
  LIST_OF_ARGUMENTS(first)
  va_end(rest);
  return execv(path, argv);
}
int execlp(const char *name, const char *first, ...) {
  LIST_OF_ARGUMENTS(first)
  va_end(rest);
  return execvp(name, argv);
}
int execle(const char *path, const char *first, ...) {
  LIST_OF_ARGUMENTS(first)
  char *const *envp = va_arg(rest, char *const *);
  va_end(rest);
  return execve(path, argv, envp);
}

static int note_candidate(const char *path, void *nothing) {
  struct stat stat;
  (void)nothing;
  note_program(AT_FDCWD, path);
  return raw(SYS_newfstatat, AT_FDCWD, path, &stat, 0) == 0 && S_ISREG(stat.st_mode) && raw(SYS_faccessat, AT_FDCWD, path, X_OK) == 0;
}

static void note_spawn(const char *path) {
  if (spawn_changes_folder && *path != '/') mark("a process is started in another folder", "");
  note_program(AT_FDCWD, path);
}

int posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
                const posix_spawnattr_t *attributes, char *const argv[], char *const envp[]) {
  note_spawn(path);
  TRACK(envp);
  return next_posix_spawn(pid, path, actions, attributes, argv, tracked);
}

int posix_spawnp(pid_t *pid, const char *name, const posix_spawn_file_actions_t *actions,
                 const posix_spawnattr_t *attributes, char *const argv[], char *const envp[]) {
  int before = errno;
  ready();
  if (strchr(name, '/') != NULL) note_spawn(name);
  else along_path(name, note_candidate, NULL);
  errno = before;
  TRACK(envp);
  return next_posix_spawnp(pid, name, actions, attributes, argv, tracked);
}

int posix_spawn_file_actions_addopen(posix_spawn_file_actions_t *actions, int fd, const char *path, int flags, mode_t mode) {
  ready();
  if (spawn_changes_folder && *path != '/') mark("a process is started in another folder", "");
  before_open(AT_FDCWD, path, flags);
  after_open(AT_FDCWD, path, flags, 1);
  return next_posix_spawn_file_actions_addopen(actions, fd, path, flags, mode);
}

int posix_spawn_file_actions_addchdir_np(posix_spawn_file_actions_t *actions, const char *path) {
  note('e', AT_FDCWD, path, FOLLOW);
  spawn_changes_folder = 1;
  ready();
  return next_posix_spawn_file_actions_addchdir_np(actions, path);
}

/* These start a shell with the environment of this process. */
static void keep_environment(void) {
  if (!ready()) return;
  TRACK(environ);
  for (int i = 0; tracked == fixed && fixed[i] != NULL; i++) {
    const char *end = strchr(fixed[i], '=');
    int ours = fixed[i] == own_log || fixed[i] == own_root || fixed[i] == own_extra || fixed[i] == preload || fixed[i] == own_preload;
    if (!ours) continue;
    char name[32] = {0};
    memcpy(name, fixed[i], end - fixed[i]);
    setenv(name, end + 1, 1);
  }
}
PASS(int, system, (const char *command), (command), keep_environment())
PASS(FILE *, popen, (const char *command, const char *mode), (command, mode), keep_environment())

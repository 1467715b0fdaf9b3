/* The log: who writes it, and what is in it already. */

static uint64_t seen[1 << 14];

static uint64_t hashed(uint64_t hash, const char *text, size_t length) {
  for (size_t i = 0; i < length; i++) hash = (hash ^ (unsigned char)text[i]) * 0x100000001b3u;
  return hash;
}

static uint64_t mixed(uint64_t hash) {
  hash = (hash ^ (hash >> 32)) * 0xd6e8feb86659fd93u;
  hash = (hash ^ (hash >> 29)) * 0xff51afd7ed558ccdu;
  return (hash ^ (hash >> 32)) | 1;
}

static int remembered(uint64_t hash) {
  for (int i = 0; i < 8; i++)
    if (__atomic_load_n(&seen[(hash + i) % (1 << 14)], __ATOMIC_RELAXED) == hash) return 1;
  return 0;
}

static void remember(uint64_t hash) {
  for (int i = 0; i < 8; i++) {
    uint64_t empty = 0;
    if (__atomic_compare_exchange_n(&seen[(hash + i) % (1 << 14)], &empty, hash, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
      return;
  }
  __atomic_store_n(&seen[hash % (1 << 14)], hash, __ATOMIC_RELAXED);
}

/* Opens the log at a number that programs do not choose. Always the same one: a child of vfork shares `log_fd`. */
static int open_log(void) {
  struct rlimit limit;
  int low = raw(SYS_openat, AT_FDCWD, log_path, O_WRONLY | O_APPEND | O_CLOEXEC, 0);
  if (low < 0) return 0;
  int wanted = getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < 1024 ? (int)limit.rlim_cur - 24 : 1000;
  int high = wanted > 2 ? raw(SYS_fcntl, low, F_DUPFD_CLOEXEC, wanted) : -1;
  if (high >= 0) raw(SYS_close, low);
  log_fd = high >= 0 ? high : low;
  return 1;
}

/* Programs close and reuse descriptors that they do not know: nothing of ours may end up in a file of theirs. */
static int log_is_open(void) {
  struct stat stat;
  return log_fd >= 0 && raw(SYS_fstat, log_fd, &stat) == 0 && stat.st_dev == log_device && stat.st_ino == log_inode;
}

static void record(char letter, const char *head, size_t head_length, const char *tail, size_t tail_length) {
  uint64_t hash = mixed(hashed(hashed(hashed(0xcbf29ce484222325u, &letter, 1), head, head_length), tail, tail_length));
  if (remembered(hash)) return;
  struct iovec parts[] = {
      {&letter, 1}, {(void *)head, head_length}, {(void *)tail, tail_length}, {(void *)"", 1}};
  long length = (long)(head_length + tail_length + 2);
  if ((log_is_open() || open_log()) && raw(SYS_writev, log_fd, parts, 4) == length) remember(hash);
  else raw(SYS_unlinkat, AT_FDCWD, log_path, 0);
}

static void mark(const char *reason, const char *path) {
  if (active) record('u', reason, strlen(reason), path, strlen(path));
}

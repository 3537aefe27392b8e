/*
 * Loaded into the server (LD_PRELOAD): keeps beside the data directory what a power cut would leave of it, which is
 * what was synced and nothing else, and fails on request.
 *
 *   DISK_DIRECTORY  the data directory, absolute; flat
 *   DISK_SHADOW     one file for each synced file, named by inode and time of birth, and `names`: the directory as
 *                   it was when it was last synced ("<file of the shadow> <name>" a line)
 *   DISK_FAULT      while this file is there, what its first letter says fails: w writes (EIO), s writes (ENOSPC),
 *                   f syncs (EIO; what was not synced before is then never synced by itself, as on Linux)
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static char directory[PATH_MAX], shadow[PATH_MAX], fault_file[PATH_MAX];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static ssize_t (*real_pwrite)(int, const void *, size_t, off64_t);
static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_writev)(int, const struct iovec *, int);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);

typedef struct range { off64_t from, to; struct range *next; } range;
typedef struct file { char key[64]; int copied; range *dirty; struct file *next; } file;
static file *files;

static void key_of(const struct statx *s, char *key) {
  snprintf(key, 64, "%llu-%lld.%u", (unsigned long long)s->stx_ino, (long long)s->stx_btime.tv_sec, s->stx_btime.tv_nsec);
}

/* 1: a file of the data directory, 2: the directory itself, 0: neither. */
static int belongs(int fd, struct statx *s) {
  char link[64], path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length <= 0) return 0;
  path[length] = 0;
  size_t prefix = strlen(directory);
  if (strncmp(path, directory, prefix) != 0) return 0;
  if (statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME, s) != 0) return 0;
  if (path[prefix] == 0) return 2;
  if (path[prefix] != '/' || strchr(path + prefix + 1, '/') != NULL) return 0;
  if (length > 4 && strcmp(path + length - 4, "-shm") == 0) return 0;
  return S_ISREG(s->stx_mode) ? 1 : 0;
}

static file *file_of(const struct statx *s) {
  char key[64];
  key_of(s, key);
  for (file *each = files; each != NULL; each = each->next)
    if (strcmp(each->key, key) == 0) return each;
  file *made = calloc(1, sizeof *made);
  strcpy(made->key, key);
  made->next = files;
  files = made;
  return made;
}

static void forget(file *of) {
  while (of->dirty != NULL) {
    range *gone = of->dirty;
    of->dirty = gone->next;
    free(gone);
  }
}

static void copy_range(int from, int to, off64_t at, off64_t end) {
  static char buffer[1 << 16];
  while (at < end) {
    size_t want = end - at < (off64_t)sizeof buffer ? (size_t)(end - at) : sizeof buffer;
    ssize_t got = pread64(from, buffer, want, at);
    if (got <= 0) break;
    real_pwrite(to, buffer, got, at);
    at += got;
  }
}

/* The file may have been opened for writing only, so it is opened again. */
static void save(int fd, const struct statx *s, file *of) {
  char path[PATH_MAX + 80], link[64];
  snprintf(path, sizeof path, "%s/%s", shadow, of->key);
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  int from = open64(link, O_RDONLY | O_CLOEXEC), to = open64(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (from >= 0 && to >= 0) {
    /* A sync also takes what a process before this one had written. */
    if (!of->copied) copy_range(from, to, 0, s->stx_size);
    for (range *each = of->dirty; each != NULL; each = each->next) copy_range(from, to, each->from, each->to);
    if (ftruncate64(to, s->stx_size) != 0) perror("disk");
    of->copied = 1;
    forget(of);
  }
  if (from >= 0) close(from);
  if (to >= 0) close(to);
}

static void save_names(void) {
  char names[PATH_MAX + 80], partial[PATH_MAX + 80];
  snprintf(names, sizeof names, "%s/names", shadow);
  snprintf(partial, sizeof partial, "%s/names.partial", shadow);
  FILE *out = fopen(partial, "w");
  DIR *in = opendir(directory);
  for (struct dirent *entry; out != NULL && in != NULL && (entry = readdir(in)) != NULL;) {
    struct statx s;
    char key[64];
    if (statx(dirfd(in), entry->d_name, 0, STATX_BASIC_STATS | STATX_BTIME, &s) != 0 || !S_ISREG(s.stx_mode)) continue;
    key_of(&s, key);
    fprintf(out, "%s %s\n", key, entry->d_name);
  }
  if (in != NULL) closedir(in);
  if (out != NULL) fclose(out);
  rename(partial, names);
}

static char fault(void) {
  char kind = 0;
  int fd = open64(fault_file, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  if (read(fd, &kind, 1) != 1) kind = 0;
  close(fd);
  return kind;
}

__attribute__((constructor)) static void begin(void) {
  real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
  real_write = dlsym(RTLD_NEXT, "write");
  real_writev = dlsym(RTLD_NEXT, "writev");
  real_fsync = dlsym(RTLD_NEXT, "fsync");
  real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
  const char *d = getenv("DISK_DIRECTORY"), *s = getenv("DISK_SHADOW"), *f = getenv("DISK_FAULT");
  if (d == NULL || s == NULL || f == NULL) return;
  snprintf(directory, sizeof directory, "%s", d);
  snprintf(shadow, sizeof shadow, "%s", s);
  snprintf(fault_file, sizeof fault_file, "%s", f);
  /* What lies there before the first start has survived: the server's own, and children that come later, find it. */
  char names[PATH_MAX + 80];
  snprintf(names, sizeof names, "%s/names", shadow);
  if (access(names, F_OK) == 0) return;
  DIR *in = opendir(directory);
  for (struct dirent *entry; in != NULL && (entry = readdir(in)) != NULL;) {
    struct statx of;
    int fd = openat64(dirfd(in), entry->d_name, O_RDONLY | O_CLOEXEC);
    if (fd >= 0 && belongs(fd, &of) == 1) save(fd, &of, file_of(&of));
    if (fd >= 0) close(fd);
  }
  if (in != NULL) closedir(in);
  save_names();
}

/* Whether the write is to fail; otherwise it is noted before it is done, so that no sync can miss it. */
static int refused(int fd, off64_t at, size_t length) {
  struct statx s;
  if (directory[0] == 0 || belongs(fd, &s) != 1) return 0;
  char kind = fault();
  if (kind == 'w' || kind == 's') {
    errno = kind == 's' ? ENOSPC : EIO;
    return 1;
  }
  pthread_mutex_lock(&lock);
  range *made = malloc(sizeof *made);
  file *of = file_of(&s);
  if (at < 0) at = lseek64(fd, 0, SEEK_CUR);
  if (fcntl(fd, F_GETFL) & O_APPEND) at = s.stx_size;
  *made = (range){at, at + (off64_t)length, of->dirty};
  of->dirty = made;
  pthread_mutex_unlock(&lock);
  return 0;
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t at) {
  return refused(fd, at, length) ? -1 : real_pwrite(fd, bytes, length, at);
}
ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at) { return pwrite64(fd, bytes, length, at); }
ssize_t write(int fd, const void *bytes, size_t length) {
  return refused(fd, -1, length) ? -1 : real_write(fd, bytes, length);
}
ssize_t writev(int fd, const struct iovec *parts, int count) {
  size_t length = 0;
  for (int i = 0; i < count; i++) length += parts[i].iov_len;
  return refused(fd, -1, length) ? -1 : real_writev(fd, parts, count);
}

static int sync_with(int (*real)(int), int fd) {
  struct statx s;
  int which = directory[0] == 0 ? 0 : belongs(fd, &s);
  if (which == 0) return real(fd);
  pthread_mutex_lock(&lock);
  int result = 0;
  if (fault() == 'f') {
    if (which == 1) {
      /* The pages are clean now and were not written: a later sync does not write them either. */
      file *of = file_of(&s);
      of->copied = 1;
      forget(of);
    }
    errno = EIO;
    result = -1;
  } else if (which == 2) save_names();
  else save(fd, &s, file_of(&s));
  pthread_mutex_unlock(&lock);
  return result;
}

int fsync(int fd) { return sync_with(real_fsync, fd); }
int fdatasync(int fd) { return sync_with(real_fdatasync, fd); }

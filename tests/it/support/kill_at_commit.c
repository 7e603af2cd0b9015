/* Loaded in front of the C library by a crash test: counts the transactions that are committed to
 * the write-ahead log of a database, and kills the process just before or just after the nth.
 *
 * In the log each page has a header of 24 bytes in front of it; bytes 4 to 7 of the header are zero
 * but for the page that completes a transaction.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#define HEADER 24

static atomic_long committed;
static _Thread_local int completes; /* the page that comes next completes a transaction */

static int is_log(int fd) {
    static const char suffix[] = ".db-wal";
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < (ssize_t)(sizeof suffix - 1)) return 0;
    path[length] = 0;
    return strcmp(path + length - (sizeof suffix - 1), suffix) == 0;
}

static int is_meant(const char *when, long number) {
    const char *wanted = getenv("KILL_WHEN"), *at = getenv("KILL_AT_COMMIT");
    return wanted && at && strcmp(wanted, when) == 0 && atol(at) == number;
}

static void before(int fd, const unsigned char *bytes, size_t length) {
    if (length != HEADER || !is_log(fd)) return;
    completes = bytes[4] || bytes[5] || bytes[6] || bytes[7];
    if (completes && is_meant("before", atomic_load(&committed) + 1)) kill(getpid(), SIGKILL);
}

static void after(int fd, size_t length) {
    if (!completes || length <= HEADER || !is_log(fd)) return;
    completes = 0;
    if (is_meant("after", atomic_fetch_add(&committed, 1) + 1)) kill(getpid(), SIGKILL);
}

#define SEEN(call)                                          \
    before(fd, bytes, length);                              \
    ssize_t written = (call);                               \
    after(fd, length);                                      \
    return written

ssize_t write(int fd, const void *bytes, size_t length) {
    static ssize_t (*real)(int, const void *, size_t);
    if (!real) real = (ssize_t(*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");
    SEEN(real(fd, bytes, length));
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t at) {
    static ssize_t (*real)(int, const void *, size_t, off64_t);
    if (!real) real = (ssize_t(*)(int, const void *, size_t, off64_t))dlsym(RTLD_NEXT, "pwrite64");
    SEEN(real(fd, bytes, length, at));
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at) {
    static ssize_t (*real)(int, const void *, size_t, off_t);
    if (!real) real = (ssize_t(*)(int, const void *, size_t, off_t))dlsym(RTLD_NEXT, "pwrite");
    SEEN(real(fd, bytes, length, at));
}

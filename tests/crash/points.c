/* Tries points: a life of some messages, struck at one system call after the other; then a new process that finds what
 * was left and finishes it. Prints a case for each, for checker.py to judge. See usage. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "life.h"
#include "memory.h"
#include "strike.h"

static const char usage[] =
	"usage: crash_points MODE [--every K] [--from F] [--steps S] [--folder DIR]\n"
	"  kill      killed before every system call of a life: of a new store, and of one that is in use\n"
	"  recover   what a kill left is recovered, and that is killed at every one of its calls; for S (40) kills\n"
	"  error     every error of every call, once and for good; every write cut short\n"
	"  memory    every allocation refused, once and with all that follow\n"
	"  folders   those errors of the syncs of the store's folder alone\n"
	"  early     a control: kill, of a gateway that answers before its commit, between the two; three in four\n"
	"            have to be found guilty\n"
	"  calls     prints the calls of a clean life, one a line\n"
	"Only every K-th point, from the F-th on. DIR: where the stores are (by default in memory). Cases go to standard\n"
	"output; the last line on standard error is `N of M points tried`.\n";

/* A life that ended before, and the files that it left. */
struct scene {
	struct life *before;
	char folder[160];
};

static struct life *life;
static struct strike_seen seen;
static char root[128];
static pid_t owner;
static unsigned every = 1, from, steps = 40, points, tried;

static void stop(const char *what)
{
	(void)fprintf(stderr, "crash_points: %s: %s\n", what, strerror(errno));
	exit(70);
}

/* ---- folders */

static void empty(const char *folder)
{
	DIR *d = opendir(folder);
	struct dirent *e;
	while (d != NULL && (e = readdir(d)) != NULL)
		(void)unlinkat(dirfd(d), e->d_name, 0); /* "." and ".." refuse */
	if (d != NULL)
		(void)closedir(d); /* was only read */
}

static void copy_file(int from_dir, int to_dir, const char *name)
{
	struct stat st;
	int in = openat(from_dir, name, O_RDONLY | O_CLOEXEC);
	int out = openat(to_dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (in < 0 || out < 0 || fstat(in, &st) != 0)
		stop(name);
	for (off_t left = st.st_size; left > 0;) {
		ssize_t n = sendfile(out, in, NULL, (size_t)left);
		if (n <= 0)
			stop("copying");
		left -= n;
	}
	if (close(in) != 0 || close(out) != 0)
		stop("copying");
}

/* The same files in `to`, and no others. */
static void copy_folder(const char *source, const char *to)
{
	empty(to);
	DIR *in = opendir(source), *out = opendir(to);
	struct dirent *e;
	if (in == NULL || out == NULL)
		stop(source);
	while ((e = readdir(in)) != NULL)
		if (e->d_name[0] != '.')
			copy_file(dirfd(in), dirfd(out), e->d_name);
	(void)closedir(in); /* were only read */
	(void)closedir(out);
}

static void make_folder(const char *name, char *out, size_t size)
{
	if ((size_t)snprintf(out, size, "%s/%s", root, name) >= size || mkdir(out, 0700) != 0)
		stop(out);
}

static void remove_all(void)
{
	if (getpid() != owner)
		return; /* a child that could not go on */
	static const char *const names[] = { "at-work", "new", "used", "left" };
	for (size_t i = 0; i < WG_COUNT(names); i++) {
		char path[192];
		(void)snprintf(path, sizeof path, "%s/%s", root, names[i]); /* it fits */
		empty(path);
		(void)rmdir(path); /* what is left over shows */
	}
	(void)rmdir(root);
}

/* ---- one point */

static int run_life(void *arg)
{
	return life_run(arg);
}

static void unsynced(void *arg, const char *path, bool good)
{
	(void)life_put(arg, good ? LIFE_SYNCED : LIFE_UNSYNCED, 0, path);
}

static void restore(const struct scene *scene)
{
	copy_folder(scene->folder, life->folder);
	char at[sizeof life->folder];
	memcpy(at, life->folder, sizeof at);
	memcpy(life, scene->before, offsetof(struct life, events) + scene->before->count * sizeof life->events[0]);
	memcpy(life->folder, at, sizeof at);
}

static void keep(struct scene *scene)
{
	copy_folder(life->folder, scene->folder);
	memcpy(scene->before, life, sizeof *life);
}

/* In a process of its own, as every other. */
static void finish(void)
{
	int status = 0;
	(void)fflush(NULL); /* so that the child has nothing to say twice */
	pid_t pid = fork();
	if (pid < 0)
		stop("fork");
	if (pid == 0)
		_exit(life_finish(life));
	if (waitpid(pid, &status, 0) != pid)
		stop("waiting");
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		(void)life_put(life, LIFE_UNSOUND, 0, "it does not start again");
}

static bool chosen(void)
{
	unsigned index = points++;
	return index >= from && (index - from) % every == 0;
}

static void judge_end(const struct strike *s)
{
	char words[80];
	if (s->how == STRIKE_KILL)
		return;
	if (!WIFEXITED(seen.status) || (WEXITSTATUS(seen.status) != 0 && WEXITSTATUS(seen.status) != 3)) {
		(void)snprintf(words, sizeof words, "the process ended with status %#x", (unsigned)seen.status); /* it fits */
		(void)life_put(life, LIFE_UNSOUND, 0, words);
	} else if (seen.open_after > seen.open_before && seen.number != SYS_close) {
		(void)snprintf(words, sizeof words, "%d descriptors", seen.open_after - seen.open_before);
		(void)life_put(life, LIFE_LEAKED, 0, words);
	}
}

static void print_case(const char *name)
{
	(void)printf("{\"case\":\"%s\"}\n", name);
	life_print(life, 0, stdout);
	(void)printf("{\"end\":\"%s\"}\n", name);
	if (ferror(stdout))
		stop("output");
	tried++;
}

static void try(const struct scene *scene, const struct strike *s, const char *label)
{
	char name[256];
	if (!chosen())
		return;
	restore(scene);
	strike_run(s, run_life, life, unsynced, &seen);
	judge_end(s);
	const char *file = strrchr(seen.path, '/');
	(void)snprintf(name, sizeof name, "%s %s of %s (call %u)%s%s%s", label,
	               s->how == STRIKE_KILL    ? "killed before"
	               : s->how == STRIKE_SHORT ? "half"
	                                        : strerrorname_np(s->error),
	               seen.struck ? strike_name(seen.number) : "nothing", s->at, s->for_good ? ", for good" : "",
	               file != NULL ? ", " : "", file != NULL ? file + 1 : ""); /* cut is fine */
	finish();
	print_case(name);
}

/* ---- all of them */

static struct scene scene_new(const char *name)
{
	struct scene scene = { .before = life_new() };
	make_folder(name, scene.folder, sizeof scene.folder);
	return scene;
}

/* Nothing yet; two messages to come. */
static struct scene new_store(void)
{
	struct scene scene = scene_new("new");
	life_reset(scene.before, 2);
	return scene;
}

/* Four messages went through; three more to come. */
static struct scene used_store(void)
{
	struct scene scene = scene_new("used");
	empty(life->folder);
	life_reset(life, 4);
	if (life_run(life) != 0) {
		life_print(life, 0, stderr);
		errno = 0;
		stop("a life without any fault failed");
	}
	life->messages = 7;
	keep(&scene);
	return scene;
}

/* The calls of a clean run: a copy of what was seen. */
static struct strike_seen *clean(const struct scene *scene)
{
	struct strike_seen *copy = malloc(sizeof *copy);
	restore(scene);
	strike_run(&(struct strike){ .how = STRIKE_NOT }, run_life, life, unsynced, &seen);
	if (copy == NULL || !WIFEXITED(seen.status) || WEXITSTATUS(seen.status) != 0) {
		life_print(life, 0, stderr);
		stop("a life without any fault failed");
	}
	memcpy(copy, &seen, sizeof *copy);
	return copy;
}

static void kill_each(const struct scene *scene, const char *label)
{
	WG_AUTO_FREE struct strike_seen *calls = clean(scene);
	for (unsigned i = 0; i < calls->calls; i++)
		if (!life->early || calls->watched[i])
			try(scene, &(struct strike){ .how = STRIKE_KILL, .at = i }, label);
}

/* Killed at one of so many moments; what that left is recovered and that is killed at each of its calls. */
static void recover_each(const struct scene *scene)
{
	WG_AUTO_FREE struct strike_seen *calls = clean(scene);
	struct scene left = scene_new("left");
	for (unsigned k = 0; k < steps; k++) {
		char label[64];
		struct strike first = { .how = STRIKE_KILL, .at = calls->calls * (2 * k + 1) / (2 * steps) };
		restore(scene);
		strike_run(&first, run_life, life, unsynced, &seen);
		keep(&left);
		(void)snprintf(label, sizeof label, "recovering from call %u:", first.at); /* it fits */
		kill_each(&left, label);
	}
}

static void fail_each(const struct scene *scene, bool folders, const char *label)
{
	WG_AUTO_FREE struct strike_seen *calls = clean(scene);
	for (unsigned i = 0; i < calls->calls; i++) {
		struct strike s = { .how = STRIKE_FAIL, .at = i };
		if (folders && !calls->folder[i])
			continue;
		for (const int *e = strike_errors(calls->numbers[i]); e != NULL && *e != 0; e++) {
			s.error = *e;
			s.for_good = false;
			try(scene, &s, label);
			s.for_good = *e != EINTR; /* a signal comes once */
			if (s.for_good)
				try(scene, &s, label);
		}
		s = (struct strike){ .how = STRIKE_SHORT, .at = i };
		if (strike_writes(calls->numbers[i]))
			try(scene, &s, label);
	}
}

/* One allocation is refused; in a process of its own. How many there were. */
static long starve(long at, bool for_good)
{
	int status = 0;
	(void)fflush(NULL); /* so that the child has nothing to say twice */
	pid_t pid = fork();
	if (pid < 0)
		stop("fork");
	if (pid == 0) {
		memory_arm(at, for_good);
		int code = life_run(life);
		life->asked = memory_disarm();
		_exit(memory_leaked() ? 5 : code);
	}
	if (waitpid(pid, &status, 0) != pid)
		stop("waiting");
	seen.status = status;
	seen.open_after = seen.open_before = -1;
	return life->asked;
}

static void starve_each(const struct scene *scene, const char *label)
{
	restore(scene);
	long all = starve(LONG_MAX, false);
	if (seen.status != 0)
		stop("a life without any fault failed");
	for (long at = 1; at <= all; at++)
		for (int good = 0; good < 2; good++) {
			char name[128];
			if (!chosen())
				continue;
			restore(scene);
			(void)starve(at, good == 1);
			judge_end(&(struct strike){ .how = STRIKE_FAIL });
			(void)snprintf(name, sizeof name, "%s allocation %ld refused%s", label, at,
			               good == 1 ? " and all that follow" : ""); /* short */
			finish();
			print_case(name);
		}
}

static void print_calls(const struct scene *scene)
{
	WG_AUTO_FREE struct strike_seen *calls = clean(scene);
	for (unsigned i = 0; i < calls->calls; i++)
		(void)printf("%s\n", strike_name(calls->numbers[i]));
}

static bool run_mode(const char *mode)
{
	if (strcmp(mode, "calls") == 0) {
		struct scene used = used_store();
		print_calls(&used);
		return true;
	}
	bool early = strcmp(mode, "early") == 0, kills = early || strcmp(mode, "kill") == 0,
		 folders = strcmp(mode, "folders") == 0, errors = folders || strcmp(mode, "error") == 0;
	bool memory = strcmp(mode, "memory") == 0;
	if (!kills && !errors && !memory && strcmp(mode, "recover") != 0)
		return false;
	struct scene fresh = new_store(), used = used_store();
	fresh.before->early = used.before->early = early;
	if (kills) {
		kill_each(&fresh, "a new store:");
		kill_each(&used, "a store in use:");
	} else if (memory) {
		starve_each(&fresh, "a new store:");
		starve_each(&used, "a store in use:");
	} else if (errors) {
		fail_each(&fresh, folders, "a new store:");
		fail_each(&used, folders, "a store in use:");
	} else {
		recover_each(&used);
	}
	return true;
}

int main(int argc, char **argv)
{
	const char *where = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	uint64_t number = 0;
	for (int i = 2; i + 1 < argc; i += 2) {
		if (strcmp(argv[i], "--folder") == 0)
			where = argv[i + 1];
		else if (strcmp(argv[i], "--every") == 0 && wg_num_parse(argv[i + 1], 1, 1000000, &number))
			every = (unsigned)number;
		else if (strcmp(argv[i], "--steps") == 0 && wg_num_parse(argv[i + 1], 1, 1000, &number))
			steps = (unsigned)number;
		else if (strcmp(argv[i], "--from") == 0 && wg_num_parse(argv[i + 1], 0, UINT32_MAX, &number))
			from = (unsigned)number;
		else
			argc = 0;
	}
	if (argc < 2 || argc % 2 != 0) {
		(void)fputs(usage, stderr);
		return 64;
	}
	(void)snprintf(root, sizeof root, "%.80s/wg-crash-XXXXXX", where); /* it fits */
	if (mkdtemp(root) == NULL)
		stop(root);
	owner = getpid();
	if (atexit(remove_all) != 0)
		stop("atexit");
	life = life_new();
	seen.watch = &life->ahead;
	make_folder("at-work", life->folder, sizeof life->folder);
	bool known = run_mode(argv[1]);
	if (!known) {
		(void)fputs(usage, stderr);
		return 64;
	}
	(void)fprintf(stderr, "%u of %u points tried\n", tried, points);
	return fflush(stdout) == 0 ? 0 : 70;
}

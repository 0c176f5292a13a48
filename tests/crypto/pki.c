/* pki.c owns the temporary folder with the throwaway authority. */
#include "pki.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

char pki_dir[] = "/tmp/wardgate-test-XXXXXX";
struct wg_err pki_err;

int pki_run(const char *log, const char *const argv[])
{
	char path[PATH_MAX], input[PATH_MAX];
	(void)snprintf(path, sizeof path, "%s/%s", pki_dir, log);
	(void)snprintf(input, sizeof input, "%s/stdin", pki_dir);
	posix_spawn_file_actions_t files;
	assert_int_equal(posix_spawn_file_actions_init(&files), 0);
	assert_int_equal(posix_spawn_file_actions_addopen(&files, 0, input, O_RDONLY | O_CREAT, 0600), 0);
	assert_int_equal(posix_spawn_file_actions_addopen(&files, 1, path, O_WRONLY | O_CREAT | O_TRUNC, 0600), 0);
	assert_int_equal(posix_spawn_file_actions_adddup2(&files, 1, 2), 0);
	pid_t pid;
	int status = -1, rc = posix_spawnp(&pid, argv[0], &files, NULL, (char *const *)argv, environ);
	(void)posix_spawn_file_actions_destroy(&files); /* only frees */
	if (rc != 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

const char *pki(const char *name)
{
	static char ring[8][PATH_MAX];
	static unsigned next;
	char *path = ring[next++ % 8];
	(void)snprintf(path, PATH_MAX, "%s/%s", pki_dir, name);
	return path;
}

int pki_setup(void **state)
{
	(void)state;
	if (mkdtemp(pki_dir) == NULL)
		return -1;
	const char *const argv[] = { WG_SOURCE_DIR "/certs-example/make", pki_dir, "--organisation", "specimen", NULL };
	return pki_run("make.log", argv);
}

int pki_teardown(void **state)
{
	(void)state;
	const char *const argv[] = { "/bin/rm", "-rf", "--", pki_dir, NULL };
	pid_t pid;
	int status = -1;
	if (posix_spawn(&pid, argv[0], NULL, NULL, (char *const *)argv, environ) != 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	return status;
}

void pki_pair(const char *name, struct wg_key **key, struct wg_cert **cert)
{
	char file[256];
	(void)snprintf(file, sizeof file, "%s.key", name);
	if (key != NULL && wg_key_load(pki(file), key, &pki_err) != WG_OK)
		fail_msg("%s", pki_err.text);
	(void)snprintf(file, sizeof file, "%s.pem", name);
	if (cert != NULL && wg_cert_load(pki(file), cert, &pki_err) != WG_OK)
		fail_msg("%s", pki_err.text);
}

struct wg_trust *pki_trust(const char *ca, const char *crl)
{
	struct wg_trust *trust = NULL;
	if (wg_trust_load(pki(ca), crl != NULL ? pki(crl) : NULL, &trust, &pki_err) != WG_OK)
		fail_msg("%s", pki_err.text);
	return trust;
}

void pki_write(const char *name, const void *p, size_t len)
{
	FILE *f = fopen(pki(name), "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(p, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

size_t pki_read(const char *name, void *p, size_t max)
{
	FILE *f = fopen(pki(name), "rb");
	assert_non_null(f);
	size_t n = fread(p, 1, max, f);
	assert_int_equal(fclose(f), 0);
	return n;
}

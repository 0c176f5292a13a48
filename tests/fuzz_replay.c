/* fuzz_replay.c owns the replay of a corpus: every file named, or in a folder named (one level), is fed to the fuzz
 * target once. Fails when nothing was fed, so that a lost corpus cannot pass for a green test. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t fed;

/* The bytes stand in a block of their own exact size, so that the sanitizer sees a read behind the end. */
static int feed_file(const char *path, size_t size)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data = malloc(size > 0 ? size : 1);
	int bad = f == NULL || data == NULL || fread(data, 1, size, f) != size;
	if (bad)
		(void)fprintf(stderr, "%s: cannot be read\n", path); /* nowhere to report a failing stderr */
	else
		bad = LLVMFuzzerTestOneInput(data, size) != 0;
	fed++;
	free(data);
	if (f != NULL)
		(void)fclose(f); /* was only read */
	return bad;
}

static int feed_path(const char *path, int depth);

static int feed_folder(const char *path, int depth)
{
	struct dirent **names;
	int bad = 0;
	int n = scandir(path, &names, NULL, alphasort);
	if (n < 0) {
		(void)fprintf(stderr, "%s: cannot be listed\n", path);
		return 1;
	}
	for (int i = 0; i < n; i++) {
		char child[4096];
		int len = snprintf(child, sizeof child, "%s/%s", path, names[i]->d_name);
		if (names[i]->d_name[0] != '.')
			bad |= len < 0 || (size_t)len >= sizeof child || feed_path(child, depth + 1);
		free(names[i]);
	}
	free(names);
	return bad;
}

static int feed_path(const char *path, int depth)
{
	struct stat st;
	if (stat(path, &st) != 0) {
		(void)fprintf(stderr, "%s: is not there\n", path);
		return 1;
	}
	if (S_ISDIR(st.st_mode))
		return depth == 0 ? feed_folder(path, depth) : 0;
	return feed_file(path, (size_t)st.st_size);
}

int main(int argc, char **argv)
{
	int bad = 0;
	for (int i = 1; i < argc; i++)
		bad |= feed_path(argv[i], 0);
	(void)printf("%zu inputs replayed\n", fed);
	return bad != 0 || fed == 0;
}

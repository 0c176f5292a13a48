/* cli.c owns what all commands share: options, errors, printing. */
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/text.h"
#include "notice/schema_nearest.h"
#include "sys/file.h"

static const struct wg_option *find(const struct wg_option *options, const char *name, size_t len)
{
	for (; options->name != NULL; options++)
		if (strlen(options->name) == len && memcmp(options->name, name, len) == 0)
			return options;
	return NULL;
}

static bool unknown_option(const struct wg_option *options, const char *command, const char *word)
{
	char names[1024] = "", name[WG_LIMIT_NAME + 1], hint[WG_HINT];
	(void)snprintf(name, sizeof name, "%.*s", (int)strcspn(word, "="), word); /* cut: then nothing is near */
	for (size_t used = 0; options->name != NULL && used < sizeof names - WG_LIMIT_NAME; options++)
		used += (size_t)snprintf(names + used, sizeof names - used, "--%s ", options->name); /* it fits */
	(void)fprintf(stderr, "wardgate %s: %s is not an option here%s (wardgate %s --help shows the options)\n", command,
	              word, wg_hint(name, names, hint), command);
	return false;
}

bool wg_options(const struct wg_option *options, int argc, char **argv, int *count)
{
	int kept = 1;
	bool over = false;
	for (int i = 1; i < argc; i++) {
		if (over || strncmp(argv[i], "--", 2) != 0) {
			argv[kept++] = argv[i];
			continue;
		}
		if (argv[i][2] == '\0') {
			over = true;
			continue;
		}
		size_t len = strcspn(argv[i] + 2, "=");
		const char *value = argv[i][2 + len] == '=' ? argv[i] + 3 + len : NULL;
		const struct wg_option *o = find(options, argv[i] + 2, len);
		if (o == NULL)
			return unknown_option(options, argv[0], argv[i]);
		if ((o->flag != NULL && value != NULL) || (o->value != NULL && value == NULL && i + 1 >= argc)) {
			(void)fprintf(stderr, "wardgate %s: %s %s; wardgate %s --help shows the options\n", argv[0], argv[i],
			              o->flag != NULL ? "takes no value" : "needs a value", argv[0]);
			return false;
		}
		if (o->flag != NULL)
			*o->flag = true;
		if (o->value != NULL)
			*o->value = value != NULL ? value : argv[++i];
	}
	*count = kept - 1;
	return true;
}

int wg_fail(const char *command, const struct wg_err *err)
{
	(void)fprintf(stderr, "wardgate %s: %s\n", command, err->text);
	return wg_code_exit(err->code);
}

int wg_misuse(const struct wg_command *command, const char *why)
{
	(void)fprintf(stderr, "wardgate %s: %s\n%s", command->name, why, command->help);
	return EX_USAGE;
}

int wg_misuse_word(const struct wg_command *command, const char *word, const char *why)
{
	char one[WG_LIMIT_NAME + 1], hint[WG_HINT], said[WG_LIMIT_NAME + 1], text[512];
	for (const char *p = command->words; word != NULL && (p = wg_next_name(p, one)) != NULL;)
		if (strcmp(word, one) == 0)
			word = NULL;
	if (word == NULL)
		return wg_misuse(command, why);
	(void)wg_hint(word, command->words, hint);
	(void)snprintf(text, sizeof text, "there is no \"%s\" here%s %s", wg_defang(word, said, sizeof said),
	               hint[0] != '\0' ? hint : ":", why); /* cut is acceptable in words */
	return wg_misuse(command, text);
}

enum wg_code wg_cli_config(const struct wg_cli *cli, struct wg_config **out, struct wg_err *err)
{
	return wg_config_load(cli->config, out, err);
}

bool wg_print(const struct wg_buf *b)
{
	struct wg_err err = { 0 };
	if (!b->failed && fflush(stdout) == 0 && wg_fd_write(STDOUT_FILENO, b->data, b->len, &err) == WG_OK)
		return true;
	(void)fprintf(stderr, "wardgate: the output could not be written%s%s\n", err.text[0] != '\0' ? ": " : "", err.text);
	return false;
}

const char *wg_age(int64_t ms, char *out, size_t size)
{
	long long s = ms > 0 ? ms / 1000 : 0;
	if (s < 60)
		(void)snprintf(out, size, "%lld s", s);
	else if (s < 3600)
		(void)snprintf(out, size, "%lld min", s / 60);
	else if (s < 86400)
		(void)snprintf(out, size, "%lld h %lld min", s / 3600, s / 60 % 60);
	else
		(void)snprintf(out, size, "%lld d %lld h", s / 86400, s / 3600 % 24);
	return out;
}

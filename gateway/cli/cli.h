/* The command line: parsing and printing only; the work is done in the rooms below. */
#ifndef WG_CLI_CLI_H
#define WG_CLI_CLI_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "role/config.h"

/* What stands before the command's own words, already taken off. */
struct wg_cli {
	const char *config; /* --config, $WARDGATE_CONFIG or the default place */
	bool json;          /* --json */
};

/* A command gets argv with argv[0] its own name and returns an exit status (sysexits.h; 10: a person must look). */
struct wg_command {
	const char *name, *summary, *help; /* help: usage, options, examples; ends with a line end */
	const char *words;                 /* its sub-commands, separated by blanks; NULL when it has none */
	int (*run)(const struct wg_cli *cli, int argc, char **argv);
};

extern const struct wg_command wg_command_serve, wg_command_check, wg_command_submit, wg_command_convert,
	wg_command_decide, wg_command_explain, wg_command_queue, wg_command_attention, wg_command_audit, wg_command_map,
	wg_command_schema, wg_command_policy, wg_command_consent, wg_command_review, wg_command_disclosures,
	wg_command_purge, wg_command_discover, wg_command_cert, wg_command_why_not, wg_command_stuck, wg_command_silence,
	wg_command_alerts, wg_command_clock, wg_command_metrics, wg_command_backup, wg_command_restore, wg_command_store;

#define WG_EXIT_ATTENTION 10

/* An option of a command: "--name VALUE", "--name=VALUE" or, without value, a flag. */
struct wg_option {
	const char *name;   /* without "--" */
	const char **value; /* or */
	bool *flag;
};

/* Takes the options off argv, in any place; what is left are *count operands at argv[1]. options ends with a NULL name.
 * False after saying what is wrong on stderr. "--" ends the options. */
bool wg_options(const struct wg_option *options, int argc, char **argv, int *count);

/* Says the error on stderr, "wardgate COMMAND: words", and returns its exit status. */
int wg_fail(const char *command, const struct wg_err *err);
/* Says how the command is used and returns EX_USAGE. */
int wg_misuse(const struct wg_command *command, const char *why);
/* The same of a command with sub-commands: where word (NULL: there is none) is not one of them, that is said first, and
 * which was meant perhaps. */
int wg_misuse_word(const struct wg_command *command, const char *word, const char *why);

/* Loads the configuration named by cli. */
enum wg_code wg_cli_config(const struct wg_cli *cli, struct wg_config **out, struct wg_err *err) WG_MUST;

/* Writes all of b to standard output; false (said on stderr) when that failed. */
bool wg_print(const struct wg_buf *b);

/* "2 h 5 min", "40 s" into out. */
const char *wg_age(int64_t ms, char *out, size_t size);

#endif

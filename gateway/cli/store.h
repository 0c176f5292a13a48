/* What the files of the command `store` share. */
#ifndef WG_CLI_STORE_H
#define WG_CLI_STORE_H

#include "cli/cli.h"

/* Each gives the exit status. */
int wg_store_copy_run(const struct wg_cli *cli, const char *from, const char *to);
int wg_store_reopen_run(const struct wg_cli *cli, const char *why);
int wg_store_migrate_run(const struct wg_cli *cli, bool dry);

#endif

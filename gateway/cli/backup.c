/* backup.c owns the commands `backup` and `restore`. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/operator.h"
#include "cli/progress.h"
#include "role/backup.h"

static const char *stamp(int64_t at, char out[WG_CLOCK_TEXT])
{
	return wg_clock_format(at, out);
}

/* ---- backup */

static void put_taken(const struct wg_cli *cli, const struct wg_backup_result *r, struct wg_buf *out)
{
	char at[WG_CLOCK_TEXT];
	if (cli->json) {
		wg_buf_puts(out, "{\"store\":");
		wg_buf_put_json(out, r->store_file);
		wg_buf_puts(out, ",\"keys\":");
		wg_buf_put_json(out, r->keys_file);
		wg_buf_printf(out,
		              ",\"store_sha256\":\"%s\",\"keys_sha256\":\"%s\",\"store_bytes\":%" PRIu64
		              ",\"keys_bytes\":%" PRIu64 ",\"blobs\":%" PRIu64 ",\"at\":\"%s\",\"entries\":%" PRIu64
		              ",\"head\":\"%s\",\"verified\":true,\"findings\":%" PRIu64 "}\n",
		              r->store_hash, r->keys_hash, r->store_bytes, r->keys_bytes, r->blobs, stamp(r->at.at, at),
		              r->at.entries, r->at.head, r->findings);
		return;
	}
	wg_buf_printf(
		out,
		"Backed up and verified, as of %s: the log has %" PRIu64 " entries and ends with %s;\n%" PRIu64
		" documents were held against their hashes.\n  store  %s  (%" PRIu64
		" bytes)\n         sha256 %s\n  keys   %s  (%" PRIu64 " bytes)\n         sha256 %s\n"
		"Keep the two in two places. Keys are kept for as long as the longest period after which something has "
		"to be gone allows,\nand no longer: what was purged is gone once no older keys are left.\n",
		stamp(r->at.at, at), r->at.entries, r->at.head, r->blobs, r->store_file, r->store_bytes, r->store_hash,
		r->keys_file, r->keys_bytes, r->keys_hash);
	if (r->findings > 0)
		wg_buf_printf(out,
		              "%" PRIu64 " things in the store are not as they were written (above), and so they are in this "
		              "backup: wardgate store check.\n",
		              r->findings);
}

static int run_backup(const struct wg_cli *cli, int argc, char **argv)
{
	WG_AUTO_BUF struct wg_buf out = WG_BUF((size_t)1 << 16);
	WG_AUTO_FREE struct wg_config *config = NULL;
	WG_AUTO_ADMIN struct wg_admin admin = { 0 };
	struct wg_progress progress = WG_PROGRESS("backup");
	struct wg_backup_result result;
	struct wg_err err = { 0 };
	char who[WG_OPERATOR_TEXT];
	const struct wg_option options[] = { { NULL, NULL, NULL } };
	int operands;
	if (!wg_options(options, argc, argv, &operands))
		return EX_USAGE;
	if (operands != 2)
		return wg_misuse(&wg_command_backup, "name two folders: one for the store, one for its keys");
	enum wg_code code = wg_cli_config(cli, &config, &err);
	if (code == WG_OK)
		code = wg_admin_open(config, &admin, &err);
	if (code != WG_OK)
		return wg_fail("backup", &err);
	const struct wg_backup_job job = { .config = config,
		                               .client = admin.client,
		                               .store_to = argv[1],
		                               .keys_to = argv[2],
		                               .who = wg_operator(who),
		                               .progress = wg_progress_tell,
		                               .finding = wg_progress_finding,
		                               .arg = &progress };
	code = wg_backup_take(&job, &result, &err);
	if (code != WG_OK)
		return wg_fail("backup", &err);
	put_taken(cli, &result, &out);
	return !wg_print(&out) ? EX_IOERR : result.findings > 0 ? WG_EXIT_ATTENTION : EX_OK;
}

const struct wg_command wg_command_backup = {
	.name = "backup",
	.summary = "a verified, encrypted backup, while the gateway works",
	.help =
		"usage: wardgate backup STORE-FOLDER KEYS-FOLDER [--json]\n\n"
		"Writes two files, encrypted to the certificates of <backup> in the configuration: what is stored into the "
		"first\n"
		"folder, the keys without which nothing of it can be read into the second. Two files, because a message that "
		"was\n"
		"purged has to be gone: its key is destroyed, here and with the last older file of keys. So keep the two in "
		"two\n"
		"places, the store for as long as you like, the keys as short as you can (a few days), and never one disk "
		"that\n"
		"has both. Whoever has one of them, even with the private key, can read nothing of a message.\n"
		"The gateway goes on meanwhile. Both files are read back from the disk, opened, and held against the log "
		"(every\n"
		"entry), the database (every page) and the hash of every document, before they get their names. Nothing is "
		"ever\n"
		"overwritten. That it was taken, by whom, with which hashes, is an entry of the log.\n"
		"It needs room for one more copy of the database in the gateway's own folder while it runs.\n"
		"A store in PostgreSQL is backed up with its own means (pg_basebackup, pg_dump), not with this.\n"
		"Exit status: 0 verified, 10 verified, of a store in which something is damaged, 65 what was read back is not\n"
		"what was written, 75 no room or another backup is running: later; 78 the configuration names no "
		"certificate.\n\n"
		"examples:\n"
		"  wardgate backup /mnt/backup/wardgate /mnt/vault/wardgate-keys\n"
		"  wardgate --json backup /mnt/backup/wardgate /mnt/vault/wardgate-keys | jq -r .head\n",
	.run = run_backup,
};

/* ---- restore */

static void put_restored(const struct wg_cli *cli, const struct wg_restore_result *r, const char *into,
                         struct wg_buf *out)
{
	char at[WG_CLOCK_TEXT], keys[WG_CLOCK_TEXT];
	if (cli->json) {
		wg_buf_puts(out, "{\"into\":");
		wg_buf_put_json(out, into);
		wg_buf_puts(out, ",\"organisation\":");
		wg_buf_put_json(out, r->store.organisation);
		wg_buf_printf(out,
		              ",\"at\":\"%s\",\"keys_at\":\"%s\",\"entries\":%" PRIu64 ",\"head\":\"%s\",\"held\":%" PRIu64
		              ",\"findings\":%" PRIu64 "}\n",
		              stamp(r->store.at.at, at), stamp(r->keys.at.at, keys), r->entries, r->head, r->held, r->findings);
		return;
	}
	wg_buf_printf(out,
	              "Restored into %s: the gateway of %s as it stood at %s (keys of %s).\nIts log has %" PRIu64
	              " entries and ends with %s;\ncompare that with what you kept elsewhere. What came after it is not in "
	              "it.\n",
	              into, r->store.organisation, stamp(r->store.at.at, at), stamp(r->keys.at.at, keys), r->entries,
	              r->head);
	wg_buf_printf(
		out,
		"Copies that had not been sent, held for a person: %" PRIu64
		". Those of messages that were not decided will be\n"
		"too. They may have been sent, withdrawn or recalled since: ask, then wardgate queue release, or cancel.\n"
		"They go out under the same references, by which a recipient knows them again.\n",
		r->held);
	if (r->findings > 0)
		wg_buf_printf(out, "Not as it was written, see above: %" PRIu64 ".\n", r->findings);
}

static int run_restore(const struct wg_cli *cli, int argc, char **argv)
{
	WG_AUTO_BUF struct wg_buf out = WG_BUF((size_t)1 << 16);
	struct wg_progress progress = WG_PROGRESS("restore");
	struct wg_restore_result result;
	struct wg_err err = { 0 };
	char who[WG_OPERATOR_TEXT];
	const char *into = NULL, *key = NULL, *certificate = NULL;
	const struct wg_option options[] = {
		{ "into", &into, NULL }, { "key", &key, NULL }, { "certificate", &certificate, NULL }, { NULL, NULL, NULL }
	};
	int operands;
	if (!wg_options(options, argc, argv, &operands))
		return EX_USAGE;
	if (operands != 2 || into == NULL || key == NULL || certificate == NULL)
		return wg_misuse(&wg_command_restore, "name the two files, --key and --certificate, and --into a new folder");
	const struct wg_restore_job job = { .store_file = argv[1],
		                                .keys_file = argv[2],
		                                .into = into,
		                                .key = key,
		                                .certificate = certificate,
		                                .who = wg_operator(who),
		                                .progress = wg_progress_tell,
		                                .finding = wg_progress_finding,
		                                .arg = &progress };
	enum wg_code code = wg_restore(&job, &result, &err);
	if (code != WG_OK)
		return wg_fail("restore", &err);
	put_restored(cli, &result, into, &out);
	return !wg_print(&out) ? EX_IOERR : result.findings > 0 ? WG_EXIT_ATTENTION : EX_OK;
}

const struct wg_command wg_command_restore = {
	.name = "restore",
	.summary = "a gateway's folder from a backup",
	.help =
		"usage: wardgate restore STORE-FILE KEYS-FILE --key KEY --certificate CERT --into FOLDER [--json]\n\n"
		"Reads both files whole, which proves that nobody changed or cut them, then writes store.db and keys.db into\n"
		"FOLDER (new, or empty), looks at every page, entry and document of them, and says up to which moment it "
		"reaches.\n"
		"The keys may be newer than the store, never older; with newer keys, what was purged in between stays purged.\n"
		"What happened after the backup is not known to the gateway that is put back: what was to be sent may have "
		"been\n"
		"sent, and may have been withdrawn. So every copy that could leave by itself is held for a person, marked as "
		"one\n"
		"that may have arrived. Released, it goes out under the reference it always had (Message-ID, "
		"Idempotency-Key):\n"
		"another gateway knows it again, a person sees the same mail twice. Later notices of the same episode wait "
		"behind\n"
		"it, so do that first. Senders may hand in again what they are unsure of: what is there already is answered "
		"as\n"
		"before.\n"
		"  --key, --certificate  one of the pairs that the backup was encrypted to\n"
		"  --into                name it as state= in the configuration, or move it there, owned by the gateway's "
		"user\n"
		"Exit status: 0 restored, 10 restored, and something in it is damaged; 65 the files do not open or do not "
		"fit.\n\n"
		"example:\n"
		"  wardgate restore wardgate-oatshire-20261122T020000Z.store wardgate-oatshire-20261122T020000Z.keys \\\n"
		"    --key backup.key --certificate backup.pem --into /var/lib/wardgate-restored\n"
		"  wardgate --json queue list --state held | jq -r .id\n",
	.run = run_restore,
};

/* pg_list.c owns statements that are sent once for many rows or many questions: their arguments wait here, as the
 * elements of one list for each. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/pg_internal.h"

#define OID_INT8_LIST 1016
#define OID_TEXT_LIST 1009

void wg_pg_list_drop(struct wg_pg_gather *g)
{
	for (size_t i = 0; i < WG_PG_GATHER_COLUMNS; i++)
		wg_buf_reset(&g->columns[i]);
	wg_buf_reset(&g->keys);
	g->rows = 0;
}

void wg_pg_list_free(struct wg_pg_gather *g)
{
	for (size_t k = 0; k < WG_PG_GATHER_COLUMNS; k++)
		wg_buf_free(&g->columns[k]);
	wg_buf_free(&g->keys);
	free(g->stmt.text);
	*g = (struct wg_pg_gather){ .rows = 0 };
}

void wg_pg_list_types(struct wg_buf *out, const struct wg_arg *args, size_t count)
{
	for (size_t i = 0; i < count; i++)
		wg_buf_printf(out, "%s$%zu::%s[]", i > 0 ? ", " : "", i + 1, args[i].type == WG_ARG_INT ? "bigint" : "text");
}

enum wg_code wg_pg_list_start(struct wg_pg_gather *g, char letter, int id, char *text, const struct wg_arg *args,
                              size_t count, struct wg_err *err)
{
	g->stmt.text = text;
	if (text == NULL)
		return wg_err_set(err, WG_SYSTEM, "out of memory");
	(void)snprintf(g->stmt.name, sizeof g->stmt.name, "%c%d", letter, id); /* it fits */
	g->count = count;
	for (size_t i = 0; i < count; i++) {
		g->lists[i] = args[i].type == WG_ARG_INT ? OID_INT8_LIST : OID_TEXT_LIST;
		g->columns[i] = WG_BUF(WG_PG_LIST_MAX);
	}
	return WG_OK;
}

/* An element of an array as PostgreSQL writes it (its manual, "Arrays", "Input and Output Syntax"). */
static void put_element(struct wg_buf *b, const struct wg_arg *a)
{
	wg_buf_putc(b, b->len == 0 ? '{' : ',');
	if (a->null)
		wg_buf_puts(b, "NULL");
	else if (a->type == WG_ARG_INT)
		wg_buf_printf(b, "%" PRId64, a->number);
	else {
		wg_buf_putc(b, '"');
		for (const char *p = a->p; *p != '\0';) {
			const size_t n = strcspn(p, "\"\\");
			wg_buf_put(b, p, n);
			p += n;
			if (*p != '\0') {
				wg_buf_putc(b, '\\');
				wg_buf_putc(b, *p++);
			}
		}
		wg_buf_putc(b, '"');
	}
}

void wg_pg_list_put(struct wg_pg_gather *g, const struct wg_arg *args)
{
	for (size_t i = 0; i < g->count; i++)
		put_element(&g->columns[i], &args[i]);
	g->rows++;
}

enum wg_code wg_pg_list_send(struct wg_store *store, struct wg_pg_gather *g, struct wg_err *err)
{
	struct wg_pg *pg = wg_pg_of(store);
	struct wg_pg_args a = { .count = g->count };
	enum wg_code code = WG_OK;
	for (size_t i = 0; code == WG_OK && i < g->count; i++) {
		wg_buf_putc(&g->columns[i], '}');
		a.types[i] = g->lists[i];
		a.values[i] = wg_buf_text(&g->columns[i]);
		code = wg_buf_check(&g->columns[i], "rows that are put together", err);
	}
	g->rows = 0; /* sending may have to settle first, which would come back here */
	if (code == WG_OK)
		code = wg_pg_pipe_send(store, &pg->main, &g->stmt, &a, g->count, err);
	wg_pg_list_drop(g);
	/* whoever asks something ahead does not hear of it */
	return code != WG_OK && pg->broken.code == WG_OK ? wg_pg_spoil(store, code, err) : code;
}

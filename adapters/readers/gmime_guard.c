/* gmime_guard.c owns what GMime and GLib must not do in a confined process.
 * SECURITY: GMime decodes the Date header of every message as it parses; GLib answers an odd zone ("+0199") by opening
 * a file below /usr/share/zoneinfo, for which the process is killed. No date of a mail header is used here, so the
 * definition below, found before GLib's, knows no zones; GMime then takes the time as UTC. */
#include "readers/gmime_guard.h"

#include <glib.h>
#include <gmime/gmime.h>

#include "readers/charset.h"

GTimeZone *g_time_zone_new_identifier(const gchar *identifier)
{
	(void)identifier;
	return NULL;
}

static GLogWriterOutput say_nothing(GLogLevelFlags level, const GLogField *fields, gsize n, gpointer data)
{
	(void)level, (void)fields, (void)n, (void)data;
	return G_LOG_WRITER_HANDLED;
}

static void say_nothing_old(const gchar *domain, GLogLevelFlags level, const gchar *message, gpointer data)
{
	(void)domain, (void)level, (void)message, (void)data;
}

void wg_gmime_prepare(void)
{
	static const char sample[] =
		"From: =?iso-8859-15?Q?a?= <a@b.example>\r\nTo: c@d.example\r\nDate: Sun, 22 Nov 2026 09:30:00 +0000\r\n"
		"Subject: =?utf-8?B?YQ==?=\r\nMessage-ID: <a@b.example>\r\nMIME-Version: 1.0\r\n"
		"Content-Type: text/plain; charset*=us-ascii'en'utf-8\r\n\r\na\r\n";
	(void)wg_charset_prepare(); /* the reader asks again, and says so */
	g_log_set_writer_func(say_nothing, NULL, NULL);
	(void)g_log_set_default_handler(say_nothing_old, NULL); /* the old one is not needed again */
	g_mime_init();
	/* One small message through everything that initialises itself at first use. */
	GMimeStream *stream = g_mime_stream_mem_new_with_buffer(sample, sizeof sample - 1);
	GMimeParser *parser = g_mime_parser_new_with_stream(stream);
	GMimeMessage *message = g_mime_parser_construct_message(parser, NULL);
	if (message != NULL) {
		(void)g_mime_message_get_subject(message); /* decoded, and thrown away with the message */
		g_object_unref(message);
	}
	g_object_unref(parser);
	g_object_unref(stream);
}

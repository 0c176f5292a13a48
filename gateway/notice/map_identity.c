/* map_identity.c owns names that a child goes by online.
 * SECURITY: forms ask for usernames and passwords in one box. A password is never carried: from such a box only what is
 * surely a service and one username beside it goes on, and nothing when a service stands there twice. */
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "notice/map_internal.h"
#include "notice/value.h"

#define PART_MAX 200

/* Names of one service share a group: two of them are the same service twice. */
static const struct {
	const char *name;
	int group;
} services[] = {
	{ "facebook", 0 }, { "messenger", 1 },  { "instagram", 2 },    { "insta", 2 },    { "ig", 2 },
	{ "snapchat", 3 }, { "snap", 3 },       { "tiktok", 4 },       { "tik tok", 4 },  { "whatsapp", 5 },
	{ "twitter", 6 },  { "x", 6 },          { "discord", 7 },      { "telegram", 8 }, { "youtube", 9 },
	{ "xbox", 10 },    { "xbox live", 10 }, { "playstation", 11 }, { "psn", 11 },     { "twitch", 12 },
	{ "kik", 13 },     { "roblox", 14 },    { "fortnite", 15 },    { "bereal", 16 },  { "reddit", 17 },
	{ "signal", 18 },  { "threads", 19 },   { "vinted", 20 },      { "tumblr", 21 },  { "pinterest", 22 },
	{ "steam", 23 },   { "email", 24 },     { "e mail", 24 },
};
#define GROUPS 25

static const char *const name_words[] = {
	"username", "user name", "user", "name", "id", "handle", "account", "profile"
};

/* The group of the service that text begins with, of *n bytes; -1: none. */
static int service_at(const char *text, size_t *n)
{
	int best = -1;
	for (size_t i = 0; i < WG_COUNT(services); i++) {
		size_t len = strlen(services[i].name);
		if (strncasecmp(text, services[i].name, len) == 0 && text[len] != '\0' && strchr(" :-=(", text[len]) != NULL &&
		    (best < 0 || len > *n)) {
			best = services[i].group;
			*n = len;
		}
	}
	return best;
}

/* Service, perhaps "username", perhaps a sign, one word: "Snapchat: tessie.example", "Xbox username - Tess99". */
static bool sure(const char *part, int *service)
{
	size_t n = 0;
	*service = service_at(part, &n);
	if (*service < 0)
		return false;
	const char *p = part + n + strspn(part + n, " ");
	for (size_t i = 0; i < WG_COUNT(name_words); i++) {
		size_t len = strlen(name_words[i]);
		if (strncasecmp(p, name_words[i], len) == 0 && p[len] != '\0' && strchr(" :-=", p[len]) != NULL) {
			p += len;
			break;
		}
	}
	p += strspn(p, " ");
	if (*p == ':' || *p == '=' || (*p == '-' && p[1] == ' '))
		p++;
	p += strspn(p, " ");
	size_t word = strspn(p, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._@-");
	return word >= 2 && p[word] == '\0';
}

static bool append(char *out, size_t size, const char *line)
{
	size_t have = strlen(out), n = strlen(line);
	if (have + n + 2 > size)
		return false;
	if (have > 0)
		out[have++] = '\n';
	memcpy(out + have, line, n + 1);
	return true;
}

static void trim(char *s)
{
	size_t n = strlen(s), lead = strspn(s, " \t");
	while (n > lead && strchr(" \t.", s[n - 1]) != NULL)
		n--;
	memmove(s, s + lead, n - lead);
	s[n - lead] = '\0';
}

bool wg_map_identities(const char *value, bool secret_label, char *out, size_t size, bool *left)
{
	bool seen[GROUPS] = { false };
	out[0] = '\0';
	*left = false;
	char whole[PART_MAX];
	size_t all = strlen(value);
	if (secret_label && all < sizeof whole && wg_value_answer(value) != NULL && strpbrk(value, ",;:\n(-") == NULL)
		return append(out, size, value); /* "None known" */
	for (const char *p = value; *p != '\0';) {
		size_t n = strcspn(p, ",;\n");
		char part[PART_MAX];
		int service = -1;
		if (n >= sizeof part) {
			if (!secret_label)
				return false;
			*left = true;
		} else {
			memcpy(part, p, n);
			part[n] = '\0';
			trim(part);
			bool good = !secret_label || sure(part, &service);
			if (part[0] != '\0' && !good)
				*left = true;
			else if (part[0] != '\0' && !append(out, size, part))
				return false;
		}
		if (service >= 0 && seen[service]) {
			*left = true; /* which of the two is the username cannot be told */
			out[0] = '\0';
			return true;
		}
		if (service >= 0)
			seen[service] = true;
		p += n + (p[n] != '\0');
	}
	return true;
}

/* match.c owns the rules by which a message finds its child and its episode. A wrong match is a breach: what is not
 * certain is a person's to say. */
#include "store/match.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"

#define REFERENCE WG_KIND(WG_KEY_REFERENCE)
#define LOCAL_ID WG_KIND(WG_KEY_LOCAL_ID)
#define NHS WG_KIND(WG_KEY_NHS)
#define NAME_BIRTH WG_KIND(WG_KEY_NAME_BIRTH)
#define BIRTH WG_KIND(WG_KEY_BIRTH)
#define NAME WG_KIND(WG_KEY_NAME)
#define SURNAME_BIRTH WG_KIND(WG_KEY_SURNAME_BIRTH)
#define FORENAME_BIRTH WG_KIND(WG_KEY_FORENAME_BIRTH)
#define SWAPPED WG_KIND(WG_KEY_SWAPPED)

/* What can tell one child from every other. */
#define STRONG (REFERENCE | LOCAL_ID | NHS | NAME_BIRTH)
/* Numbers that are given to one person only. */
#define NUMBERS (LOCAL_ID | NHS)

static unsigned decides(const struct wg_match_child *c)
{
	return c->agree & STRONG & ~c->shared;
}

/* Another name altogether: a forename that stays with its date of birth is the same child under another surname; a
 * surname that does so is the same child only with a number beside it, because brothers and sisters are reported under
 * one reference. */
static bool another_name(const struct wg_match_child *c)
{
	if ((c->differ & NAME) == 0 || (c->agree & FORENAME_BIRTH) != 0)
		return false;
	return (c->agree & SURNAME_BIRTH) == 0 || (c->agree & NUMBERS) == 0;
}

/* Something decides for this child, and something speaks against it. */
static bool contradicts(const struct wg_match_child *c)
{
	return (c->differ & (NUMBERS | BIRTH)) != 0 || another_name(c);
}

/* Nothing decides, and yet it may be this child. */
static bool resembles(const struct wg_match_child *c)
{
	if ((c->agree & (STRONG | SWAPPED)) != 0)
		return true; /* a strong key here is one that several children share */
	if ((c->agree & NAME) != 0 && (c->differ & BIRTH) == 0)
		return true;
	/* Two facts that differ are two children: a number, beside the date of birth or the name. */
	return (c->agree & (NAME | SURNAME_BIRTH)) != 0 && (c->differ & NUMBERS) == 0;
}

bool wg_match_doubtful(const struct wg_match_child *c)
{
	return decides(c) != 0 || resembles(c);
}

enum wg_match_verdict wg_match_judge(const struct wg_match_child *list, size_t count, size_t *which)
{
	size_t deciding = 0, resembling = 0, at = 0;
	for (size_t i = 0; i < count; i++) {
		if (decides(&list[i]) != 0) {
			deciding++;
			at = i;
		} else {
			resembling += resembles(&list[i]);
		}
	}
	if (deciding == 0)
		return resembling == 0 ? WG_MATCH_NEW : WG_MATCH_DOUBT;
	if (deciding > 1 || contradicts(&list[at]))
		return WG_MATCH_DOUBT;
	*which = at;
	return WG_MATCH_SAME;
}

/* ---- words */

static const struct {
	unsigned kind, covers; /* the kinds that need no words of their own beside it */
	const char *words;
} names[] = {
	{ REFERENCE, 0, "police reference" },
	{ LOCAL_ID, 0, "local id" },
	{ NHS, 0, "NHS number" },
	{ NAME_BIRTH, NAME | BIRTH | SURNAME_BIRTH | FORENAME_BIRTH, "name and date of birth" },
	{ SWAPPED, NAME, "name, and date of birth with day and month exchanged" },
	{ NAME, 0, "name" },
	{ SURNAME_BIRTH, BIRTH, "surname and date of birth" },
	{ FORENAME_BIRTH, BIRTH, "first name and date of birth" },
	{ BIRTH, 0, "date of birth" },
};

static void list_kinds(unsigned kinds, const char *before, char *out, size_t size)
{
	const char *between = before;
	for (size_t i = 0; i < WG_COUNT(names); i++) {
		size_t used = strlen(out);
		if ((kinds & names[i].kind) == 0)
			continue;
		kinds &= ~names[i].covers;
		(void)snprintf(out + used, size - used, "%s%s", between, names[i].words); /* cut is acceptable in words */
		between = ", ";
	}
}

void wg_match_words(const struct wg_match_child *c, char *out, size_t size)
{
	/* Said of what differs: the plain facts only. */
	unsigned differ = c->differ & (NUMBERS | BIRTH | NAME);
	if ((c->agree & (SURNAME_BIRTH | FORENAME_BIRTH)) == 0 && (c->differ & NAME_BIRTH) != 0 && differ == 0)
		differ = NAME_BIRTH;
	if ((c->agree & SWAPPED) != 0)
		differ &= ~BIRTH;
	out[0] = '\0';
	list_kinds(c->agree, "the same ", out, size);
	list_kinds(differ, ", but another ", out, size);
}

/* ---- episodes */

static const char ended_reference[] = "its police reference is that of an episode that has ended";
static const char other_reference[] = "its police reference is another than that of the child's open episode";

static struct wg_match_episode opens(const struct wg_match_view *v)
{
	if (v->known)
		return (struct wg_match_episode){ .to = WG_EPISODE_KNOWN,
			                              .doubt = v->known_open || v->before_end ? NULL : ended_reference };
	if (v->open)
		return (struct wg_match_episode){ .to = WG_EPISODE_OPEN,
			                              .attach = v->reference,
			                              .doubt = v->reference && v->open_referenced ? other_reference : NULL };
	if (v->closed && v->before_end)
		return (struct wg_match_episode){ .to = WG_EPISODE_CLOSED, .attach = v->reference };
	return (struct wg_match_episode){ .to = WG_EPISODE_NEW, .attach = v->reference };
}

static struct wg_match_episode closes(const struct wg_match_view *v)
{
	if (v->known)
		return (struct wg_match_episode){ .to = WG_EPISODE_KNOWN, .ends = true };
	if (v->open)
		return (struct wg_match_episode){ .to = WG_EPISODE_OPEN,
			                              .ends = true,
			                              .attach = v->reference,
			                              .doubt = v->reference && v->open_referenced ? other_reference : NULL };
	if (v->closed && !(v->reference && v->closed_referenced))
		return (struct wg_match_episode){ .to = WG_EPISODE_CLOSED, .attach = v->reference };
	return (struct wg_match_episode){ .to = WG_EPISODE_NEW, .ends = true, .attach = v->reference };
}

/* first: the episode that a message of this kind means when it names none. */
static struct wg_match_episode belongs(const struct wg_match_view *v, enum wg_match_to first)
{
	bool open_first = v->open && (first == WG_EPISODE_OPEN || !v->closed);
	if (v->known)
		return (struct wg_match_episode){ .to = WG_EPISODE_KNOWN };
	if (open_first)
		return (struct wg_match_episode){ .to = WG_EPISODE_OPEN, .attach = v->reference && !v->open_referenced };
	if (v->closed)
		return (struct wg_match_episode){ .to = WG_EPISODE_CLOSED, .attach = v->reference && !v->closed_referenced };
	if (!v->reference)
		return (struct wg_match_episode){ .to = WG_EPISODE_NONE };
	return (struct wg_match_episode){ .to = WG_EPISODE_NEW, .ends = first == WG_EPISODE_CLOSED, .attach = true };
}

struct wg_match_episode wg_match_episode(enum wg_relation relation, const struct wg_match_view *view)
{
	switch (relation) {
	case WG_RELATION_OPENS:
		return opens(view);
	case WG_RELATION_CLOSES:
		return closes(view);
	case WG_RELATION_WITHIN:
		return belongs(view, WG_EPISODE_OPEN);
	case WG_RELATION_AFTER:
		return belongs(view, WG_EPISODE_CLOSED);
	case WG_RELATION_NONE:
		break;
	}
	return (struct wg_match_episode){ .to = WG_EPISODE_NONE };
}

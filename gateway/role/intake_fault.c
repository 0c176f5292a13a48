/* intake_fault.c owns the memory of what lies in the drop folders and cannot be taken, so that the log says it when it
 * begins and when it ends, and not at every look. It is lost when the role ends: then it is said again. */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "role/intake.h"

static void log_fault(const struct wg_intake *intake, const struct wg_drop_fault *f, const struct wg_err *why)
{
	const struct wg_drop *drop = &intake->config->drops[f->drop];
	char inode[24];
	(void)snprintf(inode, sizeof inode, "%llu", (unsigned long long)f->inode); /* 20 digits at most */
	if (why != NULL)
		wg_log_err(WG_LOG_WARNING, "drop-not-taken", why, "folder", drop->folder, "inode", inode, "organisation",
		           drop->organisation, NULL);
	else
		wg_log(WG_LOG_INFO, "drop-cleared", "folder", drop->folder, "inode", inode, "organisation", drop->organisation,
		       "was", f->why, NULL);
}

static struct wg_drop_fault *find(struct wg_intake *intake, unsigned drop, ino_t inode)
{
	for (unsigned i = 0; i < intake->fault_count; i++)
		if (intake->faults[i].drop == drop && intake->faults[i].inode == inode)
			return &intake->faults[i];
	return NULL;
}

void wg_drop_fault_note(struct wg_intake *intake, unsigned drop, ino_t inode, const struct wg_err *why)
{
	char words[sizeof intake->faults[0].why];
	struct wg_drop_fault *f = find(intake, drop, inode);
	(void)snprintf(words, sizeof words, "%.*s", (int)sizeof words - 1, why->text); /* cut is acceptable in words */
	if (f == NULL && intake->fault_count == WG_INTAKE_FAULTS)
		return;
	bool news = f == NULL || strcmp(f->why, words) != 0;
	if (f == NULL)
		f = &intake->faults[intake->fault_count++];
	*f = (struct wg_drop_fault){ .drop = drop, .inode = inode, .seen = true };
	memcpy(f->why, words, sizeof f->why);
	if (news)
		log_fault(intake, f, why);
}

bool wg_drop_fault_keep(struct wg_intake *intake, unsigned drop, ino_t inode)
{
	struct wg_drop_fault *f = find(intake, drop, inode);
	if (f != NULL)
		f->seen = true;
	return f != NULL;
}

static void clear(struct wg_intake *intake, struct wg_drop_fault *f)
{
	log_fault(intake, f, NULL);
	*f = intake->faults[--intake->fault_count];
}

void wg_drop_fault_over(struct wg_intake *intake, unsigned drop, ino_t inode)
{
	struct wg_drop_fault *f = find(intake, drop, inode);
	if (f != NULL)
		clear(intake, f);
}

void wg_drop_fault_sweep(struct wg_intake *intake, unsigned drop)
{
	for (unsigned i = 0; i < intake->fault_count;) {
		struct wg_drop_fault *f = &intake->faults[i];
		if (f->drop == drop && !f->seen) {
			clear(intake, f);
			continue;
		}
		if (f->drop == drop)
			f->seen = false;
		i++;
	}
}

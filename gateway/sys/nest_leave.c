/* nest_leave.c owns what the children of a nest do not get: libraries that came with others and are never called. Each
 * mapping less is one that needs not be copied for a child and taken down after it, and code that is not there can be
 * put to no use by what a child reads. They are taken from the nest itself: left out at each fork (MADV_DONTFORK) they
 * cost as much as they save, for the kernel copies the tree of all mappings and strikes them from the copy. */
#include <link.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/asan.h"
#include "base/mem.h"
#include "sys/nest_internal.h"

/* What sys itself loads, and needs no more when the nest is confined. */
static const char *const ours[] = { "libseccomp.so", NULL };

static bool listed(const char *const *list, const char *name)
{
	for (; list != NULL && *list != NULL; list++)
		if (strncmp(name, *list, strlen(*list)) == 0)
			return true;
	return false;
}

/* What is to go: a handful of libraries of a few parts each. More stay. */
#define PARTS_MAX 128

struct parting {
	const char *const *list;
	unsigned count;
	struct {
		uintptr_t from, to;
	} parts[PARTS_MAX];
};

static int find(struct dl_phdr_info *library, size_t size, void *arg)
{
	struct parting *p = arg;
	const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE) - 1;
	const char *slash = strrchr(library->dlpi_name, '/'), *name = slash != NULL ? slash + 1 : library->dlpi_name;
	(void)size;
	if (!listed(ours, name) && !listed(p->list, name))
		return 0;
	for (unsigned i = 0; i < library->dlpi_phnum && p->count < PARTS_MAX; i++) {
		const ElfW(Phdr) *part = &library->dlpi_phdr[i];
		if (part->p_type != PT_LOAD)
			continue;
		p->parts[p->count].from = (library->dlpi_addr + part->p_vaddr) & ~page;
		p->parts[p->count].to = (library->dlpi_addr + part->p_vaddr + part->p_memsz + page) & ~page;
		p->count++;
	}
	return 0;
}

void wg_nest_leave(const char *const *libraries)
{
	struct parting p = { .list = libraries };
	if (WG_ASAN) /* whose own calls go anywhere */
		return;
	(void)dl_iterate_phdr(find, &p); /* its answer is ours, 0 */
	for (unsigned i = 0; i < p.count; i++)
		(void)munmap((void *)p.parts[i].from, p.parts[i].to - p.parts[i].from); /* otherwise it stays, uncalled */
}

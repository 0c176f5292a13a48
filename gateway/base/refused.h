/* Memory that was refused to our own rooms where the caller is told of it as of something else (a text that is not
 * there, a limit): noted for wg_mem_refused of base/mem.h. */
#ifndef WG_BASE_REFUSED_H
#define WG_BASE_REFUSED_H

void wg_mem_note(void);

#endif

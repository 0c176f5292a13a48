/* Writes to a write-ahead log go to the kernel in few large pieces. */
#ifndef WG_STORE_SQLITE_GATHER_H
#define WG_STORE_SQLITE_GATHER_H

/* The name of a VFS for sqlite3_open_v2: the machine's own, but that what is written to a write-ahead log, which SQLite
 * does with two calls a page, waits in memory until it is read, synced, cut or asked for its size, or until it does not
 * join on. So it is with the kernel no later than SQLite would have it on the disk. NULL, which is the VFS of SQLite
 * itself: memory ran out. */
const char *wg_sqlite_gather(void);

#endif

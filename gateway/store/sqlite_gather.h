/* Writes to a database and its write-ahead log go to the kernel in few large pieces. */
#ifndef WG_STORE_SQLITE_GATHER_H
#define WG_STORE_SQLITE_GATHER_H

/* The name of a VFS for sqlite3_open_v2: the machine's own, but that what is written, which SQLite does with two calls
 * a page to the log and one to the database, waits in memory until the file is read, synced, cut or asked for its size,
 * or until it does not join on. So it is with the kernel no later than SQLite would have it on the disk. For databases
 * in exclusive locking mode only. NULL, which is the VFS of SQLite itself: memory ran out. */
const char *wg_sqlite_gather(void);

#endif

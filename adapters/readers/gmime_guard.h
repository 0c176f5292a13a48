/* GMime made ready for a process that may open nothing afterwards. */
#ifndef WG_READERS_GMIME_GUARD_H
#define WG_READERS_GMIME_GUARD_H

/* Initialises GMime, silences GLib's log, and loads the charsets. Call before confinement, once. */
void wg_gmime_prepare(void);

#endif

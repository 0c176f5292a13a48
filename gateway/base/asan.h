/* Whether this is the build of the address sanitizer: it takes terabytes of address space, so that memory cannot be
 * limited, needs calls that confinement forbids, and is slower. Nothing else may depend on it. */
#ifndef WG_BASE_ASAN_H
#define WG_BASE_ASAN_H

#if defined(__SANITIZE_ADDRESS__)
#define WG_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WG_ASAN 1
#endif
#endif
#ifndef WG_ASAN
#define WG_ASAN 0
#endif

#endif

/* SPDX-License-Identifier: GPL-2.0 */
/* Big TCP had a header for it, which stands in no packet that leaves */
#ifndef _COMPAT_LINUX_IPV6_H
#define _COMPAT_LINUX_IPV6_H

#include_next <linux/ipv6.h>

#ifndef IP6SKB_FAKEJUMBO
#define IP6SKB_FAKEJUMBO	0
#endif

#endif /* _COMPAT_LINUX_IPV6_H */

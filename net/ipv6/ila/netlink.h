/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ILA_NETLINK_H
#define _ILA_NETLINK_H

struct genl_family;

extern struct genl_family ila_genl_family;

#endif /* _ILA_NETLINK_H */

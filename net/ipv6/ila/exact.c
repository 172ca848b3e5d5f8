// SPDX-License-Identifier: GPL-2.0
/*
 * Identifier-Locator Addressing: identifiers that stand for another address
 */
#include <linux/slab.h>
#include <net/netlink.h>

#include "mapping.h"

/**
 * struct ila_vnid - a virtual network and its prefix
 * @node: the key is 0 and the VNID in the form of an identifier
 * @by_prefix: the key is the prefix, a /96
 * @prefix: the prefix
 * @sum: over it
 * @users: mappings and local identifiers in it
 * @rcu: frees it
 *
 * Adjusted, an identifier does not show all of the address; this tells the rest.
 */
struct ila_vnid {
	struct ila_node node;
	struct ila_node by_prefix;
	u32 sum;
	unsigned int users;
	struct rcu_head rcu;
};

static struct ila_addr ila_vnid_key(__be64 ident)
{
	return (struct ila_addr) {
		.ident = ila_ident_make(ILA_ATYPE_VIRT_UNI_V6,
					ila_exact_vnid(ident), 0),
	};
}

static struct ila_vnid *ila_vnid_find(const struct ila_net *ilan, __be64 ident,
				      u32 domain)
{
	const struct ila_addr key = ila_vnid_key(ident);

	return (struct ila_vnid *)ila_table_find(&ilan->vnids, &key, domain);
}

static struct ila_vnid *ila_vnid_new(struct ila_net *ilan, __be64 ident,
				     const struct ila_addr *prefix, u32 domain)
{
	struct ila_vnid *vnid;

	if (ila_table_reserve(&ilan->vnids, 2))
		return ERR_PTR(-ENOMEM);
	vnid = kzalloc(sizeof(*vnid), GFP_KERNEL_ACCOUNT);
	if (!vnid)
		return ERR_PTR(-ENOMEM);
	vnid->node.key = ila_vnid_key(ident);
	vnid->node.domain = domain;
	vnid->by_prefix.key = *prefix;
	vnid->by_prefix.domain = domain;
	vnid->sum = ila_exact_prefix_sum(prefix);
	ila_table_insert(&ilan->vnids, &vnid->node);
	ila_table_insert(&ilan->vnids, &vnid->by_prefix);
	return vnid;
}

/**
 * ila_vnid_get() - note which prefix a virtual network has
 * @ilan: the namespace, its mutex held
 * @ident: an identifier of type 3 in it
 * @address: the address that it stands for
 * @domain: the domain of both
 * @extack: says why not
 *
 * Process context.
 *
 * Return: for ila_vnid_put(); or an ERR_PTR: -EEXIST if the network has another
 * prefix or the prefix is another network's, -ENOMEM.
 */
struct ila_vnid *ila_vnid_get(struct ila_net *ilan, __be64 ident,
			      const struct ila_addr *address, u32 domain,
			      struct netlink_ext_ack *extack)
{
	const struct ila_addr prefix = {
		.upper = address->upper,
		.ident = address->ident & cpu_to_be64(~0xffffffffULL),
	};
	struct ila_vnid *vnid = ila_vnid_find(ilan, ident, domain);

	if (vnid && memcmp(&vnid->by_prefix.key, &prefix, sizeof(prefix))) {
		NL_SET_ERR_MSG(extack, "the VNID has another /96 already");
		return ERR_PTR(-EEXIST);
	}
	if (!vnid && ila_table_find(&ilan->vnids, &prefix, domain)) {
		NL_SET_ERR_MSG(extack, "the /96 has another VNID already");
		return ERR_PTR(-EEXIST);
	}
	if (!vnid)
		vnid = ila_vnid_new(ilan, ident, &prefix, domain);
	if (!IS_ERR(vnid))
		vnid->users++;
	return vnid;
}

/**
 * ila_vnid_put() - give up a use of ila_vnid_get()
 * @ilan: the namespace, its mutex held
 * @vnid: the virtual network
 */
void ila_vnid_put(struct ila_net *ilan, struct ila_vnid *vnid)
{
	if (--vnid->users)
		return;
	ila_table_remove(&ilan->vnids, &vnid->by_prefix);
	ila_table_remove(&ilan->vnids, &vnid->node);
	kfree_rcu(vnid, rcu);
}

/**
 * ila_local_find() - the local identifier that an ILA address has
 * @ilan: the namespace
 * @wire: the address as it was received
 * @csum_mode: ILA_CSUM_
 * @domain: domain of its locator
 * @place: where it is
 *
 * RCU read side.
 *
 * Return: the local identifier, or NULL if there is none, or has expired.
 */
const struct ila_exact *ila_local_find(const struct ila_net *ilan,
				       const struct ila_addr *wire,
				       u8 csum_mode, u32 domain,
				       struct ila_place *place)
{
	const struct ila_vnid *vnid = NULL;
	const struct ila_exact *exact;
	struct ila_addr key = {};
	unsigned long ref;
	u32 sum = 0;

	if (!READ_ONCE(ilan->locals.n))
		return NULL;
	if (ila_ident_type(wire->ident) == ILA_ATYPE_VIRT_UNI_V6) {
		vnid = ila_vnid_find(ilan, wire->ident, domain);
		if (!vnid)
			return NULL;
		sum = vnid->sum;
	}
	key.ident = ila_exact_key(wire, csum_mode, sum);
	ref = ila_maps_find_alive(&ilan->locals, &key, domain, ila_now(), place);
	if (!ref)
		return NULL;
	exact = ila_ref_exact(ref);
	/* or the network is another one since, of the same VNID */
	return likely(!vnid || exact->vnid == vnid) ? exact : NULL;
}

/**
 * ila_exact_restore() - how to restore an address that is not of SIR form
 * @ilan: the namespace
 * @wire: the address as it was received
 * @csum_mode: ILA_CSUM_, of whoever sent it
 * @domain: domain of its locator
 * @x: the answer: a translation of this one address
 * @place: where the local identifier is
 *
 * RCU read side.
 *
 * Return: the local identifier; NULL if the identifier does not stand for such an
 * address here.
 */
const struct ila_exact *ila_exact_restore(const struct ila_net *ilan,
					  const struct ila_addr *wire,
					  u8 csum_mode, u32 domain,
					  struct ila_xlat *x,
					  struct ila_place *place)
{
	const struct ila_exact *exact;

	exact = ila_local_find(ilan, wire, csum_mode, domain, place);
	if (!exact)
		return NULL;
	/* what came without the C-bit was not adjusted, so its sum changes */
	if (ila_csum_mode_neutral(csum_mode) &&
	    !ila_exact_adjusted(wire->ident, csum_mode))
		csum_mode = ILA_CSUM_NO_ACTION;
	*x = (struct ila_xlat) {
		.to = exact->address.upper,
		.ident = exact->address.ident,
		.diff = ila_exact_diff(wire, &exact->address),
		.csum_mode = csum_mode,
		.restore = true,
		.fixed = true,
		.by = ILA_BY_ADDRESS,
	};
	return exact;
}

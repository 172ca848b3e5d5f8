// SPDX-License-Identifier: GPL-2.0
/*
 * gso: TCP segments of 64,000 bytes, to be cut where they leave the machine
 *
 *	gso DEVICE MAC ADDRESS COUNT
 *
 * Prints how many microseconds they took.
 */
#include <arpa/inet.h>
#include <err.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ether.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define PAYLOAD		64000
#define SEGMENT		1440

/* Nothing of it needs padding before it. */
static struct {
	struct virtio_net_hdr vnet;
	struct ether_header eth;
	struct ip6_hdr ip;
	struct tcphdr tcp;
	char payload[PAYLOAD];
} frame;

/* Of the pseudo header, as hardware wants it */
static uint16_t pseudo_sum(void)
{
	uint32_t sum = htons(IPPROTO_TCP) + htons(sizeof(frame.tcp) + PAYLOAD);
	uint16_t words[16];
	unsigned int i;

	memcpy(words, &frame.ip.ip6_src, sizeof(words));
	for (i = 0; i < 16; i++)
		sum += words[i];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static void fill(const char *mac, const char *address)
{
	struct ether_addr *ether = ether_aton(mac);

	if (!ether || inet_pton(AF_INET6, address, &frame.ip.ip6_dst) != 1)
		errx(2, "'%s' or '%s' is no address", mac, address);
	inet_pton(AF_INET6, "2001:db8:99::2", &frame.ip.ip6_src);
	memcpy(frame.eth.ether_dhost, ether, ETH_ALEN);
	frame.eth.ether_type = htons(ETHERTYPE_IPV6);
	frame.ip.ip6_flow = htonl(6 << 28);
	frame.ip.ip6_plen = htons(sizeof(frame.tcp) + PAYLOAD);
	frame.ip.ip6_nxt = IPPROTO_TCP;
	frame.ip.ip6_hlim = 64;
	frame.tcp.th_off = 5;
	frame.tcp.th_flags = TH_ACK;
	frame.tcp.th_sum = pseudo_sum();
	frame.vnet.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	frame.vnet.gso_type = VIRTIO_NET_HDR_GSO_TCPV6;
	frame.vnet.gso_size = SEGMENT;
	frame.vnet.hdr_len = offsetof(typeof(frame), payload) -
			     sizeof(frame.vnet);
	frame.vnet.csum_start = offsetof(typeof(frame), tcp) -
				sizeof(frame.vnet);
	frame.vnet.csum_offset = offsetof(struct tcphdr, th_sum);
}

static int open_device(const char *name)
{
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET,
		.sll_ifindex = if_nametoindex(name),
	};
	int fd = socket(AF_PACKET, SOCK_RAW, 0), on = 1;

	if (fd < 0 || setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof(on)) ||
	    bind(fd, (void *)&to, sizeof(to)))
		err(1, "%s", name);
	return fd;
}

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000ULL + ts.tv_nsec / 1000;
}

int main(int argc, char **argv)
{
	unsigned long count;
	uint64_t begin;
	int fd;

	if (argc != 5)
		errx(2, "usage: gso DEVICE MAC ADDRESS COUNT");
	fill(argv[2], argv[3]);
	fd = open_device(argv[1]);
	begin = now();
	for (count = strtoul(argv[4], NULL, 10); count; count--) {
		if (send(fd, &frame, sizeof(frame), 0) < 0)
			err(1, "%s", argv[1]);
	}
	printf("%llu\n", (unsigned long long)(now() - begin));
	return 0;
}

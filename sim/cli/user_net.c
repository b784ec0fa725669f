/* -netdev user: libslirp's network, in QEMU's words and with QEMU's addresses. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "cli/networks.h"
#include "cli/values.h"

static int set_address(const struct network_reading *reading, const char *name, const char *value,
                       struct in_addr *address)
{
	if (inet_pton(AF_INET, value, address) == 1)
		return 0;
	return bad("-%s: %s=%s: must be an IPv4 address", reading->option, name, value);
}

static uint32_t mask_of_bits(uint64_t bits) { return bits == 0 ? 0 : UINT32_MAX << (32 - bits); }

/* As the classes of addresses had it. */
static uint32_t mask_of_class(uint32_t address)
{
	return mask_of_bits(!(address >> 31) ? 8 : !(address >> 30 & 1) ? 16 : 24);
}

/* ADDRESS[/BITS|/MASK] */
static int set_net(struct network_reading *reading, const char *name, char *value)
{
	uint64_t bits;
	char *mask = strchr(value, '/');
	if (mask)
		*mask++ = '\0';
	if (set_address(reading, name, value, &reading->config.user.net) != 0)
		return -1;
	reading->config.user.mask.s_addr = htonl(mask_of_class(ntohl(reading->config.user.net.s_addr)));
	if (mask && number_between(mask, 1, 30, &bits))
		reading->config.user.mask.s_addr = htonl(mask_of_bits(bits));
	else if (mask && inet_pton(AF_INET, mask, &reading->config.user.mask) != 1)
		return bad("-%s: %s=%s/%s: must be ADDRESS[/BITS]", reading->option, name, value, mask);
	reading->config.user.net.s_addr &= reading->config.user.mask.s_addr;
	return 0;
}

/* The text up to the next separator, which goes. NULL: there is none. */
static char *cut_at(char **text, char separator)
{
	char *begin = *text, *end = strchr(begin, separator);
	if (!end)
		return NULL;
	*end = '\0';
	*text = end + 1;
	return begin;
}

static bool forward_address(const char *text, struct in_addr *address)
{
	return *text == '\0' || inet_pton(AF_INET, text, address) == 1;
}

/* [tcp|udp]:[HOSTADDR]:HOSTPORT-[GUESTADDR]:GUESTPORT. NULL, or what is wrong. */
static const char *read_forward(char *text, struct network_forward *forward)
{
	char *protocol = cut_at(&text, ':'), *host = protocol ? cut_at(&text, ':') : NULL;
	char *host_port = host ? cut_at(&text, '-') : NULL, *guest = host_port ? cut_at(&text, ':') : NULL;
	uint64_t from, to;
	if (!guest)
		return "must be tcp|udp:[HOSTADDR]:HOSTPORT-[GUESTADDR]:GUESTPORT";
	*forward = (struct network_forward){.udp = strcmp(protocol, "udp") == 0, .host.s_addr = htonl(INADDR_LOOPBACK)};
	if (*protocol != '\0' && !forward->udp && strcmp(protocol, "tcp") != 0)
		return "tcp or udp alone can be forwarded";
	if (!forward_address(host, &forward->host) || !forward_address(guest, &forward->guest))
		return "no IPv4 address";
	if (!number_between(host_port, 1, UINT16_MAX, &from) || !number_between(text, 1, UINT16_MAX, &to))
		return "ports are 1 to 65535";
	forward->host_port = (uint16_t)from;
	forward->guest_port = (uint16_t)to;
	return NULL;
}

static int add_forward(struct network_reading *reading, const char *name, char *value)
{
	char whole[128];
	unsigned count = reading->config.user.forward_count;
	snprintf(whole, sizeof(whole), "%s", value);
	if (count == FORWARDS_MAX)
		return bad("-%s: more than %d ports to forward", reading->option, FORWARDS_MAX);
	const char *wrong = read_forward(value, &reading->config.user.forwards[count]);
	if (wrong)
		return bad("-%s: %s=%s: %s", reading->option, name, whole, wrong);
	reading->config.user.forward_count++;
	return 0;
}

static int set_tftp(struct network_reading *reading, const char *name, const char *value)
{
	struct stat status;
	if (stat(value, &status) != 0 || !S_ISDIR(status.st_mode))
		return bad("-%s: %s=%s: is no folder", reading->option, name, value);
	reading->config.user.tftp = value;
	return 0;
}

static int set_net_switch(const struct network_reading *reading, const char *name, const char *value, bool *field)
{
	if (options_switch(value, field))
		return 0;
	return bad("-%s: %s=%s: must be on or off", reading->option, name, value);
}

static const struct {
	const char *name, *why;
} refused[] = {
    {"guestfwd", "the guest would start programs of the host"},
    {"smb", "there is no SMB server here (tftp=FOLDER has files)"},
    {"smbserver", "there is no SMB server here (tftp=FOLDER has files)"},
    {"dnssearch", "the guest is told no search list (domainname=)"},
    {"ipv6-prefix", "the IPv6 network is fec0::/64"},
    {"ipv6-prefixlen", "the IPv6 network is fec0::/64"},
    {"ipv6-net", "the IPv6 network is fec0::/64"},
    {"ipv6-host", "the IPv6 network is fec0::/64"},
    {"ipv6-dns", "the IPv6 network is fec0::/64"},
};

static int refuse_property(const struct network_reading *reading, const char *name)
{
	for (unsigned i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		if (strcmp(refused[i].name, name) == 0)
			return bad("-%s: %s= is not supported: %s", reading->option, name, refused[i].why);
	return bad("-%s: unknown property '%s' (id, hostfwd, restrict, net, host, dhcpstart, dns, hostname, "
	           "domainname, tftp, bootfile, ipv4, ipv6)",
	           reading->option, name);
}

static const char **text_field(struct network_reading *reading, const char *name)
{
	if (strcmp(name, "hostname") == 0)
		return &reading->config.user.hostname;
	if (strcmp(name, "domainname") == 0)
		return &reading->config.user.domain;
	if (strcmp(name, "bootfile") == 0)
		return &reading->config.user.bootfile;
	return strcmp(name, "tftp-server-name") == 0 ? &reading->config.user.tftp_server : NULL;
}

/* DHCP's options are this long at most. */
static int set_text_field(const struct network_reading *reading, const char *name, const char *value,
                          const char **field)
{
	size_t most = field == &reading->config.user.bootfile   ? 127
	              : field == &reading->config.user.hostname ? 33
	                                                        : 255;
	if (strlen(value) > most)
		return bad("-%s: %s=: is longer than %zu characters", reading->option, name, most);
	*field = value;
	return 0;
}

int user_net_property(struct network_reading *reading, const char *name, char *value)
{
	struct network_config *config = &reading->config;
	const char **text = text_field(reading, name);
	if (text)
		return set_text_field(reading, name, value, text);
	if (strcmp(name, "net") == 0)
		return set_net(reading, name, value);
	if (strcmp(name, "hostfwd") == 0)
		return add_forward(reading, name, value);
	if (strcmp(name, "tftp") == 0)
		return set_tftp(reading, name, value);
	if (strcmp(name, "restrict") == 0)
		return set_net_switch(reading, name, value, &config->user.restricted);
	struct {
		const char *name;
		struct in_addr *address;
		bool *given;
	} addresses[] = {
	    {"host", &config->user.host, &reading->host_given},
	    {"dhcpstart", &config->user.dhcp, &reading->dhcp_given},
	    {"dns", &config->user.dns, &reading->dns_given},
	};
	for (unsigned i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		if (strcmp(addresses[i].name, name) != 0)
			continue;
		*addresses[i].given = true;
		return set_address(reading, name, value, addresses[i].address);
	}
	if (strcmp(name, "ipv4") == 0 || strcmp(name, "ipv6") == 0) {
		bool four = name[3] == '4';
		*(four ? &reading->ipv4_given : &reading->ipv6_given) = true;
		return set_net_switch(reading, name, value, four ? &config->user.ipv4 : &config->user.ipv6);
	}
	return refuse_property(reading, name);
}

/* One protocol that is asked for alone is alone. */
static void choose_protocols(struct network_reading *reading)
{
	struct network_config *config = &reading->config;
	bool four = reading->ipv4_given ? config->user.ipv4 : !(reading->ipv6_given && config->user.ipv6);
	bool six = reading->ipv6_given ? config->user.ipv6 : !(reading->ipv4_given && config->user.ipv4);
	config->user.ipv4 = four;
	config->user.ipv6 = six;
}

static void set_default_address(struct network_config *config, bool given, struct in_addr *address, uint32_t number)
{
	if (!given)
		address->s_addr = config->user.net.s_addr | (htonl(number) & ~config->user.mask.s_addr);
}

static bool outside(const struct network_config *config, struct in_addr address)
{
	return (address.s_addr & config->user.mask.s_addr) != config->user.net.s_addr;
}

int user_net_whole(struct network_reading *reading)
{
	struct network_config *config = &reading->config;
	choose_protocols(reading);
	if (!config->user.ipv4 && !config->user.ipv6)
		return bad("-%s: neither IPv4 nor IPv6 is left", reading->option);
	if (config->user.net.s_addr == 0) {
		config->user.net.s_addr = htonl(UINT32_C(0x0a000200)); /* 10.0.2.0/24 */
		config->user.mask.s_addr = htonl(mask_of_bits(24));
	}
	set_default_address(config, reading->host_given, &config->user.host, 2);
	set_default_address(config, reading->dns_given, &config->user.dns, 3);
	set_default_address(config, reading->dhcp_given, &config->user.dhcp, 15);
	if (outside(config, config->user.host) || outside(config, config->user.dhcp))
		return bad("-%s: host= and dhcpstart= must be addresses of the network", reading->option);
	if (config->user.host.s_addr == config->user.dns.s_addr)
		return bad("-%s: host= and dns= must be two addresses", reading->option);
	if (config->user.dhcp.s_addr == config->user.host.s_addr || config->user.dhcp.s_addr == config->user.dns.s_addr)
		return bad("-%s: dhcpstart= is an address that host= or dns= has", reading->option);
	return 0;
}

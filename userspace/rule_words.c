// SPDX-License-Identifier: GPL-2.0
/* Rules as words: "alg iif lan proto udp port 5060-5062 methods INVITE,ACK,BYE". */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "rule.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

enum kind { NUMBER, MARK, DSCP, FATE, SOURCE, SWITCH, METHODS, HEADERS };

static const struct {
	const char *name;
	enum kind kind;
	uint32_t min;
	uint32_t max;
	uint32_t def;
} options[] = {
#define X(e, name, kind, min, max, def, text) { #name, kind, min, max, def },
	SIPALG_OPTIONS(X)
#undef X
};

static const char *const fates[] = { "pass", "drop" };
static const char *const switches[] = { "off", "on" };
static const char *const sources[] = { "answered", "exact", "signalling", "any", "latch" };
static const char *const headers[] = { "via", "contact", "route", "identity", "refer", "sdp" };
static const char *const actions[] = { "alg", "bypass", "drop", "observe" };
static const char *const methods[] = {
#define X(name) #name,
	SIPALG_METHODS(X)
#undef X
};

static const struct {
	const char *const *names;
	unsigned int n;
	bool set;	/* several, with commas */
} kinds[] = {
	[FATE] = { fates, COUNT(fates) },
	[SOURCE] = { sources, COUNT(sources) },
	[SWITCH] = { switches, COUNT(switches) },
	[HEADERS] = { headers, COUNT(headers), true },
	[METHODS] = { methods, COUNT(methods), true },
};

/* media-port-min and media_port_min are the same. */
static bool same(const char *word, const char *name)
{
	for (; *word && *name; word++, name++) {
		if (*word != *name && !(*word == '-' && *name == '_'))
			return false;
	}
	return !*word && !*name;
}

static int number(const char *what, const char *word, uint32_t min, uint32_t max, uint32_t *to)
{
	unsigned long n;
	char *end;

	errno = 0;
	n = strtoul(word, &end, 0);
	if (errno || end == word || *end || *word == '-' || n < min || n > max) {
		error_say("%s cannot be \"%s\": it is a number from %u to %u", what, word, min,
			  max);
		return -1;
	}
	*to = n;
	return 0;
}

static void say_names(const char *what, const char *word, const char *const *names, unsigned int n)
{
	char list[256] = "";
	size_t used = 0;

	for (unsigned int i = 0; i < n && used < sizeof(list); i++)
		used += snprintf(list + used, sizeof(list) - used, "%s%s", i ? ", " : "", names[i]);
	error_say("%s cannot be \"%s\": it is one of %s", what, word, list);
}

static int one_of(const char *what, const char *word, size_t len, const char *const *names,
		  unsigned int n, uint32_t *to)
{
	char copy[64];

	for (unsigned int i = 0; i < n; i++) {
		if (strlen(names[i]) == len && !strncasecmp(names[i], word, len)) {
			*to = i;
			return 0;
		}
	}
	snprintf(copy, sizeof(copy), "%.*s", (int)(len < 63 ? len : 63), word);
	say_names(what, copy, names, n);
	return -1;
}

/* "INVITE,ACK,BYE", "all", "none" */
static int set_of(const char *what, const char *word, const char *const *names, unsigned int n,
		  uint32_t *to)
{
	uint32_t bit;

	*to = 0;
	if (!strcmp(word, "all") || !strcmp(word, "none")) {
		*to = *word == 'a' ? (1u << n) - 1 : 0;
		return 0;
	}
	while (*word) {
		size_t len = strcspn(word, ",");

		if (one_of(what, word, len, names, n, &bit) < 0)
			return -1;
		*to |= 1u << bit;
		word += len + (word[len] == ',');
	}
	return 0;
}

static int option(unsigned int o, const char *what, const char *word, uint32_t *to)
{
	enum kind kind = options[o].kind;

	if (kind == DSCP && !strcmp(word, "keep")) {
		*to = SIPALG_DSCP_KEEP;
		return 0;
	}
	if (kind == DSCP)
		return number(what, word, options[o].min, SIPALG_DSCP_KEEP - 1, to);
	if (kind == NUMBER || kind == MARK)
		return number(what, word, options[o].min, options[o].max, to);
	if (kinds[kind].set) {
		if (set_of(what, word, kinds[kind].names, kinds[kind].n, to) < 0)
			return -1;
		if (*to || !options[o].min)
			return 0;
		error_say("%s cannot be \"%s\": it is at least one of them", what, word);
		return -1;
	}
	return one_of(what, word, strlen(word), kinds[kind].names, kinds[kind].n, to);
}

static int prefix(const char *what, const char *word, size_t len, struct prefix *p)
{
	char text[INET6_ADDRSTRLEN + 5];
	uint32_t bits;
	char *slash;

	memset(p, 0, sizeof(*p));
	snprintf(text, sizeof(text), "%.*s", (int)len, word);
	slash = strchr(text, '/');
	if (slash)
		*slash = '\0';
	if (len < sizeof(text) && inet_pton(AF_INET, text, p->addr) == 1)
		p->family = 4;
	else if (len < sizeof(text) && inet_pton(AF_INET6, text, p->addr) == 1)
		p->family = 6;
	if (!p->family) {
		error_say("%s cannot be \"%.*s\": it is an address or a prefix, like 192.0.2.0/24",
			  what, (int)len, word);
		return -1;
	}
	bits = p->family == 4 ? 32 : 128;
	if (slash && number("the length of a prefix", slash + 1, 0, bits, &bits) < 0)
		return -1;
	p->len = bits;
	return 0;
}

/* "10.0.0.0/24,10.1.0.0/24" */
static int prefixes(const char *what, const char *word, struct prefixes *list)
{
	list->n = 0;
	do {
		size_t len = strcspn(word, ",");

		if (list->n == SIPALG_RULE_PREFIXES) {
			error_say("%s cannot have \"%s\" as well: it is up to %u prefixes", what,
				  word, SIPALG_RULE_PREFIXES);
			return -1;
		}
		if (prefix(what, word, len, &list->at[list->n]) < 0)
			return -1;
		list->n++;
		word += len;
	} while (*word++);
	return 0;
}

static int device(const char *what, const char *word, char *to)
{
	if (strlen(word) >= IF_NAMESIZE || strchr(word, '/')) {
		error_say("%s cannot be \"%s\": a name of an interface has at most %u characters",
			  what, word, IF_NAMESIZE - 1);
		return -1;
	}
	strcpy(to, word);
	return 0;
}

/* "5060", "5060-5062" */
static int ports(const char *word, struct rule *r)
{
	const char *minus = strchr(word, '-');
	char first[8];
	uint32_t min, max;

	snprintf(first, sizeof(first), "%.*s", (int)(minus ? minus - word : 7), word);
	if (number("port", minus ? first : word, 1, 65535, &min) < 0 ||
	    number("port", minus ? minus + 1 : word, 1, 65535, &max) < 0)
		return -1;
	if (min > max) {
		error_say("the ports %u-%u are none: the first is the higher one", min, max);
		return -1;
	}
	r->port_min = min;
	r->port_max = max;
	return 0;
}

/* "0x10", "0x10/0xff" */
static int mark(const char *word, struct rule *r)
{
	const char *slash = strchr(word, '/');
	char first[16];

	r->mask = UINT32_MAX;
	snprintf(first, sizeof(first), "%.*s", (int)(slash ? slash - word : 15), word);
	if (number("mark", first, 0, UINT32_MAX, &r->mark) < 0)
		return -1;
	if (slash && number("the mask of mark", slash + 1, 0, UINT32_MAX, &r->mask) < 0)
		return -1;
	if (!(r->mark & ~r->mask))
		return 0;
	error_say("the mark 0x%x has bits that the mask 0x%x has not: no flow matches", r->mark,
		  r->mask);
	return -1;
}

/* "INVITE=10,REGISTER=2" */
static int rates(const char *word, struct rule *r)
{
	while (*word) {
		size_t len = strcspn(word, ","), name = strcspn(word, "=");
		char value[16];
		uint32_t m;

		if (name >= len) {
			error_say("rates cannot be \"%s\": it is like INVITE=10,REGISTER=2", word);
			return -1;
		}
		snprintf(value, sizeof(value), "%.*s", (int)(len - name - 1), word + name + 1);
		if (one_of("a method in rates", word, name, methods, COUNT(methods), &m) < 0 ||
		    number("a rate", value, 0, 1000000, &r->rate[m]) < 0)
			return -1;
		word += len + (word[len] == ',');
	}
	return 0;
}

static int name(const char *word, struct rule *r)
{
	if (strlen(word) > SIPALG_RULE_NAME_MAX || strpbrk(word, " \t\"#")) {
		error_say("a rule cannot be named \"%s\": it is one word of at most %u characters",
			  word, SIPALG_RULE_NAME_MAX);
		return -1;
	}
	strcpy(r->name, word);
	return 0;
}

static int protocol(const char *word, struct rule *r)
{
	static const char *const names[] = { "any", "udp", "tcp" };
	static const uint8_t numbers[] = { 0, IPPROTO_UDP, IPPROTO_TCP };
	uint32_t i;

	if (one_of("proto", word, strlen(word), names, COUNT(names), &i) < 0)
		return -1;
	r->proto = numbers[i];
	return 0;
}

static int zone(const char *word, struct rule *r)
{
	uint32_t n;

	if (number("zone", word, 0, 65535, &n) < 0)
		return -1;
	r->has_zone = true;
	r->zone = n;
	return 0;
}

/* A word and its value. */
static int pair(struct rule *r, const char *word, const char *value)
{
	if (!strcmp(word, "name"))
		return name(value, r);
	if (!strcmp(word, "iif"))
		return device(word, value, r->iif);
	if (!strcmp(word, "oif"))
		return device(word, value, r->oif);
	if (!strcmp(word, "src"))
		return prefix(word, value, strlen(value), &r->src);
	if (!strcmp(word, "dst"))
		return prefix(word, value, strlen(value), &r->dst);
	if (!strcmp(word, "proto"))
		return protocol(value, r);
	if (!strcmp(word, "port"))
		return ports(value, r);
	if (!strcmp(word, "mark"))
		return mark(value, r);
	if (!strcmp(word, "zone"))
		return zone(value, r);
	if (!strcmp(word, "rates"))
		return rates(value, r);
	if (!strcmp(word, "inner"))
		return prefixes(word, value, &r->inner);
	if (!strcmp(word, "callers"))
		return prefixes(word, value, &r->callers);
	for (unsigned int o = 0; o < SIPALG_O_COUNT; o++) {
		if (same(word, options[o].name))
			return option(o, word, value, &r->option[o]);
	}
	error_say("there is no match or option \"%s\" of a rule: sipalgctl(8) lists them", word);
	return -1;
}

int rule_parse(struct rule *r, char *const *words, int n)
{
	uint32_t action;

	rule_init(r);
	if (!n) {
		error_say("a rule begins with what it does: alg, observe, bypass or drop");
		return -1;
	}
	if (one_of("what a rule does", words[0], strlen(words[0]), actions, COUNT(actions),
		   &action) < 0)
		return -1;
	r->action = action;
	for (int i = 1; i < n; i += 2) {
		if (i + 1 == n) {
			error_say("\"%s\" needs a value", words[i]);
			return -1;
		}
		if (pair(r, words[i], words[i + 1]) < 0)
			return -1;
	}
	return 0;
}

static void print_prefix(FILE *out, const char *word, const struct prefix *p)
{
	char text[INET6_ADDRSTRLEN];

	if (!p->family)
		return;
	inet_ntop(p->family == 4 ? AF_INET : AF_INET6, p->addr, text, sizeof(text));
	fprintf(out, "%s%s", word, text);
	if (p->len != (p->family == 4 ? 32 : 128))
		fprintf(out, "/%u", p->len);
}

static void print_prefixes(FILE *out, const char *word, const struct prefixes *list)
{
	for (unsigned int i = 0; i < list->n; i++)
		print_prefix(out, i ? "," : word, &list->at[i]);
}

static void print_set(FILE *out, uint32_t value, const char *const *names, unsigned int n)
{
	const char *comma = "";

	if (value == (1u << n) - 1 || !value) {
		fputs(value ? "all" : "none", out);
		return;
	}
	for (unsigned int i = 0; i < n; i++) {
		if (!(value & 1u << i))
			continue;
		fprintf(out, "%s%s", comma, names[i]);
		comma = ",";
	}
}

static void print_option(FILE *out, unsigned int o, uint32_t value)
{
	enum kind kind = options[o].kind;

	fputc(' ', out);
	for (const char *s = options[o].name; *s; s++)
		fputc(*s == '_' ? '-' : *s, out);
	fputc(' ', out);
	if (kind == DSCP && value == SIPALG_DSCP_KEEP)
		fputs("keep", out);
	else if (kind == MARK)
		fprintf(out, "0x%x", value);
	else if (kind == NUMBER || kind == DSCP)
		fprintf(out, "%u", value);
	else if (kinds[kind].set)
		print_set(out, value, kinds[kind].names, kinds[kind].n);
	else
		fputs(value < kinds[kind].n ? kinds[kind].names[value] : "?", out);
}

static void print_rates(FILE *out, const struct rule *r)
{
	const char *word = " rates ";

	for (unsigned int m = 0; m < SIPALG_METHOD_COUNT; m++) {
		if (!r->rate[m])
			continue;
		fprintf(out, "%s%s=%u", word, methods[m], r->rate[m]);
		word = ",";
	}
}

void rule_print(FILE *out, const struct rule *r)
{
	fputs(r->action < COUNT(actions) ? actions[r->action] : "?", out);
	if (r->name[0])
		fprintf(out, " name %s", r->name);
	if (r->iif[0])
		fprintf(out, " iif %s", r->iif);
	if (r->oif[0])
		fprintf(out, " oif %s", r->oif);
	print_prefix(out, " src ", &r->src);
	print_prefix(out, " dst ", &r->dst);
	if (r->proto)
		fprintf(out, " proto %s", r->proto == IPPROTO_TCP ? "tcp" : "udp");
	fprintf(out, " port %u", r->port_min);
	if (r->port_max != r->port_min)
		fprintf(out, "-%u", r->port_max);
	if (r->mask)
		fprintf(out, r->mask == UINT32_MAX ? " mark 0x%x" : " mark 0x%x/0x%x", r->mark,
			r->mask);
	if (r->has_zone)
		fprintf(out, " zone %u", r->zone);
	for (unsigned int o = 0; o < SIPALG_O_COUNT; o++) {
		if (r->option[o] != options[o].def)
			print_option(out, o, r->option[o]);
	}
	print_rates(out, r);
	print_prefixes(out, " inner ", &r->inner);
	print_prefixes(out, " callers ", &r->callers);
}

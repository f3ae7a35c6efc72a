// SPDX-License-Identifier: GPL-2.0
/*
 * Registrations, message by message: for how long a phone can be called, and
 * by whom.
 */

#include <kunit/test.h>

#include "gateway.h"

#define CONTACT		PUBLIC ":5060"
#define LONGEST		(7 * 86400)

/**
 * struct account - what a phone registers
 * @g: the gateway
 * @ct: the flow to the registrar
 * @user: of the address of record
 * @domain: of it
 * @call_id: of all its REGISTERs
 * @contact: the Contact's value of the next messages
 * @headers: more header fields for the next message
 * @cseq: the last one
 */
struct account {
	struct gateway *g;
	struct nf_conn *ct;
	const char *user;
	const char *domain;
	const char *call_id;
	const char *contact;
	const char *headers;
	u32 cseq;
};

static struct account account_new(struct gateway *g, const char *user)
{
	return (struct account){
		.g = g,
		.ct = gateway_flow(g, PHONE ":5060", CONTACT, PROXY ":5060",
				   PROXY ":5060"),
		.user = user,
		.domain = "example.com",
		.call_id = user,
		.contact = "<sip:u@" PHONE ":5060>",
	};
}

static enum sipalg_reason say(struct account *a, enum ip_conntrack_dir dir,
			      const char *start, const char *via,
			      const char *contact)
{
	struct gateway *g = a->g;

	snprintf(g->in, sizeof(g->in),
		 "%s\r\nVia: SIP/2.0/UDP %s:5060;branch=z9hG4bK%u\r\n"
		 "From: <sip:%s@%s>;tag=f\r\nTo: <sip:%s@%s>%s\r\n"
		 "Call-ID: %s\r\nCSeq: %u REGISTER\r\n"
		 "Content-Length: 0\r\n%s%s%s%s\r\n",
		 start, via, a->cseq, a->user, a->domain, a->user,
		 a->domain, dir ? ";tag=t" : "",
		 a->call_id, a->cseq, contact ? "Contact: " : "", contact ?: "",
		 contact ? "\r\n" : "", a->headers ?: "");
	a->headers = NULL;
	return gateway_send(g, a->ct, dir, g->in);
}

/* The next REGISTER. */
static enum sipalg_reason ask(struct account *a)
{
	a->cseq++;
	return say(a, IP_CT_DIR_ORIGINAL, "REGISTER sip:example.com SIP/2.0",
		   PHONE, a->contact);
}

static enum sipalg_reason answer(struct account *a, u16 status,
				 const char *contact)
{
	char start[32];

	snprintf(start, sizeof(start), "SIP/2.0 %u As It Is", status);
	return say(a, IP_CT_DIR_REPLY, start, PUBLIC, contact);
}

#define GRANTED		"<sip:u@" CONTACT ">"

/* REGISTER, 401, REGISTER, 200 */
static void register_up(struct account *a)
{
	struct gateway *g = a->g;

	EXPECT_TRANSLATED(g->test, ask(a));
	EXPECT_SENT(g, "Contact: <sip:u@" CONTACT ">");
	answer(a, 401, NULL);
	EXPECT_TRANSLATED(g->test, ask(a));
	EXPECT_TRANSLATED(g->test, answer(a, 200, GRANTED ";expires=600"));
	EXPECT_SENT(g, "Contact: <sip:u@" PHONE ":5060>;expires=600\r\n");
}

static void registration_granted(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct account a = account_new(g, "alice");

	EXPECT_TRANSLATED(test, ask(&a));
	EXPECT_SENT(g, "Via: SIP/2.0/UDP " PUBLIC ":5060;");
	EXPECT_COUNTS(g, 0, 0, 1, 1);
	EXPECT_OPEN(g, CONTACT, PROXY);
	EXPECT_CLOSED(g, CONTACT, FAR);
	KUNIT_EXPECT_EQ(test, gateway_count(g, SIPALG_R_REGISTRATIONS), 0);
	answer(&a, 100, NULL);
	answer(&a, 200, GRANTED ";expires=600");
	KUNIT_EXPECT_EQ(test, gateway_count(g, SIPALG_R_REGISTRATIONS), 1);
	EXPECT_COUNTS(g, 0, 0, 1, 1);
	age_seconds(g, 590);
	EXPECT_OPEN(g, CONTACT, PROXY);
	age_seconds(g, 11);
	EXPECT_COUNTS(g, 0, 0, 0, 0);
	KUNIT_EXPECT_EQ(test, gateway_count(g, SIPALG_R_REGISTRATIONS_ENDED), 1);
}

/* Nothing comes back: what was asked for is forgotten. */
static void registration_unanswered(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct account a = account_new(g, "alice");

	ask(&a);
	/* The timer wheel makes an eighth more of it. */
	wait_seconds(50);
	EXPECT_OPEN(g, CONTACT, PROXY);
	/* Asked again, so it may still come */
	ask(&a);
	wait_seconds(50);
	EXPECT_OPEN(g, CONTACT, PROXY);
	wait_seconds(30);
	EXPECT_COUNTS(g, 0, 0, 0, 0);
	KUNIT_EXPECT_EQ(test, gateway_count(g, SIPALG_R_REGISTRATIONS_ENDED), 0);
}

static void registration_refreshed(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct account a = account_new(g, "alice");
	unsigned int i;

	register_up(&a);
	for (i = 0; i < 3; i++) {
		age_seconds(g, 500);
		ask(&a);
		EXPECT_OPEN(g, CONTACT, PROXY);
		answer(&a, 401, NULL);
		EXPECT_OPEN(g, CONTACT, PROXY);
		ask(&a);
		EXPECT_OPEN(g, CONTACT, PROXY);
		answer(&a, 200, GRANTED ";expires=600");
		EXPECT_COUNTS(g, 0, 0, 1, 1);
	}
	age_seconds(g, 590);
	EXPECT_OPEN(g, CONTACT, PROXY);
	KUNIT_EXPECT_EQ(test, gateway_count(g, SIPALG_R_REGISTRATIONS), 1);
	KUNIT_EXPECT_EQ(test, gateway_count(g, SIPALG_R_BINDINGS), 1);
	age_seconds(g, 11);
	EXPECT_COUNTS(g, 0, 0, 0, 0);
}

/* Waiting in one piece is as late as any other timer. */
static void wait_until(unsigned long when)
{
	while (time_before(jiffies, when))
		wait_seconds(1);
}

/* To the second, though the kernel's timers are not. */
static void registration_punctual(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct account a = account_new(g, "alice");
	unsigned long end;

	ask(&a);
	end = jiffies + 200 * HZ;
	answer(&a, 200, GRANTED ";expires=200");
	wait_until(end - 3 * HZ);
	EXPECT_OPEN(g, CONTACT, PROXY);
	wait_until(end + HZ);
	EXPECT_COUNTS(g, 0, 0, 0, 0);
}

struct grant {
	const char *name;
	const char *request_headers;
	const char *contact;	/* of the request */
	const char *granted;	/* the response's Contact */
	const char *headers;	/* of the response */
	unsigned int seconds;
};

static const struct grant grants[] = {
	{ "by the contact", NULL, NULL, GRANTED ";expires=70", "Expires: 900\r\n", 70 },
	{ "by the header", NULL, NULL, GRANTED, "Expires: 900\r\n", 900 },
	{ "by default", NULL, NULL, GRANTED, NULL, 3600 },
	{ "less than asked for", "Expires: 3600\r\n", NULL,
	  GRANTED ";expires=60", NULL, 60 },
	{ "more than asked for", "Expires: 60\r\n", NULL,
	  GRANTED ";expires=1800", NULL, 1800 },
	{ "one of several", NULL, NULL,
	  "<sip:x@192.0.2.7>;expires=5, \"Me, I\" " GRANTED
	  ";q=0.5;expires=300;x=y, <sip:u@192.0.2.8>;expires=9", NULL, 300 },
	{ "a week at most", NULL, NULL, GRANTED ";expires=4294967295", NULL,
	  LONGEST },
	{ "no list, as asked by the header", "Expires: 120\r\n", NULL, NULL,
	  NULL, 120 },
	{ "no list, as asked by the contact", "Expires: 120\r\n",
	  "<sip:u@" PHONE ":5060>;expires=80", NULL, NULL, 80 },
	{ "listed twice: the longer one", NULL, NULL,
	  GRANTED ";expires=50, <sip:u@" CONTACT ";line=2>;expires=500, "
	  GRANTED ";expires=0", NULL, 500 },
	{ "by maddr", NULL, "<sip:u@phone.example.com;maddr=" PHONE ">",
	  "<sip:u@phone.example.com;maddr=" PUBLIC ">;expires=90", NULL, 90 },
	{ "without a port, which is 5060", NULL, "<sip:u@" PHONE ">",
	  "<sip:u@" PUBLIC ">;expires=90", NULL, 90 },
};

static const void *grant_gen_params(const void *prev, char *desc)
{
	const struct grant *next = prev ? prev + sizeof(*next) : grants;

	if (next == grants + ARRAY_SIZE(grants))
		return NULL;
	strscpy(desc, next->name, KUNIT_PARAM_DESC_SIZE);
	return next;
}

static void registration_expires(struct kunit *test)
{
	const struct grant *grant = test->param_value;
	struct gateway *g = gateway_new(test);
	struct account a = account_new(g, "alice");

	if (grant->contact)
		a.contact = grant->contact;
	a.headers = grant->request_headers;
	ask(&a);
	a.headers = grant->headers;
	answer(&a, 200, grant->granted);
	KUNIT_EXPECT_EQ(test, gateway_count(g, SIPALG_R_REGISTRATIONS), 1);
	age_seconds(g, grant->seconds - 3);
	EXPECT_OPEN(g, CONTACT, PROXY);
	age_seconds(g, 3);
	EXPECT_CLOSED(g, CONTACT, PROXY);
	EXPECT_COUNTS(g, 0, 0, 0, 0);
}

/* The next try may still be granted after some refusals, not after others. */
static void registration_refused(struct kunit *test)
{
	static const struct {
		u16 status;
		bool pending;
	} refusals[] = {
		{ 401, true }, { 407, true }, { 423, true }, { 494, true },
		{ 403, false }, { 404, false }, { 500, false }, { 302, false },
	};
	struct gateway *g = gateway_new(test);
	struct account a = account_new(g, "alice");
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(refusals); i++) {
		int n = refusals[i].pending;

		ask(&a);
		EXPECT_COUNTS(g, 0, 0, 1, 1);
		answer(&a, refusals[i].status, NULL);
		EXPECT_COUNTS(g, 0, 0, n, n);
		age_seconds(g, SIPALG_PENDING_SECONDS);
		EXPECT_COUNTS(g, 0, 0, 0, 0);
	}
}

/* A refused refresh ends nothing before its time. */
static void registration_refresh_refused(struct kunit *test)
{
	static const u16 statuses[] = { 401, 403, 500, 503 };
	struct gateway *g = gateway_new(test);
	struct account a = account_new(g, "alice");
	unsigned int i;

	register_up(&a);
	for (i = 0; i < ARRAY_SIZE(statuses); i++) {
		age_seconds(g, 100);
		ask(&a);
		answer(&a, statuses[i], NULL);
		EXPECT_COUNTS(g, 0, 0, 1, 1);
		EXPECT_OPEN(g, CONTACT, PROXY);
	}
	age_seconds(g, 190);
	EXPECT_OPEN(g, CONTACT, PROXY);
	age_seconds(g, 10);
	EXPECT_COUNTS(g, 0, 0, 0, 0);
}

static void registration_unregister(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct account a = account_new(g, "alice");

	/* By the header, and the registrar has an empty list */
	register_up(&a);
	a.headers = "Expires: 0\r\n";
	ask(&a);
	EXPECT_OPEN(g, CONTACT, PROXY);
	answer(&a, 401, NULL);
	EXPECT_OPEN(g, CONTACT, PROXY);
	a.headers = "Expires: 0\r\n";
	ask(&a);
	answer(&a, 200, NULL);
	EXPECT_COUNTS(g, 0, 0, 0, 0);

	/* By the contact, and somebody else is in the list */
	register_up(&a);
	a.contact = "<sip:u@" PHONE ":5060>;expires=0";
	ask(&a);
	answer(&a, 200, "<sip:u@192.0.2.8>;expires=100");
	EXPECT_COUNTS(g, 0, 0, 0, 0);

	/* A registrar that lists what it removed */
	a.contact = "<sip:u@" PHONE ":5060>";
	register_up(&a);
	a.headers = "Expires: 0\r\n";
	ask(&a);
	answer(&a, 200, GRANTED ";expires=0");
	EXPECT_COUNTS(g, 0, 0, 0, 0);
	KUNIT_EXPECT_EQ(test, gateway_count(g, SIPALG_R_REGISTRATIONS_ENDED), 3);
}

static void registration_star(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct account a = account_new(g, "alice"), b = account_new(g, "bob");

	a.contact = "<sip:u@" PHONE ":5060>, <sip:v@" PHONE ":5070>";
	ask(&a);
	EXPECT_COUNTS(g, 0, 0, 2, 2);
	EXPECT_SENT(g, "<sip:v@" PUBLIC ":5070>");
	answer(&a, 200, GRANTED ";expires=600, <sip:v@" PUBLIC ":5070>;expires=600");
	register_up(&b);
	EXPECT_COUNTS(g, 0, 0, 3, 2);
	EXPECT_OPEN(g, PUBLIC ":5070", PROXY);

	/* The other address of record stays. */
	a.contact = "*";
	a.headers = "Expires: 0\r\n";
	ask(&a);
	EXPECT_SENT(g, "Contact: *\r\n");
	EXPECT_COUNTS(g, 0, 0, 3, 2);
	answer(&a, 200, NULL);
	EXPECT_COUNTS(g, 0, 0, 1, 1);
	EXPECT_CLOSED(g, PUBLIC ":5070", PROXY);
	EXPECT_OPEN(g, CONTACT, PROXY);

	b.contact = "*";
	b.headers = "Expires: 0\r\n";
	ask(&b);
	answer(&b, 403, NULL);
	EXPECT_COUNTS(g, 0, 0, 1, 1);
	b.headers = "Expires: 0\r\n";
	ask(&b);
	answer(&b, 200, NULL);
	EXPECT_COUNTS(g, 0, 0, 0, 0);
}

/* Two addresses of record share a phone's port. */
static void registration_two_users(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct account a = account_new(g, "alice"), b = account_new(g, "bob");

	register_up(&a);
	register_up(&b);
	EXPECT_COUNTS(g, 0, 0, 2, 1);
	a.headers = "Expires: 0\r\n";
	ask(&a);
	answer(&a, 200, NULL);
	EXPECT_COUNTS(g, 0, 0, 1, 1);
	EXPECT_OPEN(g, CONTACT, PROXY);
	b.headers = "Expires: 0\r\n";
	ask(&b);
	answer(&b, 200, NULL);
	EXPECT_COUNTS(g, 0, 0, 0, 0);
}

/* Nor are those of two domains one, but an address is no domain. */
static void registration_two_domains(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct account a = account_new(g, "alice"), b = a;

	b.domain = "example.net";
	b.call_id = "other";
	register_up(&a);
	register_up(&b);
	EXPECT_COUNTS(g, 0, 0, 2, 1);
	/* "*" of the one is none of the other's business. */
	a.contact = "*";
	a.headers = "Expires: 0\r\n";
	ask(&a);
	answer(&a, 200, NULL);
	EXPECT_COUNTS(g, 0, 0, 1, 1);
	EXPECT_OPEN(g, CONTACT, PROXY);
	b.headers = "Expires: 0\r\n";
	ask(&b);
	answer(&b, 200, NULL);
	EXPECT_COUNTS(g, 0, 0, 0, 0);
	/* The domain is the phone's own address, and translated. */
	a = account_new(g, "alice");
	a.domain = PHONE;
	ask(&a);
	EXPECT_SENT(g, "To: <sip:alice@" PUBLIC ">");
	a.domain = PUBLIC;
	answer(&a, 200, GRANTED ";expires=60");
	KUNIT_EXPECT_EQ(test, gateway_count(g, SIPALG_R_REGISTRATIONS), 3);
}

/* And one phone has two registrars. */
static void registration_two_registrars(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct account a = account_new(g, "alice"), b = a;

	b.ct = gateway_flow(g, PHONE ":5060", CONTACT, FAR ":5060", FAR ":5060");
	b.call_id = "other";
	register_up(&a);
	EXPECT_CLOSED(g, CONTACT, FAR);
	register_up(&b);
	EXPECT_COUNTS(g, 0, 0, 2, 1);
	EXPECT_OPEN(g, CONTACT, PROXY);
	EXPECT_OPEN(g, CONTACT, FAR);
	a.headers = "Expires: 0\r\n";
	ask(&a);
	answer(&a, 200, NULL);
	EXPECT_CLOSED(g, CONTACT, PROXY);
	EXPECT_OPEN(g, CONTACT, FAR);
	b.headers = "Expires: 0\r\n";
	ask(&b);
	answer(&b, 200, NULL);
	EXPECT_COUNTS(g, 0, 0, 0, 0);
}

/* A contact on another host is none of ours. */
static void registration_foreign(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct account a = account_new(g, "alice");

	a.contact = "<sip:u@" OTHER ":5060>";
	EXPECT_TRANSLATED(test, ask(&a));	/* Via */
	EXPECT_SENT(g, "Contact: <sip:u@" OTHER ":5060>\r\n");
	EXPECT_COUNTS(g, 0, 0, 0, 0);
	a.contact = "<sip:u@phone.example.com>";
	ask(&a);
	EXPECT_COUNTS(g, 0, 0, 0, 0);
	a.contact = "<tel:+15551234>";
	ask(&a);
	EXPECT_COUNTS(g, 0, 0, 0, 0);
	/* Nor is a port below 1024. */
	a.contact = "<sip:u@" PHONE ":80>";
	ask(&a);
	EXPECT_COUNTS(g, 0, 0, 0, 0);
	EXPECT_SENT(g, "Contact: <sip:u@" PHONE ":80>\r\n");
	KUNIT_EXPECT_EQ(test, gateway_count(g, SIPALG_R_LOW_PORT), 1);
	/* A query names none. */
	a.contact = NULL;
	ask(&a);
	answer(&a, 200, GRANTED ";expires=500");
	EXPECT_COUNTS(g, 0, 0, 0, 0);
}

/* What does not answer the last request changes nothing. */
static void registration_stale(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct account a = account_new(g, "alice"), evil = a, other = a;

	evil.ct = gateway_flow(g, FAR ":5060", FAR ":5060", CONTACT, PHONE ":5060");
	register_up(&a);
	/* An old number, another Call-ID, another registrar */
	a.cseq--;
	answer(&a, 200, NULL);
	EXPECT_COUNTS(g, 0, 0, 1, 1);
	a.cseq++;
	other.call_id = "x";
	other.cseq = a.cseq;
	answer(&other, 200, NULL);
	EXPECT_COUNTS(g, 0, 0, 1, 1);
	evil.cseq = a.cseq;
	say(&evil, IP_CT_DIR_ORIGINAL, "SIP/2.0 200 OK", PUBLIC, NULL);
	EXPECT_COUNTS(g, 0, 0, 1, 1);
	/* Another user of the same phone */
	other = a;
	other.user = "bob";
	answer(&other, 200, NULL);
	EXPECT_COUNTS(g, 0, 0, 1, 1);
	EXPECT_OPEN(g, CONTACT, PROXY);
	EXPECT_CLOSED(g, CONTACT, FAR);
	/* And the 200 once more: nothing new */
	answer(&a, 200, GRANTED ";expires=600");
	EXPECT_COUNTS(g, 0, 0, 1, 1);
	KUNIT_EXPECT_EQ(test, gateway_count(g, SIPALG_R_REGISTRATIONS), 1);
}

/*
 * NAT gave the phone's flow another port meanwhile: the registrar learns it,
 * and the old one goes when it does.
 */
static void registration_moved(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct account a = account_new(g, "alice");

	register_up(&a);
	a.ct = gateway_flow(g, PHONE ":5060", PUBLIC ":1024", PROXY ":5060",
			    PROXY ":5060");
	ask(&a);
	EXPECT_SENT(g, "Contact: <sip:u@" PUBLIC ":1024>");
	EXPECT_OPEN(g, PUBLIC ":1024", PROXY);
	answer(&a, 200, "<sip:u@" PUBLIC ":1024>;expires=600");
	EXPECT_SENT(g, "Contact: <sip:u@" PHONE ":5060>;expires=600");
	EXPECT_COUNTS(g, 0, 0, 1, 1);
	EXPECT_OPEN(g, PUBLIC ":1024", PROXY);
	EXPECT_CLOSED(g, CONTACT, PROXY);
}

static void registration_without_nat(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct account a = account_new(g, "alice");

	a.ct = gateway_flow(g, PHONE ":5060", PHONE ":5060", PROXY ":5060",
			    PROXY ":5060");
	EXPECT_UNCHANGED(test, ask(&a));
	EXPECT_COUNTS(g, 0, 0, 1, 1);
	EXPECT_UNCHANGED(test, answer(&a, 200, "<sip:u@" PHONE ":5060>;expires=60"));
	EXPECT_OPEN(g, PHONE ":5060", PROXY);
	wait_seconds(62);
	EXPECT_COUNTS(g, 0, 0, 0, 0);
}

/* A phone that knows its outer address is followed, and left as it is. */
static void registration_public(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct account a = account_new(g, "alice");

	a.contact = GRANTED;
	ask(&a);
	EXPECT_SENT(g, "Contact: <sip:u@" CONTACT ">\r\n");
	EXPECT_COUNTS(g, 0, 0, 1, 1);
	answer(&a, 200, GRANTED ";expires=60");
	EXPECT_SENT(g, "Contact: <sip:u@" CONTACT ">;expires=60\r\n");
	EXPECT_OPEN(g, CONTACT, PROXY);
	wait_seconds(62);
	EXPECT_COUNTS(g, 0, 0, 0, 0);
}

/* The same contact twice in one message is one. */
static void registration_twice(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct account a = account_new(g, "alice");

	a.contact = "<sip:u@" PHONE ":5060>, <sip:u@" PHONE ":5060;x=y>";
	EXPECT_TRANSLATED(test, ask(&a));
	EXPECT_COUNTS(g, 0, 0, 1, 1);
	answer(&a, 200, GRANTED ";expires=60");
	EXPECT_COUNTS(g, 0, 0, 1, 1);
	EXPECT_OPEN(g, CONTACT, PROXY);
	wait_seconds(66);
	EXPECT_COUNTS(g, 0, 0, 0, 0);
}

static void registration_limits(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct account a = account_new(g, "alice");

	g->sn.limits.registrations = 0;
	KUNIT_EXPECT_EQ(test, ask(&a), SIPALG_R_LIMIT_REGISTRATIONS);
	EXPECT_COUNTS(g, 0, 0, 0, 0);
	/* All contacts of a message, or none */
	g->sn.limits.registrations = 1;
	a.contact = "<sip:u@" PHONE ":5060>, <sip:v@" PHONE ":5070>";
	KUNIT_EXPECT_EQ(test, ask(&a), SIPALG_R_LIMIT_REGISTRATIONS);
	EXPECT_COUNTS(g, 0, 0, 0, 0);
	g->sn.limits.bindings = 1;
	KUNIT_EXPECT_EQ(test, ask(&a), SIPALG_R_LIMIT_BINDINGS);
	EXPECT_COUNTS(g, 0, 0, 0, 0);
	a.contact = "<sip:u@" PHONE ":5060>";
	EXPECT_TRANSLATED(test, ask(&a));
	EXPECT_COUNTS(g, 0, 0, 1, 1);
	answer(&a, 200, GRANTED ";expires=600");
	/* What is there is no more than it was. */
	EXPECT_TRANSLATED(test, ask(&a));
	EXPECT_COUNTS(g, 0, 0, 1, 1);
}

/* As many hosts as may be let in: the next registrar is not lied to. */
static void registration_peers(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct account a = account_new(g, "alice"), b = a;

	g->sn.limits.peers = 1;
	register_up(&a);
	b.call_id = "b";
	b.ct = gateway_flow(g, PHONE ":5060", CONTACT, FAR ":5060", FAR ":5060");
	KUNIT_EXPECT_EQ(test, ask(&b), SIPALG_R_LIMIT_BINDINGS);
	EXPECT_COUNTS(g, 0, 0, 1, 1);
	EXPECT_OPEN(g, CONTACT, PROXY);
	EXPECT_CLOSED(g, CONTACT, FAR);
}

static void registration_flush(struct kunit *test)
{
	struct gateway *g = gateway_new(test);
	struct account a = account_new(g, "alice"), b = account_new(g, "bob");

	register_up(&a);
	ask(&b);
	EXPECT_COUNTS(g, 0, 0, 2, 1);
	sipalg_tables_flush(&g->sn);
	EXPECT_COUNTS(g, 0, 0, 0, 0);
}

static void script_register(struct gateway *g)
{
	struct account a = account_new(g, "alice");

	a.contact = "<sip:u@" PHONE ":5060>, <sip:v@" PHONE ":5070>";
	EXPECT_TRANSLATED(g->test, ask(&a));
	answer(&a, 401, NULL);
	EXPECT_TRANSLATED(g->test, ask(&a));
	EXPECT_COUNTS(g, 0, 0, 2, 2);
	answer(&a, 200, GRANTED ";expires=600, <sip:v@" PUBLIC ":5070>;expires=600");
	EXPECT_OPEN(g, CONTACT, PROXY);
	EXPECT_OPEN(g, PUBLIC ":5070", PROXY);
	a.contact = "*";
	a.headers = "Expires: 0\r\n";
	ask(&a);
	answer(&a, 200, NULL);
}

static void registration_no_memory(struct kunit *test)
{
	KUNIT_EXPECT_GT(test, without_memory(test, script_register), 5);
}

static struct kunit_case registration_cases[] = {
	KUNIT_CASE(registration_granted),
	KUNIT_CASE(registration_unanswered),
	KUNIT_CASE(registration_refreshed),
	KUNIT_CASE(registration_punctual),
	KUNIT_CASE_PARAM(registration_expires, grant_gen_params),
	KUNIT_CASE(registration_refused),
	KUNIT_CASE(registration_refresh_refused),
	KUNIT_CASE(registration_unregister),
	KUNIT_CASE(registration_star),
	KUNIT_CASE(registration_two_users),
	KUNIT_CASE(registration_two_domains),
	KUNIT_CASE(registration_two_registrars),
	KUNIT_CASE(registration_foreign),
	KUNIT_CASE(registration_stale),
	KUNIT_CASE(registration_moved),
	KUNIT_CASE(registration_without_nat),
	KUNIT_CASE(registration_public),
	KUNIT_CASE(registration_twice),
	KUNIT_CASE(registration_limits),
	KUNIT_CASE(registration_peers),
	KUNIT_CASE(registration_flush),
	KUNIT_CASE(registration_no_memory),
	{}
};

static struct kunit_suite registration_suite = {
	.name = "registration",
	.test_cases = registration_cases,
};

kunit_test_suite(registration_suite);

// SPDX-License-Identifier: GPL-2.0
/*
 * Whole messages from files: what becomes of them, cut at every length, and
 * changed at random. A vector's name begins with the reason it has to yield.
 */
#include <dirent.h>
#include <sys/stat.h>
#include "walk.h"

#define MAX_FILES	256

static struct vector {
	char name[256];
	char *bytes;
	u32 len;
} vectors[MAX_FILES];
static int nvectors;

static const char *const reasons[] = {
#define X(e, name, class, text) #e,
	SIPALG_REASONS(X)
#undef X
};

static bool load(const char *path, const char *name)
{
	struct vector *v = &vectors[nvectors];
	static char buf[ARENA];
	FILE *f;

	if (nvectors == MAX_FILES)
		return false;
	f = fopen(path, "rb");
	if (!f)
		return false;
	v->len = (u32)fread(buf, 1, sizeof(buf), f);
	fclose(f);
	v->bytes = malloc(v->len + 1);
	memcpy(v->bytes, buf, v->len);
	snprintf(v->name, sizeof(v->name), "%s", name);
	nvectors++;
	return true;
}

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct vector *)a)->name,
		      ((const struct vector *)b)->name);
}

static void load_dir(const char *dir)
{
	int from = nvectors;
	struct dirent *de;
	struct stat st;
	char path[2048];
	DIR *d = opendir(dir);

	while (d && (de = readdir(d))) {
		if (de->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, de->d_name);
		if (!stat(path, &st) && S_ISDIR(st.st_mode))
			load_dir(path);
		else
			load(path, de->d_name);
	}
	if (d)
		closedir(d);
	qsort(vectors + from, nvectors - from, sizeof(vectors[0]), compare);
}

static void clear(void)
{
	while (nvectors)
		free(vectors[--nvectors].bytes);
}

static void own(void)
{
	int i, r;

	for (i = 0; i < nvectors; i++) {
		struct vector *v = &vectors[i];
		size_t n = strcspn(v->name, "-");

		walk_bad = 0;
		r = walk(put(v->bytes, v->len), v->len);
		if (!ok(strlen(reasons[r]) == n &&
			!strncmp(reasons[r], v->name, n), v->name))
			printf("# got %s\n", reasons[r]);
		is_num(walk_bad, 0, "consistent");
	}
}

static void truncated(void)
{
	int i;

	for (i = 0; i < nvectors; i++) {
		struct vector *v = &vectors[i];
		u32 n, good = 0;

		walk_bad = 0;
		for (n = 0; n <= v->len; n++) {
			int r = walk(put(v->bytes, n), n);

			if (r == SIPALG_R_OK)
				good++;
		}
		if (!ok(walk_bad == 0, v->name))
			printf("# %d spans outside\n", walk_bad);
		/* With a Content-Length, only the whole body will do. */
		if (strstr(v->name, "exact"))
			is_num(good, 1, "only the whole is a message");
	}
}

/* A small generator of our own, so that a seed means the same everywhere. */
static u32 rnd(void)
{
	static u64 state = 20260101;

	state = state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (u32)(state >> 33);
}

static u32 mutate(char *b, u32 len, u32 max)
{
	static const char spice[] = "\r\n\r\n  ,;:@<>\"\\/?=*[]-0\t%\0\xff";
	u32 at = rnd() % (len + 1), n = rnd() % 8;

	switch (rnd() % 6) {
	case 0:
		if (at < len)
			b[at] = (char)rnd();
		return len;
	case 1:
		if (at < len)
			b[at] = spice[rnd() % (sizeof(spice) - 1)];
		return len;
	case 2:				/* remove */
		if (at + n > len)
			n = len - at;
		memmove(b + at, b + at + n, len - at - n);
		return len - n;
	case 3:				/* repeat */
		if (at + n > len || len + n > max)
			return len;
		memmove(b + at + n, b + at, len - at);
		return len + n;
	case 4:				/* insert */
		if (len == max)
			return len;
		memmove(b + at + 1, b + at, len - at);
		b[at] = spice[rnd() % (sizeof(spice) - 1)];
		return len + 1;
	default:
		return rnd() % 20 ? len : at;
	}
}

static void mutated(void)
{
	static char b[8192];
	u32 i, j, good = 0, rounds = 100000;

	walk_bad = 0;
	for (i = 0; i < rounds; i++) {
		struct vector *v = &vectors[rnd() % nvectors];
		u32 len = v->len < sizeof(b) ? v->len : sizeof(b);

		memcpy(b, v->bytes, len);
		for (j = rnd() % 6 + 1; j; j--)
			len = mutate(b, len, sizeof(b));
		good += walk(put(b, len), len) == SIPALG_R_OK;
	}
	is_num(walk_bad, 0, "mutations");
	printf("# %u of %u mutations were still messages\n", good, rounds);
	ok(good > rounds / 20, "not all of them were refused at once");
}

static void corpora(void)
{
	const char *dir = getenv("SIPALG_CORPORA");
	int i, good = 0, n;

	clear();
	load_dir(dir ? dir : "../../../shared/corpora");
	if (!nvectors) {
		printf("ok %d # skip no corpora\n", ++tap_n);
		return;
	}
	walk_bad = 0;
	for (i = 0; i < nvectors; i++) {
		u32 len = vectors[i].len;

		if (walk(put(vectors[i].bytes, len), len) == SIPALG_R_OK)
			good++;
		for (n = 0; n < 100; n++) {
			u32 cut = rnd() % (len + 1);

			walk(put(vectors[i].bytes, cut), cut);
		}
	}
	is_num(walk_bad, 0, "corpora");
	printf("# %d of %d files are messages\n", good, nvectors);
}

static void load_own(void)
{
	clear();
	load_dir("vectors");
	ok(nvectors > 0, "vectors are there");
}

static void done(void)
{
	clear();
}

TAP_MAIN(load_own, own, truncated, mutated, corpora, done)

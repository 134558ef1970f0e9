/* ptxas.c -- what nvcc -Xptxas -v says of a .cu: what each kernel takes of a GPU, and what of it is there at a time
 *
 *      ptxas info    : Compiling entry function '_Z10net_kernelPKhPf' for 'sm_90'
 *          0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
 *      ptxas info    : Used 40 registers, used 1 barriers, 4096 bytes smem */
#include <stdlib.h>
#include <string.h>

#include "plan.h"

typedef struct Entry {
	const char *function; /* as the linker sees it */
	Usage usage;
} Entry;

struct Ptxas {
	VEC(Entry) entries;
};

/* what stands between the next two quotes */
static const char *quoted(Arena *arena, const char **s)
{
	const char *begin = strchr(*s, '\'');
	const char *end = begin ? strchr(begin + 1, '\'') : NULL;
	if (!end)
		return "";
	*s = end + 1;
	return arena_strndup(arena, begin + 1, (size_t)(end - begin - 1));
}

/* the number before the words, 0 where the line lacks them */
static int before(const char *line, const char *words)
{
	const char *at = strstr(line, words);
	while (at && at > line && at[-1] >= '0' && at[-1] <= '9')
		at--;
	return at ? atoi(at) : 0;
}

Ptxas *ptxas_read(Arena *arena, const Source *source)
{
	Ptxas *p = NEW(arena, Ptxas);
	for (int i = 1; i <= source->nlines; i++) {
		const char *line = source_line(arena, source, i), *entry = strstr(line, "Compiling entry function ");
		if (entry) {
			Entry e = {.function = quoted(arena, &entry)};
			e.usage.arch = quoted(arena, &entry);
			push(arena, &p->entries, e);
		}
		if (!p->entries.len)
			continue;
		Usage *u = &p->entries.data[p->entries.len - 1].usage; /* and what it calls, as far as ptxas left it a function */
		u->stack += before(line, " bytes stack frame");
		u->spilled += before(line, " bytes spill stores") + before(line, " bytes spill loads");
		const int registers = before(line, " registers");
		u->registers = registers > u->registers ? registers : u->registers;
	}
	return p;
}

/* the length of a name stands before it: 7_kernel is not in 17other_7_kernel_long */
static bool is_of(Arena *arena, const char *function, const char *name)
{
	const char *key = arena_printf(arena, "%zu%s", strlen(name), name), *at = strstr(function, key);
	return at && at > function && (at[-1] < '0' || at[-1] > '9');
}

const Usage *ptxas_usage(Arena *arena, const Ptxas *p, const char *kernel, int *after)
{
	while (*after < p->entries.len) {
		const Entry *e = &p->entries.data[(*after)++];
		if (is_of(arena, e->function, kernel))
			return &e->usage;
	}
	return NULL;
}

/* ---- of a multiprocessor: CUDA C++ Programming Guide, "Technical Specifications per Compute Capability" */
static const struct {
	const char *arch;
	int threads, blocks, shared, own; /* own: of each block, beside what it asks for */
} machines[] = {{"sm_75", 1024, 16, 64 << 10, 0}, {"sm_80", 2048, 32, 164 << 10, 1 << 10}, {"sm_86", 1536, 16, 100 << 10, 1 << 10},
                {"sm_87", 1536, 16, 164 << 10, 1 << 10}, {"sm_89", 1536, 24, 100 << 10, 1 << 10}, {"sm_90", 2048, 32, 228 << 10, 1 << 10},
                {"sm_100", 2048, 32, 228 << 10, 1 << 10}, {"sm_103", 2048, 32, 228 << 10, 1 << 10}, {"sm_120", 1536, 24, 100 << 10, 1 << 10},
                {"sm_121", 1536, 24, 100 << 10, 1 << 10}};
enum { WARP = 32, REGISTERS = 65536, QUARTERS = 4, REGISTER_UNIT = 256, SHARED_UNIT = 128 };

static int64_t rounded_up(int64_t n, int unit)
{
	return (n + unit - 1) / unit * unit;
}

double occupancy(const Usage *u, int threads, int64_t shared)
{
	for (size_t i = 0; i < sizeof machines / sizeof *machines; i++) {
		const size_t len = strlen(machines[i].arch);
		if (strncmp(u->arch, machines[i].arch, len) || (u->arch[len] >= '0' && u->arch[len] <= '9')) /* sm_90a is one */
			continue;
		const int64_t warps = rounded_up(threads, WARP) / WARP, most = machines[i].threads / WARP;
		const int64_t of_warp = rounded_up((int64_t)u->registers * WARP, REGISTER_UNIT);
		int64_t blocks = most / warps;
		if (of_warp && QUARTERS * (REGISTERS / QUARTERS / of_warp) / warps < blocks)
			blocks = QUARTERS * (REGISTERS / QUARTERS / of_warp) / warps;
		const int64_t taken = rounded_up(shared, SHARED_UNIT) + machines[i].own;
		if (taken && machines[i].shared / taken < blocks)
			blocks = machines[i].shared / taken;
		if (machines[i].blocks < blocks)
			blocks = machines[i].blocks;
		return (double)(blocks * warps) / (double)most;
	}
	return -1;
}

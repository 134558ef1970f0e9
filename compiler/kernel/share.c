/* share.c -- kernels equal but for the names of what they are given are one kernel */
#include <ctype.h>
#include <string.h>

#include "lower.h"

typedef struct Rename {
	Names *from; /* marked with the number of what stands for it, and 1 */
	VEC(const char *) to;
} Rename;

static void put_name(Arena *arena, Rename *r, const char *from, const char *to)
{
	push(arena, &r->to, to);
	int *mark = name_mark(r->from, from);
	if (!*mark)
		*mark = r->to.len;
}

/* the text with names put in and without comments: equal for kernels that do the same */
static const char *key_of(Arena *arena, const char *text, const Rename *r)
{
	VEC(char) out = {0};
	while (*text) {
		if (text[0] == '/' && text[1] == '*') {
			const char *end = strstr(text, "*/");
			text = end ? end + 2 : text + strlen(text);
			while (isspace((unsigned char)*text))
				text++;
			continue;
		}
		if (!isalpha((unsigned char)*text) && *text != '_') {
			push(arena, &out, *text);
			text++;
			continue;
		}
		size_t len = 0;
		while (isalnum((unsigned char)text[len]) || text[len] == '_')
			len++;
		const char *word = arena_strndup(arena, text, len);
		int number = *name_mark(r->from, word);
		if (number)
			word = r->to.data[number - 1];
		for (; *word; word++)
			push(arena, &out, *word);
		text += len;
	}
	push(arena, &out, '\0');
	return out.data;
}

static void set_name(Kernel *k, const char *name)
{
	for (; k; k = k->narrower)
		k->name = name;
}

const Kernel *shared_kernel(Lower *L, Kernel *k)
{
	Arena *arena = arena_new();
	Plan *plan = L->all;
	Writer *w = writer_new(arena);
	print_kernel_c(w, k, &L->options->target[0]);
	Rename r = {.from = names_new(arena)};
	put_name(arena, &r, k->name, "kernel");
	for (int i = 0; i < k->buffers.len; i++)
		put_name(arena, &r, k->buffers.data[i]->name, arena_printf(arena, "b%d_", i));
	for (int i = 0; i < k->uniforms.len; i++)
		put_name(arena, &r, k->uniforms.data[i].name, arena_printf(arena, "u%d_", i));
	int *same = name_mark(plan->keys, key_of(arena, writer_text(w, NULL), &r));
	arena_free(arena);
	if (*same)
		return plan->kernels.data[*same - 1];
	*same = plan->kernels.len + 1;
	set_name(k, numbered_name(L->options->taken, k->name));
	push(L->arena, &plan->kernels, k);
	return k;
}

/* what a function has of a kernel's name would hide it there */
void name_kernels(Plan *plan, Names *taken)
{
	for (int i = 0; i < plan->kernels.len; i++) {
		Kernel *k = (Kernel *)(uintptr_t)plan->kernels.data[i];
		while (*name_mark(plan->locals, k->name))
			set_name(k, numbered_name(taken, k->name));
	}
}

/* scope_c.c -- what is in scope where C is written: the block, names, axes, buffers */
#include <ctype.h>
#include <string.h>

#include "print_c.h"

/* ---- statements and names */
static Stmt *add_stmt(CPrinter *p, const char *fmt, va_list args)
{
	Stmt *s = NEW(p->arena, Stmt);
	s->text = arena_vprintf(p->arena, fmt, args);
	push(p->arena, &p->out->body, s);
	return s;
}

void line(CPrinter *p, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	add_stmt(p, fmt, args);
	va_end(args);
}

void declare_local(CPrinter *p, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	add_stmt(p, fmt, args)->declares = true;
	va_end(args);
}

Stmt *open_block(CPrinter *p, const char *fmt, ...)
{
	Stmt *outer = p->out;
	va_list args;
	va_start(args, fmt);
	p->out = add_stmt(p, fmt, args);
	va_end(args);
	p->out->block = true;
	p->out->taken = p->taken.len;
	p->out->depth = ++p->depth;
	return outer;
}

void close_block(CPrinter *p, Stmt *outer)
{
	/* the block of `outer` that was opened: its names go */
	p->taken.len = outer->body.data[outer->body.len - 1]->taken;
	p->out = outer;
	p->depth = outer->depth;
}

static bool is_taken(const CPrinter *p, const char *s)
{
	for (int i = 0; i < p->taken.len; i++)
		if (strcmp(p->taken.data[i], s) == 0)
			return true;
	return false;
}

const char *fresh_name(CPrinter *p, const char *wish)
{
	char *base = arena_strndup(p->arena, wish, strlen(wish));
	for (char *c = base; *c; c++)
		if (!isalnum((unsigned char)*c))
			*c = '_';
	if (is_c_word(base))
		base = arena_printf(p->arena, "%s_", base);
	const char last = base[strlen(base) - 1], *form = last == '_' ? "%s%d_" : isdigit((unsigned char)last) ? "%s_%d" : "%s%d";
	const char *name = base;
	for (int i = 1; is_taken(p, name); i++)
		name = arena_printf(p->arena, form, base, i);
	push(p->arena, &p->taken, name);
	return name;
}

/* ---- axes and buffers in scope */
AxisName *axis_name(CPrinter *p, int id)
{
	for (int i = p->axes.len - 1; i >= 0; i--)
		if (p->axes.data[i].id == id)
			return &p->axes.data[i];
	return NULL;
}

void bind_axis(CPrinter *p, AxisName n)
{
	push(p->arena, &p->axes, n);
}

const BufferName *buffer_name(CPrinter *p, const Buffer *b)
{
	for (int i = p->buffers.len - 1; i >= 0; i--)
		if (p->buffers.data[i].buffer == b || strcmp(p->buffers.data[i].buffer->name, b->name) == 0)
			return &p->buffers.data[i];
	internal_error("kernel %s: the buffer %s is used where it is not declared", p->kernel->name, b->name);
}

const char *step_of(CPrinter *p, const Axis *axis, int64_t *step)
{
	const AxisName *n = axis_name(p, axis->id);
	if (!n || !n->step_c)
		internal_error("kernel %s: the cut of %s is used outside its nest", p->kernel->name, axis->name);
	*step = n->step;
	return n->step_c;
}

int64_t extent_max(CPrinter *p, const Extent *e)
{
	int64_t value;
	if (e->cut) {
		step_of(p, e->cut, &value);
		return value;
	}
	return size_is_const(e->size, &value) ? value : -1;
}

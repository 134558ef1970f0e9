/* lib.h -- the standard library's text: lib/NAME.model, compiled in by cmake/embed.cmake */
#ifndef LIB_H
#define LIB_H

#include "../base/base.h"

extern const EmbeddedFile lib_files[];

#endif

/* Types as C, C++ or Rust writes them. */
#ifndef TYPE_NAME_H
#define TYPE_NAME_H

#include <stdio.h>
#include "source/type.h"

/* "const struct point *", "int (*)(int)", "char [16]"; with a declarator what declares it: "char text[16]". Cut where it does not
 * fit. Returns text. */
const char *type_name(const struct type *type, const char *declarator, char *text, size_t size);
/* The type as it was defined, members, enumerators and all, over several lines; a typedef's own is that of what it names. */
void type_print(FILE *out, const struct type *type);

#endif

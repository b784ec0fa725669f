/* --set PARAM=VALUE: every number and legal choice of machine and harts, a row each in params.c. */
#ifndef PARAMS_H
#define PARAMS_H

#include <stdint.h>
#include <stdio.h>

#define RTC_EPOCH_MAX UINT64_C(9000000000)

struct config;
struct json;

void params_default(struct config *config);
/* 0, or -1 with the reason in one line on stderr. */
int params_set(struct config *config, const char *assignment);
/* Name, value and meaning of each. */
void params_list(const struct config *config, FILE *out);
/* Name and value of each that means something, as members of an object. */
void params_json(const struct config *config, struct json *json);
/* The same for the same values, on any host. */
uint64_t params_hash(const struct config *config);

#endif

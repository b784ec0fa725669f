/* What is known of the programs that a machine starts with: what they are called, their symbols, how guests are known again. */
#ifndef BOOT_SYMBOLS_H
#define BOOT_SYMBOLS_H

struct file;
struct machine;

/* "hello" of "build/hello.elf". NULL: no memory. */
char *boot_stem(const char *path);

/* A program of the host's, which is called by its file's name. 0, or -1 after a line. */
int boot_host_symbols(struct machine *machine, const struct file *file);

/* Guests are called as the user says, or by their files' names. Once, before boot_guest_symbols. 0, or -1 after a line. */
int boot_name_guests(struct machine *machine);
/* The file of the guest of a space. 0, or -1 after a line. */
int boot_guest_symbols(struct machine *machine, unsigned space, const struct file *file);

#endif

#include "rt.h"

struct line {
	char text[256];
	size_t length;
};

static spinlock console_lock;

static void put(struct line *line, char c)
{
	if (line->length < sizeof(line->text))
		line->text[line->length++] = c;
}

static void put_number(struct line *line, uint64_t value, unsigned base)
{
	char digits[20];
	size_t count = 0;

	do {
		digits[count++] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value != 0);
	while (count > 0)
		put(line, digits[--count]);
}

static void put_signed(struct line *line, int64_t value)
{
	if (value < 0)
		put(line, '-');
	put_number(line, value < 0 ? -(uint64_t)value : (uint64_t)value, 10);
}

static void put_string(struct line *line, const char *text)
{
	while (*text != '\0')
		put(line, *text++);
}

static void format_line(struct line *line, const char *format, va_list args)
{
	for (; *format != '\0'; format++) {
		bool wide = false;

		if (*format != '%') {
			put(line, *format);
			continue;
		}
		format++;
		if (*format == 'l') {
			wide = true;
			format++;
		}
		switch (*format) {
		case 's':
			put_string(line, va_arg(args, const char *));
			break;
		case 'c':
			put(line, (char)va_arg(args, int));
			break;
		case 'd':
			put_signed(line, wide ? va_arg(args, int64_t) : va_arg(args, int));
			break;
		case 'u':
			put_number(line, wide ? va_arg(args, uint64_t) : va_arg(args, unsigned), 10);
			break;
		case 'x':
			put_number(line, wide ? va_arg(args, uint64_t) : va_arg(args, unsigned), 16);
			break;
		default:
			put(line, *format);
		}
	}
}

/* The buffer is identity mapped wherever a guest prints: DBCN takes a physical address. */
static void write_line(const struct line *line)
{
	static int have_dbcn = -1;
	size_t done = 0;

	spin_lock(&console_lock);
	if (have_dbcn < 0)
		have_dbcn = sbi_has(SBI_DBCN);
	while (have_dbcn > 0 && done < line->length) {
		struct sbi_ret ret =
			sbi(SBI_DBCN, SBI_DBCN_WRITE, line->length - done, (uintptr_t)line->text + done, 0);

		if (ret.error != SBI_SUCCESS)
			have_dbcn = 0;
		else
			done += (size_t)ret.value;
	}
	for (; done < line->length; done++)
		sbi(SBI_LEGACY_PUTCHAR, 0, (unsigned char)line->text[done]);
	spin_unlock(&console_lock);
}

void print(const char *format, ...)
{
	struct line line = { .length = 0 };
	va_list args;

	va_start(args, format);
	format_line(&line, format, args);
	va_end(args);
	write_line(&line);
}

_Noreturn void guest_pass(void)
{
	print("%s: pass\n", guest_name);
	sbi_shutdown(false);
}

_Noreturn void guest_fail(const char *format, ...)
{
	struct line line = { .length = 0 };
	va_list args;

	put_string(&line, guest_name);
	put_string(&line, ": FAIL ");
	va_start(args, format);
	format_line(&line, format, args);
	va_end(args);
	put(&line, '\n');
	write_line(&line);
	sbi_shutdown(true);
}

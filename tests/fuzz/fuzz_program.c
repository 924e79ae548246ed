/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * fuzz_program.c - a fuzz target: the whole program, with its worker processes, the sandbox around them, views in a
 * process of their own and everything that is kept beside the records. So main.c is included.
 *
 * A fuzzer sees only what this process reaches, not its workers: fuzz_analysis does their part. The input is an octet
 * that chooses one of the command lines, then a capture; with --merge, outputs with a NUL between them.
 */
#include <ftw.h>
#include <sys/stat.h>

int program_main(int argc, char **argv);
#define main program_main
#include "main.c" /* NOLINT */
#undef main

#include "fuzz.h"

#define FILES_MAX 16 /* that nftw keeps open */

/* What stands for a path: D is the folder of this run. */
static const char *const command_lines[] = {
	"smtpscan -q -j 2 -e all -o D/out D/in",
	"smtpscan -q -j 1 --extract D/files --mbox D/mbox --hash md5,sha1 --raw -o D/out D/in/0",
	"smtpscan -v --resume D/done D/in",
	"smtpscan -q -t --color=always --report D/report.html -o D/out D/in/0",
	"smtpscan -q --format=mails --flow 1 -o D/out D/in/0",
	"smtpscan -q --check D/expected --update -o D/out D/in",
	"smtpscan -q --check D/in -o D/out D/in/0",
	"smtpscan --progress=json --continuous -f tcp --host 192.0.2.0/24,127.0.0.0/8 -o D/out D/in/0 D/in/0",
	"smtpscan -q --no-sandbox --merge -o D/out D/in/0 D/in/1",
	"smtpscan -q -o D/in/0 D/in/0",
};

/* Workers and their kind end by exit, which libFuzzer takes for a crash (tests/meson.build wraps it there). */
_Noreturn void __wrap_exit(int status);

_Noreturn void __wrap_exit(int status)
{
	_exit(status);
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *where)
{
	return remove(path);
}

/* put_files - the capture, or what is to be merged, as D/in/0 and so on. */
static void put_files(const char *folder, const uint8_t *data, size_t size, bool merge)
{
	char *in = g_build_filename(folder, "in", NULL);
	require(mkdir(in, 0700) == 0);
	for (unsigned i = 0; i < 2; i++) {
		const uint8_t *piece = data;
		const size_t length = merge ? fuzz_next(&data, &size, &piece) : size;
		char *path = g_strdup_printf("%s/%u", in, i);
		if (merge || i == 0)
			require(g_file_set_contents(path, (const char *)piece, (gssize)length, NULL));
		g_free(path);
	}
	g_free(in);
}

/* run_line - the command line with the folder in it. */
static int run_line(const char *line, const char *folder)
{
	char **words = g_strsplit(line, " ", 0);
	const int count = (int)g_strv_length(words);
	for (int i = 0; i < count; i++)
		if (g_str_has_prefix(words[i], "D/")) {
			char *path = g_strconcat(folder, words[i] + 1, NULL);
			g_free(words[i]);
			words[i] = path;
		}
	char **arguments = g_memdup2(words, (gsize)(count + 1) * sizeof *words);
	const int status = program_main(count, arguments);
	g_free(arguments);
	g_strfreev(words);
	return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	const char *line = command_lines[data[0] % G_N_ELEMENTS(command_lines)];
	char *folder = g_build_filename(g_get_tmp_dir(), "fuzz-XXXXXX", NULL);
	require(g_mkdtemp(folder) != NULL);
	put_files(folder, data + 1, size - 1, strstr(line, "--merge"));
	const int status = run_line(line, folder);
	require(status >= EXIT_OK && status <= EXIT_CUT);
	nftw(folder, remove_one, FILES_MAX, FTW_DEPTH | FTW_PHYS);
	g_free(folder);
	return 0;
}

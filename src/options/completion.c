/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * completion.c - --completion: a completion script for bash or zsh, made from the table of options.
 *
 * The kind of the row (a file, a folder), the name of the argument or, for a list, the name of the option decides how a
 * value is completed.
 */
#include <stdio.h>
#include <string.h>

#include "private.h"

enum value { VALUE_NONE, VALUE_ANY, VALUE_FILE, VALUE_FOLDER, VALUE_WORD, VALUE_LIST };

/* Values by the name of the argument or, with --, of the option. */
static const struct {
	const char *of, *words;
} fixed[] = {
	{ "LEVEL", "high medium low" },
	{ "WHEN", "auto always never" },
	{ "FORMAT", "json text mails" },
	{ "SHELL", "bash zsh" },
	{ "--hash", "md5 sha1 sha256" },
};

static void add_word(GString *words, const char *word)
{
	g_string_append_printf(words, "%s%s", words->len > 0 ? " " : "", word);
}

/* words_of - the possible values of a row, separated by spaces; empty when they are not known. */
static GString *words_of(const struct option_row *row)
{
	GString *words = g_string_new(NULL);
	if (row->argument[0] == '[')
		g_string_append_len(words, row->argument + 1, (gssize)strlen(row->argument) - 2);
	for (size_t i = 0; i < G_N_ELEMENTS(fixed); i++)
		if (strcmp(row->argument, fixed[i].of) == 0 ||
			(g_str_has_prefix(fixed[i].of, "--") && strcmp(row->name, fixed[i].of + 2) == 0))
			g_string_append(words, fixed[i].words);
	if (strcmp(row->name, "events") == 0) {
		add_word(words, "all");
		for (int i = 0; i < RECORD_COUNT; i++)
			add_word(words, record_names[i]);
	}
	if (strcmp(row->name, "disable") == 0)
		for (int id = 0; id < ALERT_COUNT; id++)
			add_word(words, alert_catalogue[id].name);
	return words;
}

static enum value kind_of_value(const struct option_row *row, const GString *words)
{
	if (!row->argument)
		return VALUE_NONE;
	if (row->kind == ROW_FOLDER || strcmp(row->argument, "DIR") == 0)
		return VALUE_FOLDER;
	if (row->kind == ROW_READ || row->kind == ROW_READS || row->kind == ROW_WRITE ||
		strcmp(row->argument, "FILE") == 0)
		return VALUE_FILE;
	if (words->len == 0)
		return VALUE_ANY;
	return strcmp(row->argument, "LIST") == 0 ? VALUE_LIST : VALUE_WORD;
}

/* ---- bash ---- */

static const char bash_begin[] = "# smtpscan completion for bash; made by smtpscan --completion=bash\n"
				 "_smtpscan() {\n";
static const char bash_head[] =
	"	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} kind=any words= head=\n"
	"	[[ $cur == = ]] && cur=\n"
	"	[[ $prev == = ]] && prev=${COMP_WORDS[COMP_CWORD-2]}\n"
	"	case $prev in\n";
static const char bash_tail[] =
	"	*) kind=start ;;\n"
	"	esac\n"
	"	COMPREPLY=()\n"
	"	case $kind in\n"
	"	start)\n"
	"		if [[ $cur == -* ]]; then\n"
	"			mapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$cur\")\n"
	"			[[ ${COMPREPLY-} == *= ]] && compopt -o nospace\n"
	"		else\n"
	"			compopt -o filenames\n"
	"			mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
	"		fi ;;\n"
	"	file)\n"
	"		compopt -o filenames\n"
	"		mapfile -t COMPREPLY < <(compgen -f -- \"$cur\") ;;\n"
	"	folder)\n"
	"		compopt -o filenames\n"
	"		mapfile -t COMPREPLY < <(compgen -d -- \"$cur\") ;;\n"
	"	word)\n"
	"		mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\") ;;\n"
	"	list)\n"
	"		[[ $cur == *,* ]] && head=${cur%,*},\n"
	"		cur=${cur##*,}\n"
	"		[[ $cur == [+-]* ]] && head=$head${cur:0:1} cur=${cur:1}\n"
	"		mapfile -t COMPREPLY < <(compgen -P \"$head\" -W \"$words\" -- \"$cur\")\n"
	"		compopt -o nospace ;;\n"
	"	esac\n"
	"}\n"
	"complete -F _smtpscan smtpscan\n";

static void bash_row(const struct option_row *row)
{
	static const char *const kinds[] = { "start", "any", "file", "folder", "word", "list" };
	GString *words = row->argument ? words_of(row) : g_string_new(NULL);
	enum value value = kind_of_value(row, words);
	if (value != VALUE_NONE) {
		fputs("	", stdout);
		if (row->letter)
			printf("-%c | ", row->letter);
		printf("--%s) kind=%s words='%s' ;;\n", row->name, kinds[value], words->str);
	}
	g_string_free(words, TRUE);
}

static void print_bash_options(const struct option_row *rows, int count)
{
	fputs("	local options='", stdout);
	for (int i = 0; i < count; i++) {
		if (rows[i].letter)
			printf("-%c ", rows[i].letter);
		printf("--%s%s ", rows[i].name, rows[i].argument && !is_optional(&rows[i]) ? "=" : "");
	}
	fputs("'\n", stdout);
}

static void print_bash(const struct option_row *rows, int count)
{
	fputs(bash_begin, stdout);
	print_bash_options(rows, count);
	fputs(bash_head, stdout);
	for (int i = 0; i < count; i++)
		if (!is_optional(&rows[i])) /* a value of these comes only after = */
			bash_row(&rows[i]);
	for (int i = 0; i < count; i++)
		if (is_optional(&rows[i])) {
			GString *words = words_of(&rows[i]);
			printf("	--%s) [[ ${COMP_WORDS[COMP_CWORD-1]} == = || ${COMP_WORDS[COMP_CWORD]} == = ]] "
			       "&&\n"
			       "		kind=word words='%s' || kind=start ;;\n",
				rows[i].name, words->str);
			g_string_free(words, TRUE);
		}
	fputs(bash_tail, stdout);
}

/* ---- zsh ---- */

/* print_zsh_help - the help on one line, with zsh's special characters escaped. */
static void print_zsh_help(const char *help)
{
	for (const char *c = help; *c; c++)
		if (*c == '\'')
			fputs("'\\''", stdout);
		else if (strchr("[]:\\", *c))
			printf("\\%c", *c);
		else
			putchar(*c == '\n' ? ' ' : *c);
}

static void print_zsh_value(const struct option_row *row)
{
	GString *words = words_of(row);
	printf("%s%s:", is_optional(row) ? "::" : ":", is_optional(row) ? "value" : row->argument);
	switch (kind_of_value(row, words)) {
	case VALUE_FILE:
		fputs("_files", stdout);
		break;
	case VALUE_FOLDER:
		fputs("_files -/", stdout);
		break;
	case VALUE_WORD:
		printf("(%s)", words->str);
		break;
	case VALUE_LIST:
		printf("_sequence compadd -P \"${(M)PREFIX#[+-]}\" - %s", words->str);
		break;
	default:
		fputs(" ", stdout);
		break;
	}
	g_string_free(words, TRUE);
}

static void zsh_row(const struct option_row *row)
{
	const char *equals = is_optional(row) ? "=-" : row->argument ? "=" : "";
	if (row->letter)
		printf("	'(-%c --%s)'{-%c%s,--%s%s}'[", row->letter, row->name, row->letter,
			row->argument ? "+" : "", row->name, equals);
	else
		printf("	'--%s%s[", row->name, equals);
	print_zsh_help(row->help);
	putchar(']');
	if (row->argument)
		print_zsh_value(row);
	puts("' \\");
}

static void print_zsh(const struct option_row *rows, int count)
{
	puts("#compdef smtpscan\n"
	     "# smtpscan completion for zsh; made by smtpscan --completion=zsh\n"
	     "_arguments -s -S \\");
	for (int i = 0; i < count; i++)
		zsh_row(&rows[i]);
	puts("	'*:capture:_files'");
}

bool completion_print(const char *shell, const struct option_row *rows, int count)
{
	const bool bash = strcmp(shell, "bash") == 0, zsh = strcmp(shell, "zsh") == 0;
	if (bash)
		print_bash(rows, count);
	if (zsh)
		print_zsh(rows, count);
	return bash || zsh;
}

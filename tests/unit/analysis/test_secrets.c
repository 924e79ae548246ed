/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test_secrets.c - credentials outside of a normal AUTH exchange: which commands have some, and what is masked.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "analysis/secrets.h"
#include "text.h"

/* say - the client sends this line (with its CRLF). credentials: the session knows that it has some. Returns whether it
 * is marked then. */
static bool tell(struct secrets *secrets, const char *line, bool credentials)
{
	struct session_command command = { .credentials = credentials };
	size_t used;
	grammar_command(span_of_text(line), false, &command.parsed, &used);
	secrets_command(secrets, &command);
	return command.credentials;
}

static void reply(struct secrets *secrets, unsigned code)
{
	secrets_response(secrets, &(struct session_response){ .code = code });
}

static void masked_is(const struct secrets *secrets, enum direction direction, const char *text, const char *expected)
{
	GString *masked = secrets_mask(secrets, direction, span_of_text(text));
	assert_string_equal(masked->str, expected);
	g_string_free(masked, TRUE);
}

static void lines_of_the_client(void **state)
{
	static const char *const cases[][2] = {
		{ "AUTH PLAIN abcdef\r\n", "AUTH PLAIN *\r\n" },
		{ " auth plain abcdef\n", " auth plain *\n" },
		{ "AUTH LOGIN\r\nb3R0bw==\r\nd29yZA==\r\nRSET\r\nx\r\n", "AUTH LOGIN\r\n*\r\n*\r\nRSET\r\nx\r\n" },
		{ "X-EXPS NTLM abcdef", "X-EXPS NTLM *" },
		{ "AUHT PLAIN abcdef\r\n", "AUHT PLAIN *\r\n" },
		{ "PASS word\r\n", "PASS *\r\n" },
		{ "PASSWORD word\r\n", "PASSWORD word\r\n" },
		{ "so be it: PLAIN words\r\n", "so be it: PLAIN words\r\n" },
		{ "AUHT PLAIN-TEXT abcdef\r\n", "AUHT PLAIN-TEXT abcdef\r\n" },
		{ "VRFY plain text\r\n", "VRFY plain text\r\n" },
		{ "\r\n..\r\n", "\r\n..\r\n" },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
		masked_is(&(struct secrets){ 0 }, UP, cases[i][0], cases[i][1]);
	masked_is(&(struct secrets){ 0 }, DOWN, cases[0][0], cases[0][0]);
}

static void commands_are_marked(void **state)
{
	static const struct {
		const char *line;
		bool marked;
	} cases[] = {
		{ "AUHT PLAIN abcdef\r\n", true },
		{ "PASS abcdef\r\n", true },
		{ "USER abcdef\r\n", false },
		{ "VRFY plain abcdef\r\n", false },
		{ "FROB abcdef\r\n", false },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct secrets secrets = { 0 };
		if (tell(&secrets, cases[i].line, false) != cases[i].marked)
			fail_msg("%s", cases[i].line);
		masked_is(&secrets, DOWN, "what is abcdef?", cases[i].marked ? "what is *?" : "what is abcdef?");
		secrets_clear(&secrets);
	}
}

/* What servers repeat: the whole secret, or a piece of it that is long enough to be one. */
static void replies_that_repeat(void **state)
{
	struct secrets secrets = { 0 };
	assert_true(tell(&secrets, "AUTH PLAIN  c2VjcmV0 \r\n", true));
	masked_is(&secrets, DOWN, "no c2VjcmV0, no", "no *, no");
	masked_is(&secrets, DOWN, "no VjcmV0", "no *");
	masked_is(&secrets, DOWN, "no jcmV0", "no jcmV0");
	masked_is(&secrets, DOWN, "c2Vjcmc2VjcmV0", "**");
	secrets_clear(&secrets);
	assert_true(tell(&secrets, "AUTH PLAIN abcd\r\n", true));
	masked_is(&secrets, DOWN, "abcd abc", "* abc");
	secrets_clear(&secrets);
	assert_true(tell(&secrets, "AUTH PLAIN abc\r\n", true));
	masked_is(&secrets, DOWN, "abcd abc", "abcd abc");
	secrets_clear(&secrets);
}

static void what_a_challenge_asks_for(void **state)
{
	struct secrets secrets = { 0 };
	assert_false(tell(&secrets, "c2VjcmV0\r\n", false));
	reply(&secrets, 500);
	assert_false(tell(&secrets, "c2VjcmV0\r\n", false));
	reply(&secrets, 334);
	masked_is(&secrets, UP, "c2VjcmV0", "*");
	assert_false(tell(&secrets, "two words\r\n", false));
	assert_true(tell(&secrets, "c2VjcmV0\r\n", false));
	masked_is(&secrets, DOWN, "c2VjcmV0", "*");
	/* a command ends it */
	assert_false(tell(&secrets, "NOOP\r\n", false));
	assert_false(tell(&secrets, "b3RoZXI=\r\n", false));
	secrets_clear(&secrets);
}

static void the_last_ones_are_kept(void **state)
{
	struct secrets secrets = { 0 };
	for (unsigned i = 0; i < 17; i++) {
		char line[40];
		g_snprintf(line, sizeof line, "AUTH PLAIN %c%c%c%c%c%c\r\n", 'a' + i, 'a' + i, 'a' + i, 'a' + i,
			'a' + i, 'a' + i);
		assert_true(tell(&secrets, line, true));
	}
	masked_is(&secrets, DOWN, "aaaaaa bbbbbb qqqqqq", "aaaaaa * *");
	secrets_clear(&secrets);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_of_the_client),
		cmocka_unit_test(commands_are_marked),
		cmocka_unit_test(replies_that_repeat),
		cmocka_unit_test(what_a_challenge_asks_for),
		cmocka_unit_test(the_last_ones_are_kept),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

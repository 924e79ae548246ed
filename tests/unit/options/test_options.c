/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * test_options.c - the command line: what each option sets, and what is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "kits/command_line.h"

static void without_options(void **state)
{
	struct options options;
	assert_int_equal(command_line(&options, "a.pcap b"), OPTIONS_RUN);
	assert_string_equal(options.captures[0], "a.pcap");
	assert_string_equal(options.captures[1], "b");
	assert_null(options.captures[2]);
	assert_int_equal(options.output.records, RECORDS_DEFAULT);
	assert_int_equal(options.alert_limit, 10);
	assert_int_equal(options.mail.body_limit, 1 << 20);
	assert_int_equal(options.mail.hashes, HASH_SHA256);
	assert_true(options.mail.body && options.flow.detect && !options.mail.raw && !options.output.show_secrets);
	assert_int_equal(options.jobs, 0);
	options_free(&options);
}

static void assert_times(const char *line, int64_t after, int64_t before)
{
	struct options options;
	assert_int_equal(command_line(&options, line), OPTIONS_RUN);
	assert_int_equal(options.selection.after, after);
	assert_int_equal(options.selection.before, before);
	options_free(&options);
}

static void packets_are_selected_by_time(void **state)
{
	assert_times("x", 0, 0);
	assert_times("--after 1970-01-01 --before 1970-01-02 x", 0, 86400 * NANOSECONDS_PER_SECOND);
	assert_times("--after 2023-11-14 --before 1700000000 x", 1699920000000000000, 1700000000000000000);
	assert_times("--after 2023-11-14T22:13:20 --before 2023-11-14T22:13:20Z x", 1700000000000000000,
		1700000000000000000);
	assert_times("--after 2023-11-14T23:13:20+01:00 x", 1700000000000000000, 0);
	assert_times("--after 2023-11-14T22:13:20.5Z --before 2023-11-14T23:13:20.123456789+01:00 x",
		1700000000500000000, 1700000000123456789);
	assert_times(
		"--after 1700000000.25 --before 1700000000.1234567899 x", 1700000000250000000, 1700000000123456789);
	static const char *const bad[] = { "yesterday", "2023-13-01", "2023-11-14T25:00:00Z", "-5", "1700000000.x",
		"1e9", "99999999999", "1969-12-31" };
	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
		struct options options;
		char *line = g_strdup_printf("--after=%s x", bad[i]);
		if (command_line(&options, line) != OPTIONS_ERROR)
			fail_msg("%s", line);
		g_free(line);
		options_free(&options);
	}
}

static void packets_are_selected_by_address(void **state)
{
	struct options options;
	assert_int_equal(command_line(&options, "--host 192.0.2.1,2001:db8::/32 --host 10.0.0.0/8 x"), OPTIONS_RUN);
	assert_int_equal(options.selection.networks->len, 3);
	assert_int_equal(g_array_index(options.selection.networks, struct network, 0).bits, 32);
	assert_int_equal(g_array_index(options.selection.networks, struct network, 1).address.family, 6);
	assert_int_equal(g_array_index(options.selection.networks, struct network, 2).bits, 8);
	options_free(&options);
	static const char *const bad[] = { "mail.example", "192.0.2.1/33", "192.0.2", "2001:db8::/129", ",",
		"192.0.2.0/" };
	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
		char *line = g_strdup_printf("--host %s x", bad[i]);
		if (command_line(&options, line) != OPTIONS_ERROR)
			fail_msg("%s", line);
		g_free(line);
		options_free(&options);
	}
}

static void each_option_sets_its_part(void **state)
{
	struct options options;
	assert_int_equal(command_line(&options,
				 "-o out -f tcp -p 25,26 --no-detect --checksum --continuous --keep-order x "
				 "--idle-timeout 5 --memory 2G --raw --raw-limit 3k --body-limit 0 --hash md5,SHA1"),
		OPTIONS_RUN);
	assert_string_equal(options.output_file, "out");
	assert_string_equal(options.bpf, "tcp");
	assert_int_equal(options.flow.port_count, 2);
	assert_int_equal(options.flow.ports[1], 26);
	assert_true(!options.flow.detect && options.checksums && options.continuous && options.keep_order);
	assert_int_equal(options.flow.idle_timeout, 5 * NANOSECONDS_PER_SECOND);
	assert_int_equal(options.flow.memory_limit, UINT64_C(2) << 30);
	assert_true(options.mail.raw && !options.mail.body);
	assert_int_equal(options.mail.raw_limit, 3072);
	assert_int_equal(options.mail.hashes, HASH_SHA256 | HASH_SHA1 | HASH_MD5);
	options_free(&options);

	assert_int_equal(
		command_line(&options,
			"--extract d --mbox m --show-secrets -s medium --fail-on=low --alert-limit 0 "
			"--disable bare_lf,nul_byte --threshold auth_bruteforce=3/9 --local-domain A.example,b "
			"--local-domain c --illegal-commands expn --strict x"),
		OPTIONS_RUN);
	assert_string_equal(options.mail.extract_dir, "d");
	assert_string_equal(options.mbox, "m");
	assert_true(options.output.show_secrets && options.strict);
	assert_int_equal(options.output.severity, SEVERITY_MEDIUM);
	assert_int_equal(options.fail_on, SEVERITY_LOW);
	assert_int_equal(options.alert_limit, 0);
	assert_true(options.disabled[ALERT_bare_lf] && options.disabled[ALERT_nul_byte] &&
		    !options.disabled[ALERT_bare_cr]);
	assert_int_equal(options.detectors.thresholds[ALERT_auth_bruteforce].count, 3);
	assert_int_equal(options.detectors.thresholds[ALERT_auth_bruteforce].seconds, 9);
	assert_int_equal(options.detectors.local_domains->len, 3);
	assert_string_equal(options.detectors.local_domains->pdata[0], "a.example");
	assert_string_equal(options.detectors.illegal_commands->pdata[0], "EXPN");
	options_free(&options);

	assert_int_equal(command_line(&options, "-j 3 --shard 2/4 --resume d --progress=json -v x"), OPTIONS_RUN);
	assert_int_equal(options.jobs, 3);
	assert_int_equal(options.shard, 2);
	assert_int_equal(options.shards, 4);
	assert_int_equal(options.flow.share, 1);
	assert_int_equal(options.flow.shares, 4);
	assert_string_equal(options.resume_dir, "d");
	assert_int_equal(options.progress, PROGRESS_JSON);
	assert_true(!options.quiet && options.verbose);
	options_free(&options);
}

static void events_are_chosen_or_changed(void **state)
{
	static const struct {
		const char *list;
		unsigned records;
	} rows[] = {
		{ "all", (1u << RECORD_COUNT) - 1 },
		{ "flow,stats", RECORD_BIT(FLOW) | RECORD_BIT(STATS) },
		{ "+smtp_command", RECORDS_DEFAULT | RECORD_BIT(COMMAND) },
		{ "-alert,-tls", RECORDS_DEFAULT & ~(RECORD_BIT(ALERT) | RECORD_BIT(TLS)) },
		{ "all,-smtp_content", ((1u << RECORD_COUNT) - 1) & ~RECORD_BIT(CONTENT) },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct options options;
		char *line = g_strdup_printf("-e %s x", rows[i].list);
		assert_int_equal(command_line(&options, line), OPTIONS_RUN);
		assert_int_equal(options.output.records, rows[i].records);
		options_free(&options);
		g_free(line);
	}
}

static void what_makes_no_sense_is_refused(void **state)
{
	static const char *const lines[] = { "", "-o", "--no-such-option x", "-e mail x", "-e +mail x", "-p 0 x",
		"-p 25,99999 x", "-p smtp x", "--body-limit 1T x", "--body-limit -1 x", "--body-limit 129M x",
		"--body-limit K x", "--memory 1000 x", "--memory 99999999999999999999 x", "--severity urgent x",
		"--fail-on 1 x", "--alert-limit ten x", "-j 0 x", "--shard 0/4 x", "--shard 5/4 x", "--shard 3 x",
		"--disable nonsense x", "--threshold auth_bruteforce x", "--threshold nonsense=3 x",
		"--threshold auth_bruteforce=0 x", "--threshold auth_bruteforce=3/x x", "--threshold bare_lf=3 x",
		"--threshold helo_too_long=100/60 x", "--hash crc32 x", "-e , x", "--events= x", "--hash= x",
		"--idle-timeout 0 x", "--keep-order x", "--resume d -o f x", "--resume d --continuous x",
		"--progress=xml x", "--raw-limit 1K x", "-q -v x", "-q --progress x", "- -", "--resume d -",
		"--merge -j 2 -f tcp x", "--merge --shard 1/2 x", "--merge --resume d x", "--merge -e smtp x",
		"--merge -", "-e flow --raw x", "-e flow,alert --hash md5 x", "-e smtp -s high x", "--ports= x",
		"--disable auth_bruteforce --threshold auth_bruteforce=3 x", "--resume d -t x", "--list-alerts=xml",
		"--graph=loose" };
	for (size_t i = 0; i < G_N_ELEMENTS(lines); i++) {
		struct options options;
		if (command_line(&options, lines[i]) != OPTIONS_ERROR)
			fail_msg("'%s' was taken", lines[i]);
		options_free(&options);
	}
}

static void what_makes_sense_is_taken(void **state)
{
	static const char *const lines[] = { "--raw --raw-limit 1K x", "-q --progress=json x", "-v --progress x",
		"--merge -j 2 -o y -q --fail-on high x", "-e smtp --hash md5 x", "--no-detect x",
		"--disable bare_lf --threshold auth_bruteforce=3 x", "-e stats --fail-on low x", "--body-limit 128M x",
		"-p 1,65535 x" };
	for (size_t i = 0; i < G_N_ELEMENTS(lines); i++) {
		struct options options;
		if (command_line(&options, lines[i]) != OPTIONS_RUN)
			fail_msg("'%s' was refused", lines[i]);
		options_free(&options);
	}
}

static void a_dash_is_standard_output_and_standard_input(void **state)
{
	struct options options;
	assert_int_equal(command_line(&options, "-o - -"), OPTIONS_RUN);
	assert_null(options.output_file);
	assert_string_equal(options.captures[0], "-");
	options_free(&options);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_options),
		cmocka_unit_test(packets_are_selected_by_time),
		cmocka_unit_test(packets_are_selected_by_address),
		cmocka_unit_test(each_option_sets_its_part),
		cmocka_unit_test(events_are_chosen_or_changed),
		cmocka_unit_test(what_makes_no_sense_is_refused),
		cmocka_unit_test(what_makes_sense_is_taken),
		cmocka_unit_test(a_dash_is_standard_output_and_standard_input),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

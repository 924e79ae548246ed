/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * fuzz_capture.c - a fuzz target: a file of any kind is read as a capture, to its end.
 *
 * The input is the file, but for its first octet: bit 0, with a filter; bit 1, its secrets first.
 */
#include "capture.h"
#include "fuzz.h"

static void on_secrets(void *context, uint32_t type, struct span secrets)
{
	fuzz_touch(secrets.data, secrets.size);
}

static void read_all(struct capture *capture)
{
	struct packet packet;
	enum capture_status status;
	uint64_t number = 0;
	capture_on_secrets(capture, on_secrets, NULL);
	while ((status = capture_next(capture, &packet)) == CAPTURE_PACKET) {
		require(packet.captured <= packet.length && packet.at.packet > number && packet.at.time >= 0);
		number = packet.at.packet;
		fuzz_touch(packet.data, packet.captured);
	}
	require((status == CAPTURE_END) == !capture_error(capture));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[FUZZ_PATH_MAX];
	if (size == 0)
		return 0;
	const uint8_t flags = data[0];
	const int fd = fuzz_file(data + 1, size - 1, path);
	if (flags & 2)
		capture_secrets(path, on_secrets, NULL);
	GError *error = NULL;
	struct capture *capture = capture_open(path, flags & 1 ? "tcp port 25" : NULL, &error);
	require(!capture == !!error);
	if (capture)
		read_all(capture);
	capture_close(capture);
	g_clear_error(&error);
	close(fd);
	return 0;
}

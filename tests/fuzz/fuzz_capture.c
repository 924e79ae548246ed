/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * fuzz_capture.c - a fuzz target: a file of any kind is read as a capture, to its end.
 *
 * The input is the file, but for its first octet: bit 0, with a filter; bit 1, its secrets first.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "capture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* touch - a sanitizer sees octets that are not there. */
static void touch(const uint8_t *octets, size_t size)
{
	volatile uint8_t last;
	for (size_t i = 0; i < size; i++)
		last = octets[i];
	(void)last;
}

static void on_secrets(void *context, uint32_t type, struct span secrets)
{
	touch(secrets.data, secrets.size);
}

static void read_all(struct capture *capture)
{
	struct packet packet;
	enum capture_status status;
	uint64_t number = 0;
	capture_on_secrets(capture, on_secrets, NULL);
	while ((status = capture_next(capture, &packet)) == CAPTURE_PACKET) {
		if (packet.captured > packet.length || packet.at.packet <= number || packet.at.time < 0)
			abort();
		number = packet.at.packet;
		touch(packet.data, packet.captured);
	}
	if ((status == CAPTURE_END) != !capture_error(capture))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[32];
	if (size == 0)
		return 0;
	const uint8_t flags = data[0];
	const int fd = memfd_create("capture", MFD_CLOEXEC);
	if (fd < 0 || write(fd, data + 1, size - 1) != (ssize_t)(size - 1))
		abort();
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	if (flags & 2)
		capture_secrets(path, on_secrets, NULL);
	GError *error = NULL;
	struct capture *capture = capture_open(path, flags & 1 ? "tcp port 25" : NULL, &error);
	if (!capture == !error)
		abort();
	if (capture)
		read_all(capture);
	capture_close(capture);
	g_clear_error(&error);
	close(fd);
	return 0;
}

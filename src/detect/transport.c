/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * transport.c - reports what the capture lacks or contradicts: gaps, conflicting retransmissions, missing beginnings.
 */
#include "private.h"

/* sender_name - "the client", "the server": who sent it. */
static const char *sender_name(enum direction direction)
{
	return direction == UP ? "the client" : "the server";
}

/* check_flow - tcp_midstream, tcp_one_sided: reported once, when it is known. */
static void check_flow(struct detector *detector, const struct flow *flow)
{
	if (flow->midstream && !detector->midstream_reported) {
		detector->midstream_reported = true;
		struct alert_place place = { .no_direction = true, .tx = -1 };
		raise_alert(detector, ALERT_tcp_midstream, 0, place, NO_EVIDENCE,
			"the session began before the capture: what was said before is not known");
	}
	if (flow->one_sided && !detector->one_sided_reported) {
		detector->one_sided_reported = true;
		raise_alert(detector, ALERT_tcp_one_sided, 0, AT_SESSION(flow->missing), NO_EVIDENCE,
			"no packet of %s is in the capture: what it said was assumed", sender_name(flow->missing));
	}
}

void transport_begin(struct detector *detector)
{
	check_flow(detector, detector->flow);
}

void detector_end(struct detector *detector, const struct flow *flow)
{
	check_flow(detector, flow);
}

void detector_gap(struct detector *detector, enum direction direction, uint64_t offset, uint64_t size, bool given_up)
{
	const struct flow *flow = detector->flow;
	detector->doubt = true;
	/* when the whole direction is missing, tcp_one_sided reports it */
	if (size > 0 && !(flow->one_sided && flow->missing == direction))
		raise_alert(detector, ALERT_tcp_gap, 0, AT_SESSION(direction), NO_EVIDENCE,
			"%llu octets that %s sent %s, from octet %llu of its stream on", (unsigned long long)size,
			sender_name(direction),
			given_up ? "were given up for lack of memory" : "are not in the capture",
			(unsigned long long)offset);
}

void detector_trouble(
	struct detector *detector, enum flow_trouble what, enum direction direction, uint64_t offset, struct span bytes)
{
	if (what == FLOW_OVERLAP_CONFLICT) {
		raise_alert(detector, ALERT_tcp_overlap_conflict, 0, AT_SESSION(direction), bytes,
			"a retransmission of %s carries other octets than the first copy, at octet %llu of its stream: "
			"the two ends and a listener may have seen different sessions",
			sender_name(direction), (unsigned long long)offset);
	} else if (!detector->truncated_reported) {
		detector->truncated_reported = true;
		raise_alert(detector, ALERT_truncated_packets, 0, AT_SESSION(direction), NO_EVIDENCE,
			"the snap length of the capture cut payload of %s, first at octet %llu of its stream: "
			"capture again with a snap length of 0",
			sender_name(direction), (unsigned long long)offset);
	}
}

-- SPDX-License-Identifier: GPL-3.0-or-later
-- duckdb.sql - records of smtpscan in DuckDB: views mails, files, alerts and sessions over all.jsonl.
--
--   smtpscan -o all.jsonl captures/
--   duckdb -init duckdb.sql -c "SELECT mail_from, email_subject FROM mails WHERE outcome = 'accepted'"
--
-- sample_size = -1: DuckDB reads all records to find the columns, since types of records differ.
CREATE OR REPLACE TABLE records AS SELECT * FROM read_json('all.jsonl', format = 'newline_delimited',
	records = false, columns = {json: 'JSON'}, sample_size = -1, maximum_object_size = 1073741824);

CREATE OR REPLACE VIEW events AS SELECT
	(json ->> '$.timestamp')::TIMESTAMPTZ AS "timestamp", json ->> '$.pcap_filename' AS capture,
	(json ->> '$.pcap_cnt')::BIGINT AS packet, (json ->> '$.flow_id')::BIGINT AS flow_id,
	(json ->> '$.tx_id')::BIGINT AS tx_id, json ->> '$.event_type' AS event_type, json ->> '$.src_ip' AS client,
	json ->> '$.dest_ip' AS server, (json ->> '$.dest_port')::INTEGER AS port, json ->> '$.community_id' AS community_id,
	json
	FROM records;

CREATE OR REPLACE VIEW mails AS SELECT
	"timestamp", capture, packet, flow_id, tx_id, client, server, community_id, json ->> '$.smtp.helo' AS helo,
	json ->> '$.smtp.mail_from' AS mail_from, (json -> '$.smtp.rcpt_to')::VARCHAR[] AS rcpt_to,
	(json -> '$.smtp.rejected_rcpt_to')::VARCHAR[] AS rejected_rcpt_to, json ->> '$.smtp.outcome' AS outcome,
	(json ->> '$.smtp.reply.code')::INTEGER AS code, (json ->> '$.smtp.size')::BIGINT AS size,
	json ->> '$.smtp.sha256' AS sha256, json ->> '$.email.from' AS email_from, json ->> '$.email.subject' AS email_subject,
	json ->> '$.email.message_id' AS message_id, json ->> '$.email.body' AS body
	FROM events WHERE event_type = 'smtp';

CREATE OR REPLACE VIEW files AS SELECT
	"timestamp", capture, flow_id, tx_id, json ->> '$.fileinfo.part' AS part, json ->> '$.fileinfo.filename' AS filename,
	json ->> '$.fileinfo.content_type' AS content_type, json ->> '$.fileinfo.mimetype' AS mimetype,
	(json ->> '$.fileinfo.size')::BIGINT AS size, json ->> '$.fileinfo.sha256' AS sha256,
	json ->> '$.smtp.mail_from' AS mail_from, json ->> '$.email.subject' AS email_subject
	FROM events WHERE event_type = 'fileinfo';

CREATE OR REPLACE VIEW alerts AS SELECT
	"timestamp", capture, packet, flow_id, tx_id, client, server, community_id, json ->> '$.alert.signature' AS signature,
	json ->> '$.alert.category' AS category, (json ->> '$.alert.severity')::INTEGER AS severity,
	json ->> '$.alert.outcome' AS outcome, json ->> '$.alert.description' AS description,
	json ->> '$.alert.evidence' AS evidence
	FROM events WHERE event_type = 'alert';

CREATE OR REPLACE VIEW sessions AS SELECT
	(json ->> '$.flow.start')::TIMESTAMPTZ AS start, (json ->> '$.flow.end')::TIMESTAMPTZ AS "end", capture, flow_id, client,
	server, port, community_id, json ->> '$.smtp_session.banner' AS banner, json ->> '$.smtp_session.helo' AS helo,
	(json ->> '$.smtp_session.mails')::BIGINT AS mails, (json ->> '$.smtp_session.tls')::BOOLEAN AS tls,
	(json ->> '$.flow.alerted')::BOOLEAN AS alerted, json ->> '$.flow.close' AS close
	FROM events WHERE event_type = 'flow';

-- SPDX-License-Identifier: GPL-3.0-or-later
-- sqlite.sql - records of smtpscan in SQLite: a table with one record per row, and views mails, recipients, files, alerts, sessions.
--
--   smtpscan -o all.jsonl captures/
--   sqlite3 mail.db <sqlite.sql            reads all.jsonl in the current folder
--   sqlite3 mail.db "SELECT mail_from, subject FROM mails WHERE outcome = 'accepted'"
CREATE TABLE IF NOT EXISTS records (record TEXT);
.mode ascii
.separator "\037" "\n"
.import all.jsonl records

DROP VIEW IF EXISTS events;
CREATE VIEW events AS SELECT
	record ->> '$.timestamp' AS timestamp, record ->> '$.pcap_filename' AS capture, record ->> '$.pcap_cnt' AS packet,
	record ->> '$.flow_id' AS flow_id, record ->> '$.tx_id' AS tx_id, record ->> '$.event_type' AS event_type,
	record ->> '$.src_ip' AS client, record ->> '$.dest_ip' AS server, record ->> '$.dest_port' AS port,
	record ->> '$.community_id' AS community_id, record
	FROM records;

DROP VIEW IF EXISTS mails;
CREATE VIEW mails AS SELECT
	timestamp, capture, packet, flow_id, tx_id, client, server, community_id,
	record ->> '$.smtp.helo' AS helo, record ->> '$.smtp.mail_from' AS mail_from, record -> '$.smtp.rcpt_to' AS rcpt_to,
	record ->> '$.smtp.outcome' AS outcome, record ->> '$.smtp.reply.code' AS code, record ->> '$.smtp.size' AS size,
	record ->> '$.smtp.sha256' AS sha256, record ->> '$.email.from' AS "from", record ->> '$.email.subject' AS subject,
	record ->> '$.email.message_id' AS message_id, record ->> '$.email.body' AS body
	FROM events WHERE event_type = 'smtp';

DROP VIEW IF EXISTS recipients;
CREATE VIEW recipients AS
	SELECT flow_id, tx_id, value AS recipient, 'accepted' AS status
		FROM events, json_each(record, '$.smtp.rcpt_to') WHERE event_type = 'smtp'
	UNION ALL SELECT flow_id, tx_id, value, 'rejected'
		FROM events, json_each(record, '$.smtp.rejected_rcpt_to') WHERE event_type = 'smtp';

DROP VIEW IF EXISTS files;
CREATE VIEW files AS SELECT
	timestamp, capture, flow_id, tx_id, record ->> '$.fileinfo.part' AS part, record ->> '$.fileinfo.filename' AS filename,
	record ->> '$.fileinfo.content_type' AS content_type, record ->> '$.fileinfo.mimetype' AS mimetype,
	record ->> '$.fileinfo.size' AS size, record ->> '$.fileinfo.sha256' AS sha256,
	record ->> '$.smtp.mail_from' AS mail_from, record ->> '$.email.subject' AS subject
	FROM events WHERE event_type = 'fileinfo';

DROP VIEW IF EXISTS alerts;
CREATE VIEW alerts AS SELECT
	timestamp, capture, packet, flow_id, tx_id, client, server, community_id, record ->> '$.alert.signature' AS signature,
	record ->> '$.alert.category' AS category, record ->> '$.alert.severity' AS severity,
	record ->> '$.alert.outcome' AS outcome, record ->> '$.alert.description' AS description,
	record ->> '$.alert.evidence' AS evidence
	FROM events WHERE event_type = 'alert';

DROP VIEW IF EXISTS sessions;
CREATE VIEW sessions AS SELECT
	record ->> '$.flow.start' AS start, record ->> '$.flow.end' AS "end", capture, flow_id, client, server, port,
	community_id, record ->> '$.smtp_session.banner' AS banner, record ->> '$.smtp_session.helo' AS helo,
	record ->> '$.smtp_session.mails' AS mails, record ->> '$.smtp_session.tls' AS tls,
	record ->> '$.flow.alerted' AS alerted, record ->> '$.flow.close' AS close
	FROM events WHERE event_type = 'flow';

// SPDX-License-Identifier: GPL-3.0-or-later
// smtp-server (npm): submission on 587 with AUTH in clear, XOAUTH2 included, and implicit TLS on 465.
const { SMTPServer } = require("/opt/node/node_modules/smtp-server");
const { readFileSync } = require("fs");
const pem = readFileSync("/etc/ssl/ec.mail.example.pem");
const settings = {
	name: "npm.example",
	key: pem,
	cert: pem,
	authOptional: true,
	allowInsecureAuth: true,
	authMethods: ["PLAIN", "LOGIN", "CRAM-MD5", "XOAUTH2"],
	size: 100000,
	onAuth(auth, session, callback) {
		const secret = "secret-" + auth.username;
		const good = auth.method === "CRAM-MD5" ? auth.validatePassword(secret)
			: (auth.password || auth.accessToken) === secret;
		callback(good ? null : new Error("Invalid username or password"), { user: auth.username });
	},
	onRcptTo(address, session, callback) {
		callback(address.address.startsWith("nobody@") ? Object.assign(new Error("no such user"), { responseCode: 550 }) : null);
	},
	onData(stream, session, callback) {
		stream.resume();
		stream.on("end", () => callback(null, "taken"));
	},
};
for (const host of ["192.0.2.33", "2001:db8::33"]) {
	new SMTPServer(settings).listen(587, host);
	new SMTPServer({ ...settings, secure: true }).listen(465, host);
}

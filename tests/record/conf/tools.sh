# Dovecot's LMTP, vsftpd, chasquid; aiosmtpd and smtp-server are set up by their programs beside this file.
cat > /etc/dovecot/lab.conf <<'END'
protocols = lmtp pop3
listen = 192.0.2.32
hostname = dovecot.example
log_path = /tmp/dovecot.log
mail_location = maildir:/tmp/mail/%n
mail_uid = mail
mail_gid = mail
first_valid_uid = 1
ssl = no
auth_mechanisms = plain
disable_plaintext_auth = no
passdb {
	driver = passwd-file
	args = /etc/dovecot/lab.users
}
userdb {
	driver = passwd-file
	args = /etc/dovecot/lab.users
}
service lmtp {
	inet_listener lmtp {
		port = 24
	}
	inet_listener odd {
		port = 2424
	}
}
END
printf 'anna@corp.example:{PLAIN}secret-anna:8:8::/tmp/mail/anna\nben@corp.example:{PLAIN}secret-ben:8:8::/tmp/mail/ben\nfull@corp.example:{PLAIN}x:8:8::/proc/none::userdb_mail=maildir:/proc/none\n' > /etc/dovecot/lab.users
mkdir -p /tmp/mail && chown mail:mail /tmp/mail
printf 'listen=YES\nlisten_address=192.0.2.34\nlisten_port=2100\nanonymous_enable=YES\nseccomp_sandbox=NO\nbackground=NO\n' > /etc/vsftpd-lab.conf
mkdir -p /var/run/vsftpd/empty
mkdir -p /etc/chasquid-lab/certs/mail.example /etc/chasquid-lab/domains/corp.example /var/lib/chasquid-lab
cat > /etc/chasquid-lab/chasquid.conf <<'END'
hostname: "chasquid.example"
smtp_address: "192.0.2.35:25"
mail_delivery_agent_bin: "/bin/true"
mail_delivery_agent_args: ""
data_dir: "/var/lib/chasquid-lab"
mail_log_path: "/tmp/chasquid.log"
END
for user in anna ben; do chasquid-util -C=/etc/chasquid-lab user-add $user@corp.example --password=secret-$user; done

# Dovecot's LMTP, vsftpd; aiosmtpd and smtp-server are set up by their programs beside this file.
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

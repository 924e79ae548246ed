# Sendmail: queues what it takes and delivers nothing.
cat > /etc/mail/lab.mc <<'END'
include(`/usr/share/sendmail/cf/m4/cf.m4')
OSTYPE(`debian')
define(`confDOMAIN_NAME', `sendmail.example')
define(`confDELIVERY_MODE', `q')
define(`confDONT_BLAME_SENDMAIL', `groupwritabledirpathsafe,forwardfileingroupwritabledirpath')
define(`confMAX_MESSAGE_SIZE', `100000')
FEATURE(`no_default_msa')
DAEMON_OPTIONS(`Name=v4, Family=inet, Addr=192.0.2.28, Port=25')
DAEMON_OPTIONS(`Name=v6, Family=inet6, Addr=IPv6:2001:db8::28, Port=25')
FEATURE(`access_db', `hash -T<TMPF> /etc/mail/access')
FEATURE(`blocklist_recipients')
FEATURE(`promiscuous_relay')
FEATURE(`accept_unresolvable_domains')
MAILER(`smtp')
END
printf 'From:spam.example 554 5.7.1 we know you\nTo:nobody@corp.example 550 5.1.1 no such user\n' > /etc/mail/access
cd /etc/mail && makemap hash access < access && chown root access.db
mkdir -p /var/lib/sendmail/host_status
m4 lab.mc > lab.cf
mkdir -p /var/spool/mqueue && chown root /var/spool/mqueue && chmod 700 /var/spool/mqueue

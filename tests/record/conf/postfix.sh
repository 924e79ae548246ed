# Postfix: configuration of the server (/etc/postfix) and of a second instance that only sends (/etc/postfix-out).
cat > /etc/postfix/main.cf <<'END'
compatibility_level = 3.6
myhostname = mail.example
mydestination = localhost
inet_interfaces = 192.0.2.25, [2001:db8::25]
mynetworks = 203.0.113.0/24
smtpd_peername_lookup = no
relay_domains = corp.example
relay_transport = discard:
default_transport = discard:
local_transport = discard:
local_recipient_maps =
message_size_limit = 100000
maillog_file = /dev/stdout
smtpd_recipient_restrictions = check_recipient_access inline:{ {nobody@corp.example = 550 5.1.1 no such user}, {full@corp.example = 452 4.2.2 mailbox full} }, permit_sasl_authenticated, reject_unauth_destination
smtpd_sender_restrictions = check_sender_access inline:{ {spam.example = 554 5.7.1 we know you} }
smtpd_data_restrictions = check_sender_access inline:{ {nodata@client.example = 554 5.7.1 not from you} }
header_checks = regexp:{{/^Subject: REFUSE/ REJECT no such subject}}
smtpd_tls_chain_files = /etc/ssl/mail.example.pem
smtpd_tls_security_level = may
smtpd_sasl_path = smtpd
broken_sasl_auth_clients = no
END
sed -i '/^smtp /d; s/^\([a-z]*  *[a-z]*  *[-ny]  *[-ny]  *\)[-ny]/\1n/' /etc/postfix/master.cf
cat >> /etc/postfix/master.cf <<'END'
25        inet  n - n - - smtpd
2525      inet  n - n - - smtpd
587       inet  n - n - - smtpd -o smtpd_sasl_auth_enable=yes
465       inet  n - n - - smtpd -o smtpd_tls_wrappermode=yes
2526      inet  n - n - - smtpd -o smtpd_forbid_bare_newline=reject
2528      inet  n - n - - smtpd -o smtpd_forbid_unauth_pipelining=yes
2529      inet  n - n - - smtpd -o smtpd_authorized_xclient_hosts=198.51.100.0/24 -o smtpd_authorized_xforward_hosts=198.51.100.0/24
2530      inet  n - n - - smtpd -o smtpd_delay_reject=no -o smtpd_client_restrictions=reject
2531      inet  n - n - - smtpd -o smtpd_hard_error_limit=3
2532      inet  n - n - - smtpd -o smtpd_discard_ehlo_keywords=pipelining,chunking
2534      inet  n - n - - smtpd -o smtpd_delay_reject=no -o { smtpd_client_restrictions = sleep 1 }
smtp      unix  - - n - - smtp
END
mkdir -p /etc/postfix/sasl
printf 'pwcheck_method: auxprop\nauxprop_plugin: sasldb\nmech_list: PLAIN LOGIN CRAM-MD5 DIGEST-MD5\n' > /etc/postfix/sasl/smtpd.conf
for user in anna ben; do echo "secret-$user" | saslpasswd2 -p -c -u mail.example $user; done
chmod 644 /etc/sasldb2

mkdir -p /etc/postfix-out /var/spool/postfix-out /var/lib/postfix-out
cat > /etc/postfix-out/main.cf <<'END'
compatibility_level = 3.6
myhostname = client.example
queue_directory = /var/spool/postfix-out
data_directory = /var/lib/postfix-out
maillog_file = /dev/stdout
inet_interfaces = 198.51.100.7
mydestination =
local_transport = error:none
smtp_dns_support_level = disabled
smtp_host_lookup = native
default_transport = smtp:[192.0.2.26]:25
alias_maps =
END
grep -v inet /etc/postfix/master.cf > /etc/postfix-out/master.cf
chown postfix /var/lib/postfix-out
postconf -c /etc/postfix -e 'alternate_config_directories=/etc/postfix-out'

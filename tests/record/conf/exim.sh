# Exim: configuration of the server and of a client that sends to a given address and port.
cat > /etc/exim4/server.conf <<'END'
primary_hostname = exim.example
daemon_smtp_ports = 25 : 2525
local_interfaces = <; 192.0.2.26 ; 2001:db8::26
log_file_path = /tmp/exim-%s.log
spool_directory = /var/spool/exim4
smtp_accept_max = 100
rfc1413_query_timeout = 0s
host_lookup =
message_size_limit = 200K
chunking_advertise_hosts = *
pipelining_connect_advertise_hosts = *
smtputf8_advertise_hosts = *
dsn_advertise_hosts = *
tls_advertise_hosts = *
tls_certificate = /etc/ssl/ec.mail.example.pem
acl_smtp_mail = mail
acl_smtp_rcpt = rcpt
acl_smtp_data = data
acl_smtp_predata = predata
acl_smtp_vrfy = accept
acl_smtp_expn = accept
acl_smtp_etrn = accept
smtp_etrn_command = /bin/true
begin acl
mail:
	deny senders = *@spam.example
	accept
rcpt:
	deny local_parts = nobody
	     message = 550 5.1.1 no such user
	defer local_parts = full
	accept
predata:
	deny senders = nodata@client.example
	accept
data:
	deny condition = ${if match{$h_subject:}{REFUSE}}
	     message = 550 5.7.1 no such subject
	accept
begin routers
all:
	driver = accept
	transport = null
begin transports
null:
	driver = appendfile
	file = /dev/null
	user = Debian-exim
begin authenticators
plain:
	driver = plaintext
	public_name = PLAIN
	server_prompts = :
	server_condition = ${if eq{$auth3}{secret-$auth2}}
	server_set_id = $auth2
login:
	driver = plaintext
	public_name = LOGIN
	server_prompts = <| Username: | Password:
	server_condition = ${if eq{$auth2}{secret-$auth1}}
	server_set_id = $auth1
cram:
	driver = cram_md5
	public_name = CRAM-MD5
	server_secret = secret-$auth1
	server_set_id = $auth1
END
cat > /etc/exim4/client.conf <<'END'
primary_hostname = client.example
log_file_path = /tmp/exim-client-%s.log
spool_directory = /var/spool/exim4-out
untrusted_set_sender = *
smtputf8_advertise_hosts = *
begin routers
all:
	driver = manualroute
	route_list = * HOST byname
	transport = out
	self = send
begin transports
out:
	driver = smtp
	port = PORT
	allow_localhost
	hosts_avoid_tls = NOTLS
	hosts_pipe_connect = EARLY
	hosts_try_fastopen = FASTOPEN
	tls_sni = mail.example
	message_linelength_limit = 2000
END
mkdir -p /var/spool/exim4-out && chown Debian-exim /var/spool/exim4-out
chmod 644 /etc/ssl/*.pem

# OpenSMTPD.
cat > /etc/smtpd.conf <<'END'
listen on 192.0.2.27 port 25 hostname opensmtpd.example
listen on 192.0.2.27 port 2525 hostname opensmtpd.example no-dsn
listen on 2001:db8::27 port 25 hostname opensmtpd.example
table users { anna, ben }
smtp max-message-size "100K"
action "null" mda "cat > /dev/null" virtual { "@" = root }
match from any for domain "corp.example" rcpt-to { "anna@corp.example", "ben@corp.example", "carla@corp.example" } action "null"
END

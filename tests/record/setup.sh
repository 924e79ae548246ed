#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# setup.sh - makes root file systems with the software for recording the captures in testdata/. Debian 12, as root:
#   setup.sh FOLDER       (2 GB free, not on the disk of /, best a tmpfs)
#
# The MTA packages exclude each other, so each gets a copy-on-write root of its own. All share one network namespace
# (rec): a loopback with an Ethernet's MTU and an address for each server and for the client. Nothing outside FOLDER
# and this namespace is changed. record.py then starts the servers and records.
set -eu
base=$1
here=$(dirname "$(realpath "$0")")
export DEBIAN_FRONTEND=noninteractive LC_ALL=C

# root NAME PACKAGE... - make a root and install packages in it, starting nothing
root() {
	name=$1
	shift
	mkdir -p "$base/$name/up" "$base/$name/work" "$base/$name/root"
	r=$base/$name/root
	mountpoint -q "$r" || {
		mount -t overlay overlay -o "lowerdir=/,upperdir=$base/$name/up,workdir=$base/$name/work" "$r"
		mount -t proc proc "$r/proc"
		mount --rbind /dev "$r/dev"
		mount -t tmpfs tmpfs "$r/run"
		mount -t tmpfs -o mode=1777 tmpfs "$r/tmp"
	}
	printf '#!/bin/sh\nexit 101\n' > "$r/usr/sbin/policy-rc.d"
	chmod +x "$r/usr/sbin/policy-rc.d"
	chroot "$r" apt-get install -qq -y --no-install-recommends "$@" > "$base/$name/apt.log" 2>&1
	printf '127.0.0.1 localhost\n192.0.2.25 mail.example\n198.51.100.7 client.example\n' > "$r/etc/hosts"
	echo mail.example > "$r/etc/mailname"
	mkdir -p "$r/rec"
	cp -r "$here/." "$here/../cli/generate.py" "$r/rec/"
	[ ! -e "$r/rec/conf/$name.sh" ] || chroot "$r" sh /rec/conf/$name.sh
	cp "$base"/*.pem "$r/etc/ssl/" 
}

# address ADDRESS CLIENT - an address of the namespace's own, reached from CLIENT
address() {
	$netns ip address add "$1" dev lo
	[ -z "${2-}" ] || $netns ip route replace local "$1" dev lo table local src "$2"
	case $1 in *:*25|*:*26|*:*27|*:*28|*:*3?) $netns ip route delete local "$1" dev lo table local metric 0 ;; esac
}

certificate() { # certificate NAME ALGORITHM [-days etc.]
	name=$1
	shift
	[ -e "$base/$name.pem" ] || {
		openssl req -x509 -nodes -subj "/O=Testdata/CN=$name" -addext "subjectAltName=DNS:$name" -days 3650 \
			-keyout "$base/$name.key.pem" -out "$base/$name.crt.pem" "$@" 2> /dev/null
		cat "$base/$name.key.pem" "$base/$name.crt.pem" > "$base/$name.pem"
	}
}

mkdir -p "$base"
netns="ip netns exec rec"
ip netns list | grep -qw rec || {
	ip netns add rec
	$netns ip link set lo mtu 1500 up
	$netns ethtool -K lo tso off gso off gro off > /dev/null
	$netns sysctl -q -w net.ipv4.tcp_fastopen=3
	address 198.51.100.7
	address 2001:db8:7::7 
	for host in 25 26 27 28 31 32 33 34 35; do
		address 192.0.2.$host 198.51.100.7
		address 2001:db8::$host 2001:db8:7::7
	done
}
certificate mail.example -newkey rsa:2048
certificate ec.mail.example -newkey ec -pkeyopt ec_paramgen_curve:prime256v1

tools="swaks msmtp libnet-ssleay-perl libauthen-sasl-perl libdigest-hmac-perl libio-socket-ssl-perl ethtool curl tcpdump"
root postfix postfix sasl2-bin libsasl2-modules $tools
root exim exim4-daemon-heavy $tools
root opensmtpd opensmtpd $tools
root sendmail sendmail-bin sendmail-base sendmail-cf m4 $tools
root tools dovecot-lmtpd dovecot-pop3d vsftpd python3-aiosmtpd chasquid $tools
for kind in fullchain:crt privkey:key; do
	cp "$base/ec.mail.example.${kind#*:}.pem" "$base/tools/root/etc/chasquid-lab/certs/mail.example/${kind%:*}.pem"
done
chroot "$base/tools/root" sh -c 'mkdir -p /opt/node && cd /opt/node && npm install --silent smtp-server nodemailer'

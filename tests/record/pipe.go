// SPDX-License-Identifier: GPL-3.0-or-later

// pipe.go - standard input and output as one end of TLS, by Go's crypto/tls:
//
//	pipe server|client HOST PORT PEM KEYLOG VERSION SUITE
//
// Version and suite are numbers; suite 0: those that Go prefers.
package main

import (
	"crypto/tls"
	"io"
	"net"
	"os"
	"strconv"
	"time"
)

func check(err error) {
	if err != nil {
		println(err.Error())
		os.Exit(1)
	}
}

func main() {
	role, address, pem, keylog := os.Args[1], net.JoinHostPort(os.Args[2], os.Args[3]), os.Args[4], os.Args[5]
	log, err := os.OpenFile(keylog, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	check(err)
	version, err := strconv.ParseUint(os.Args[6], 0, 16)
	check(err)
	suite, err := strconv.ParseUint(os.Args[7], 0, 16)
	check(err)
	config := &tls.Config{InsecureSkipVerify: true, KeyLogWriter: log, MinVersion: uint16(version),
		MaxVersion: uint16(version), ServerName: "mail.example"}
	if suite != 0 {
		config.CipherSuites = []uint16{uint16(suite)}
	}
	var conn net.Conn
	if role == "server" {
		cert, err := tls.LoadX509KeyPair(pem, pem)
		check(err)
		config.Certificates = []tls.Certificate{cert}
		l, err := tls.Listen("tcp", address, config)
		check(err)
		conn, err = l.Accept()
		check(err)
	} else {
		d := net.Dialer{Timeout: 5 * time.Second}
		conn, err = tls.DialWithDialer(&d, "tcp", address, config)
		check(err)
	}
	done := make(chan bool, 2)
	go func() { io.Copy(os.Stdout, conn); done <- true }()
	go func() { io.Copy(conn, os.Stdin); conn.(*tls.Conn).CloseWrite(); done <- true }()
	<-done
	time.Sleep(200 * time.Millisecond)
	conn.Close()
}

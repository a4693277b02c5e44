// Judges the chains that odd.py made, as a server would.
//
//	odd DIRECTORY
//
// Prints a line a case: its number, "allowed", "refused", or "depends" on the version of TLS, and why.
package main

import (
	"bufio"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

var at = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)

func blocks(file string) (ders [][]byte) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			return ders
		}
		ders = append(ders, block.Bytes)
	}
}

// The server's own certificate.
func own() tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: at.Add(-time.Hour), NotAfter: at.Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	check(err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

// The loader of the server takes no CA file with a certificate that it cannot parse.
func trusted(dir string) (*x509.CertPool, error) {
	pool := x509.NewCertPool()
	for _, file := range []string{"ca.crt", "ca-client-tenant.crt"} {
		for _, der := range blocks(filepath.Join(dir, file)) {
			certificate, err := x509.ParseCertificate(der)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
			pool.AddCert(certificate)
		}
	}
	return pool, nil
}

// crypto/x509 alone.
func verify(pool *x509.CertPool, sent [][]byte) error {
	var all []*x509.Certificate
	for _, der := range sent {
		certificate, err := x509.ParseCertificate(der)
		if err != nil {
			return err
		}
		all = append(all, certificate)
	}
	options := x509.VerifyOptions{
		Roots: pool, Intermediates: x509.NewCertPool(), CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	for _, certificate := range all[1:] {
		options.Intermediates.AddCert(certificate)
	}
	_, err := all[0].Verify(options)
	return err
}

// A handshake over loopback, as CockroachDB configures it.
func handshake(server tls.Certificate, pool *x509.CertPool, client tls.Certificate, version uint16) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	defer listener.Close()
	verified := false
	config := &tls.Config{
		Certificates: []tls.Certificate{server}, ClientAuth: tls.VerifyClientCertIfGiven, ClientCAs: pool, MinVersion: tls.VersionTLS12,
		MaxVersion: version, Time: func() time.Time { return at },
		VerifyPeerCertificate: func([][]byte, [][]*x509.Certificate) error { verified = true; return nil },
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		conn, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			return
		}
		defer conn.Close()
		conn.SetDeadline(time.Now().Add(20 * time.Second))
		peer := tls.Client(conn, &tls.Config{
			InsecureSkipVerify: true, MinVersion: tls.VersionTLS12,
			GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &client, nil },
		})
		if peer.Handshake() == nil {
			peer.Read(make([]byte, 1))
		}
	}()
	conn, err := listener.Accept()
	check(err)
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	peer := tls.Server(conn, config)
	err = peer.Handshake()
	if err == nil && (!verified || len(peer.ConnectionState().PeerCertificates) == 0) {
		err = errors.New("no certificate arrived")
	}
	conn.Close()
	<-done
	return err
}

func key(file string) crypto.PrivateKey {
	for _, der := range blocks(file) {
		if key, err := x509.ParsePKCS8PrivateKey(der); err == nil {
			return key
		}
	}
	// Go cannot read it: whoever has it uses something else. The chain is judged before it matters.
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(err)
	return key
}

func judge(dir string, server tls.Certificate) (string, error) {
	pool, err := trusted(dir)
	if err != nil {
		return "refused", err
	}
	sent := blocks(filepath.Join(dir, "client.u.crt"))
	alone := verify(pool, sent)
	client := tls.Certificate{Certificate: sent, PrivateKey: key(filepath.Join(dir, "client.u.key"))}
	newer := handshake(server, pool, client, tls.VersionTLS13)
	older := handshake(server, pool, client, tls.VersionTLS12)
	switch {
	case alone != nil && (newer == nil || older == nil):
		return "contradiction", alone
	case newer == nil && older == nil:
		return "allowed", nil
	case newer != nil && older != nil:
		return "refused", newer
	case newer != nil:
		return "depends", newer
	default:
		return "depends", older
	}
}

func main() {
	index, err := os.Open(filepath.Join(os.Args[1], "index"))
	check(err)
	server := own()
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	fmt.Fprintln(out, runtime.Version())
	lines := bufio.NewScanner(index)
	for lines.Scan() {
		number, _, _ := strings.Cut(lines.Text(), "\t")
		verdict, why := judge(filepath.Join(os.Args[1], number), server)
		fmt.Fprintf(out, "%s\t%s\t%q\n", number, verdict, fmt.Sprint(why))
	}
}

// What Go's crypto/x509 reads in certificates, whom it lets in, and whether crypto/tls connects them. See main.rs and
// expected.rs for the form of the text.
package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"sort"
	"strings"
)

var keyUsages = []string{"digitalSignature", "nonRepudiation", "keyEncipherment", "dataEncipherment", "keyAgreement",
	"keyCertSign", "cRLSign", "encipherOnly", "decipherOnly"}

var stringTypes = map[int]string{
	asn1.TagPrintableString: "PrintableString", asn1.TagUTF8String: "UTF8String", asn1.TagIA5String: "IA5String"}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func load(path string) *x509.Certificate {
	contents, err := os.ReadFile(path)
	check(err)
	block, _ := pem.Decode(contents)
	certificate, err := x509.ParseCertificate(block.Bytes)
	check(err)
	return certificate
}

// unmarshal reads all of der.
func unmarshal(der []byte, value interface{}) {
	rest, err := asn1.Unmarshal(der, value)
	check(err)
	if len(rest) != 0 {
		check(fmt.Errorf("%d bytes after an element", len(rest)))
	}
}

type attributeSET []struct {
	Type  asn1.ObjectIdentifier
	Value asn1.RawValue
}

func printName(field string, der []byte) {
	fmt.Printf("%sBytes: %x\n", field, der)
	var rdns []attributeSET
	unmarshal(der, &rdns)
	for _, rdn := range rdns {
		var attributes []string
		for _, a := range rdn {
			attributes = append(attributes, fmt.Sprintf("%s %s %s", a.Type, stringTypes[a.Value.Tag], a.Value.Bytes))
		}
		fmt.Printf("%s: %s\n", field, strings.Join(attributes, " + "))
	}
}

func publicKey(certificate *x509.Certificate) string {
	switch key := certificate.PublicKey.(type) {
	case *rsa.PublicKey:
		return fmt.Sprintf("RSA %d %d", key.N.BitLen(), key.E)
	case *ecdsa.PublicKey:
		return "EC " + key.Curve.Params().Name
	case ed25519.PublicKey:
		return "Ed25519"
	}
	return certificate.PublicKeyAlgorithm.String()
}

func publicKeyBits(certificate *x509.Certificate) []byte {
	var info struct {
		Algorithm pkix.AlgorithmIdentifier
		Key       asn1.BitString
	}
	unmarshal(certificate.RawSubjectPublicKeyInfo, &info)
	return info.Key.Bytes
}

func alternativeNames(certificate *x509.Certificate, der []byte) string {
	var names []asn1.RawValue
	unmarshal(der, &names)
	var texts []string
	for _, name := range names {
		switch name.Tag {
		case 2:
			texts = append(texts, "DNS:"+string(name.Bytes))
		case 6:
			texts = append(texts, "URI:"+string(name.Bytes))
		case 7:
			texts = append(texts, "IP:"+hex.EncodeToString(name.Bytes))
		default:
			texts = append(texts, fmt.Sprintf("%d:%x", name.Tag, name.Bytes))
		}
	}
	if known := len(certificate.DNSNames) + len(certificate.IPAddresses) + len(certificate.URIs); known != len(names) {
		texts = append(texts, fmt.Sprintf("(crypto/x509 knows %d of them)", known))
	}
	return strings.Join(texts, ", ")
}

func extension(certificate *x509.Certificate, extension pkix.Extension) string {
	switch extension.Id.String() {
	case "2.5.29.14":
		return hex.EncodeToString(certificate.SubjectKeyId)
	case "2.5.29.15":
		var usages []string
		for bit, usage := range keyUsages {
			if certificate.KeyUsage&(1<<bit) != 0 {
				usages = append(usages, usage)
			}
		}
		return strings.Join(usages, ", ")
	case "2.5.29.17":
		return alternativeNames(certificate, extension.Value)
	case "2.5.29.19":
		text := "CA:" + strings.ToUpper(fmt.Sprint(certificate.IsCA))
		if certificate.MaxPathLen > 0 || certificate.MaxPathLenZero {
			text += fmt.Sprintf(", pathlen:%d", certificate.MaxPathLen)
		}
		return text
	case "2.5.29.35":
		var identifier struct {
			Key    []byte        `asn1:"optional,tag:0"`
			Issuer asn1.RawValue `asn1:"optional,tag:1"`
			Serial asn1.RawValue `asn1:"optional,tag:2"`
		}
		unmarshal(extension.Value, &identifier)
		if identifier.Issuer.Bytes == nil && identifier.Serial.Bytes == nil &&
			bytes.Equal(identifier.Key, certificate.AuthorityKeyId) {
			return hex.EncodeToString(identifier.Key)
		}
	case "2.5.29.37":
		var purposes []asn1.ObjectIdentifier
		unmarshal(extension.Value, &purposes)
		var texts []string
		for _, purpose := range purposes {
			texts = append(texts, purpose.String())
		}
		return strings.Join(texts, ", ")
	}
	return hex.EncodeToString(extension.Value)
}

func printFields(path string) {
	certificate := load(path)
	var outer struct {
		TBS       asn1.RawValue
		Algorithm pkix.AlgorithmIdentifier
		Signature asn1.BitString
	}
	unmarshal(certificate.Raw, &outer)
	fmt.Printf("file: %s\n", path)
	fmt.Printf("version: %d\n", certificate.Version)
	fmt.Printf("serial: %x\n", certificate.SerialNumber)
	fmt.Printf("signatureAlgorithm: %s\n", outer.Algorithm.Algorithm)
	printName("issuer", certificate.RawIssuer)
	fmt.Printf("notBefore: %d\n", certificate.NotBefore.Unix())
	fmt.Printf("notAfter: %d\n", certificate.NotAfter.Unix())
	printName("subject", certificate.RawSubject)
	fmt.Printf("publicKey: %s\n", publicKey(certificate))
	fmt.Printf("publicKeySha1: %x\n", sha1.Sum(publicKeyBits(certificate)))
	extensions := certificate.Extensions
	sort.Slice(extensions, func(i, j int) bool { return extensions[i].Id.String() < extensions[j].Id.String() })
	for _, e := range extensions {
		critical := "non-critical"
		if e.Critical {
			critical = "critical"
		}
		fmt.Printf("extension: %s %s %s\n", e.Id, critical, extension(certificate, e))
	}
}

func verdict(err error) {
	if err != nil {
		fmt.Println("refused:", strings.Join(strings.Fields(err.Error()), " "))
	} else {
		fmt.Println("accepted")
	}
}

func pool(path string) *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(load(path))
	return pool
}

func verify(role, host, ca, path string) error {
	usage := x509.ExtKeyUsageClientAuth
	if role == "server" {
		usage = x509.ExtKeyUsageServerAuth
	}
	_, err := load(path).Verify(x509.VerifyOptions{
		DNSName: host, Roots: pool(ca), KeyUsages: []x509.ExtKeyUsage{usage}})
	return err
}

// connect makes a mutual TLS connection, and says as whom the server knows the client.
func connect(ca, server, client, host string) {
	pair := func(stem string) []tls.Certificate {
		pair, err := tls.LoadX509KeyPair(stem+".crt", stem+".key")
		check(err)
		return []tls.Certificate{pair}
	}
	here, there := net.Pipe()
	listener := tls.Server(there, &tls.Config{
		Certificates: pair(server), ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool(ca)})
	dialer := tls.Client(here, &tls.Config{Certificates: pair(client), RootCAs: pool(ca), ServerName: host})
	done := make(chan error)
	go func() {
		_, err := dialer.Write([]byte("x"))
		done <- err
	}()
	_, err := listener.Read(make([]byte, 1))
	check(err)
	check(<-done)
	fmt.Println("connected:", listener.ConnectionState().PeerCertificates[0].Subject.CommonName)
}

func printRequest(path string) {
	contents, err := os.ReadFile(path)
	check(err)
	block, _ := pem.Decode(contents)
	request, err := x509.ParseCertificateRequest(block.Bytes)
	check(err)
	check(request.CheckSignature())
	fmt.Println("signature: good")
	printName("subject", request.RawSubject)
	for _, extension := range request.Extensions {
		critical := "non-critical"
		if extension.Critical {
			critical = "critical"
		}
		fmt.Printf("extension: %s %s %x\n", extension.Id, critical, extension.Value)
	}
}

func main() {
	verb, arguments := os.Args[1], os.Args[2:]
	switch verb {
	case "fields":
		for _, path := range arguments {
			printFields(path)
		}
	case "request":
		for _, path := range arguments {
			printRequest(path)
		}
	case "verify":
		for ; len(arguments) >= 4; arguments = arguments[4:] {
			verdict(verify(arguments[0], arguments[1], arguments[2], arguments[3]))
		}
	case "connect":
		for ; len(arguments) >= 4; arguments = arguments[4:] {
			connect(arguments[0], arguments[1], arguments[2], arguments[3])
		}
	default:
		check(fmt.Errorf("unknown verb %s", verb))
	}
}

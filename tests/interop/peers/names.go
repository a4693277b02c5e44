// How Go prints Names, as a server does with the subject of a certificate. Reads Names in DER from standard input, one in
// hex a line; prints the hex of each as text, RDNs in encoded order, or "rejected".
package main

import (
	"bufio"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"fmt"
	"os"
)

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		der, _ := hex.DecodeString(lines.Text())
		var name pkix.RDNSequence
		if rest, err := asn1.Unmarshal(der, &name); err != nil || len(rest) > 0 {
			fmt.Println("rejected")
			continue
		}
		// String prints the last RDN first.
		for i, j := 0, len(name)-1; i < j; i, j = i+1, j-1 {
			name[i], name[j] = name[j], name[i]
		}
		fmt.Printf("%x\n", name.String())
	}
}

// Command deliverability looks at what mailbox providers look at before they take the shop's mail: DKIM, SPF and DMARC
// of the sender's domain. It asks the DNS, and SES for the names of the DKIM keys; it changes nothing.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"time"
)

// timeout bounds all questions together.
const timeout = 30 * time.Second

func main() {
	sender := flag.String("mail", "", "sender of the shop's mails")
	bounce := flag.String("mailfrom", "",
		"MAIL FROM domain of the SES identity; empty asks SES, else the domain of amazonses.com")
	selectors := flag.String("selectors", "", "names of the DKIM keys, with commas between them; empty asks SES")
	flag.Parse()
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	d, err := domainOf(*sender)
	if err != nil {
		fmt.Fprintln(os.Stderr, "deliverability:", err)
		os.Exit(2)
	}
	d.bounce = *bounce
	if *selectors != "" {
		d.selectors = strings.Split(*selectors, ",")
	} else if err := d.ask(ctx, awsCLI); err != nil {
		fmt.Fprintf(os.Stderr, "deliverability: SES was not asked (%v); name the keys with -selectors\n", err)
	}
	if !report(ctx, os.Stdout, d, net.DefaultResolver) {
		os.Exit(1)
	}
}

// report prints one line for each finding, and reports whether none of them keeps mail from being taken.
func report(ctx context.Context, out io.Writer, d domain, dns resolver) bool {
	well := true
	for _, f := range d.look(ctx, dns) {
		word := map[level]string{fine: "ok   ", warning: "warn ", fault: "FAULT"}[f.level]
		fmt.Fprintf(out, "%s %-6s %s\n", word, f.about, f.text)
		if f.level != fine {
			fmt.Fprintf(out, "             %s\n", f.mend)
		}
		well = well && f.level != fault
	}
	return well
}

// awsCLI is what SES says of an identity.
func awsCLI(ctx context.Context, identity string) ([]byte, error) {
	return exec.CommandContext(ctx, "aws", "sesv2", "get-email-identity", "--email-identity", identity).Output()
}

// ask takes the names of the DKIM keys and the MAIL FROM domain from SES.
func (d *domain) ask(ctx context.Context, ses func(context.Context, string) ([]byte, error)) error {
	raw, err := ses(ctx, d.name)
	if err != nil {
		return err
	}
	var identity struct {
		DkimAttributes     struct{ Tokens []string }
		MailFromAttributes struct{ MailFromDomain string }
	}
	if err := json.Unmarshal(raw, &identity); err != nil {
		return err
	}
	d.selectors = identity.DkimAttributes.Tokens
	if d.bounce == "" {
		d.bounce = identity.MailFromAttributes.MailFromDomain
	}
	return nil
}

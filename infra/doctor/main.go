// Command doctor says what is missing on this machine and in the AWS account before a deployment, and how to mend each.
// It only reads.
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"

	"dangol/infra/local/engine"
)

// timeout bounds each command: without a network the AWS CLI waits for a minute.
const timeout = 20 * time.Second

func main() {
	stage := flag.String("stage", "dev", "stage to be deployed")
	mail := flag.String("mail", "", "sender of the shop's mails, to look its domain up in SES")
	flag.Parse()
	d := doctor{run: run, find: engine.Find, endpoint: os.Getenv("DYNAMODB_ENDPOINT"), stage: *stage, mail: *mail}
	if !d.report(context.Background(), os.Stdout) {
		os.Exit(1)
	}
}

// run returns what a command prints. Its error carries what the command said.
func run(ctx context.Context, name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	var out, said bytes.Buffer
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdout = &out
	cmd.Stderr = &said
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s: %w: %s", name, err, bytes.TrimSpace(said.Bytes()))
	}
	return string(bytes.TrimSpace(out.Bytes())), nil
}

// report prints one line for each check and reports whether everything needed is there. The account
// is checked only with credentials: without them each of its checks would fail in the same way.
func (d doctor) report(ctx context.Context, out io.Writer) bool {
	fmt.Fprintln(out, "This machine")
	well := d.print(ctx, out, d.machine())
	fmt.Fprintf(out, "\nThe AWS account, stage %s\n", d.stage)
	if !d.print(ctx, out, []check{d.credentials()}) {
		return false
	}
	return d.print(ctx, out, d.account()) && well
}

// print runs checks; optional ones are notes and do not count.
func (d doctor) print(ctx context.Context, out io.Writer, checks []check) bool {
	well := true
	for _, c := range checks {
		found, err := c.look(ctx)
		switch {
		case err == nil:
			fmt.Fprintf(out, "  ok       %s: %s\n", c.name, found)
		case c.optional:
			fmt.Fprintf(out, "  note     %s: %v\n           %s\n", c.name, err, c.mend)
		default:
			well = false
			fmt.Fprintf(out, "  MISSING  %s: %v\n           %s\n", c.name, err, c.mend)
		}
	}
	return well
}

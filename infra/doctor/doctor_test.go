package main

import (
	"context"
	"errors"
	"strings"
	"testing"
)

// answers plays the commands of a machine by what is called; a command without an answer fails.
type answers map[string]string

func (a answers) run(_ context.Context, name string, args ...string) (string, error) {
	call := strings.Join(append([]string{name}, args...), " ")
	for part, answer := range a {
		if strings.Contains(call, part) {
			return answer, nil
		}
	}
	return "", errors.New(name + ": not found")
}

func healthy() answers {
	return answers{
		"go version": "go version go1.26.1 linux/amd64", "node --version": "v22.4.0",
		"aws --version":       "aws-cli/2.30.1 Python/3.13",
		"get-caller-identity": "123456789012", "cdk-bootstrap": "28", "STRIPE_KEY": "SecureString",
		"STRIPE_WEBHOOK_SECRET": "SecureString", "sesv2 get-account": "True", "get-email-identity": "True",
		"get-account-settings": "1000",
	}
}

func TestTheReportSaysWhatIsMissingAndHowToMendIt(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(answers)
		well   bool
		say    []string
	}{
		{"all is there", func(answers) {}, true, []string{"ok       Go: go1.26", "ok       Lambda concurrency: 1000"}},
		{"Go is too old", func(a answers) { a["go version"] = "go version go1.22.0 linux/amd64" }, false,
			[]string{"MISSING  Go: go1.22 is too old", "install Go 1.26"}},
		{"Node is not installed", func(a answers) { delete(a, "node --version") }, false,
			[]string{"MISSING  Node", "install Node"}},
		{"no credentials: nothing else of the account is asked for", func(a answers) { delete(a, "get-caller-identity") },
			false,
			[]string{"MISSING  credentials", "AWS_REGION"}},
		{"the account was never bootstrapped", func(a answers) { delete(a, "cdk-bootstrap") }, false,
			[]string{"MISSING  CDK bootstrap", "cdk bootstrap"}},
		{"a payment secret cannot be there before the first deployment", func(a answers) {
			delete(a, "STRIPE_WEBHOOK_SECRET")
		}, true,
			[]string{"note     secret STRIPE_WEBHOOK_SECRET", "before the first payment",
				"--name /dangol/staging/payments/STRIPE_WEBHOOK_SECRET"}},
		{"the SES sandbox is only a note", func(a answers) { a["sesv2 get-account"] = "False" }, true,
			[]string{"note     SES production access: not granted", "ask for production access"}},
		{"a new account's concurrency", func(a answers) { a["get-account-settings"] = "10" }, true,
			[]string{"note     Lambda concurrency: 10 instances at once", "Concurrent executions"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			machine := healthy()
			c.change(machine)
			d := doctor{
				run: machine.run, stage: "staging", mail: "hello@shop.example.com",
				find: func() (string, error) { return "dynoxide", nil },
			}
			var out strings.Builder
			if well := d.report(t.Context(), &out); well != c.well {
				t.Errorf("well: %v\n%s", well, out.String())
			}
			for _, want := range c.say {
				if !strings.Contains(out.String(), want) {
					t.Errorf("does not say %q\n%s", want, out.String())
				}
			}
			if _, ok := machine["get-caller-identity"]; !ok && strings.Contains(out.String(), "bootstrap") {
				t.Errorf("asks an account that it cannot reach\n%s", out.String())
			}
		})
	}
}

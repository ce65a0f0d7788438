package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// recorder notes the commands that are run, and lets each of them fail.
type recorder struct {
	mu    sync.Mutex
	calls []string
}

func (r *recorder) run(_ context.Context, name string, args ...string) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls = append(r.calls, strings.Join(append([]string{name}, args...), " "))
	return "", errors.New(name + ": not found")
}

func (d doctor) everyCheck() []check {
	return append(append(d.machine(), d.credentials()), d.account()...)
}

func TestEachCheckThatFailsSaysHowToMendIt(t *testing.T) {
	t.Parallel()
	r := &recorder{}
	d := doctor{run: r.run, stage: "dev", mail: "hello@shop.example.com",
		find: func() (string, error) { return "", errors.New("no engine for this machine") }}
	names := map[string]bool{}
	for _, c := range d.everyCheck() {
		names[c.name] = true
		if found, err := c.look(t.Context()); err == nil {
			t.Errorf("%s is well with nothing there: %q", c.name, found)
		}
		// A command, an address, or the place in the console.
		if !regexp.MustCompile(`https://|aws |make |set |console`).MatchString(c.mend) {
			t.Errorf("%s: %q is nothing to do", c.name, c.mend)
		}
	}
	for _, want := range []string{"Go", "Node", "AWS CLI", "credentials", "CDK bootstrap", "secret STRIPE_KEY",
		"secret STRIPE_WEBHOOK_SECRET", "SES production access", "SES sender", "Lambda concurrency"} {
		if !names[want] {
			t.Errorf("nothing checks %s", want)
		}
	}
}

// The doctor is run by whoever has just got credentials: it changes nothing, and no secret passes through it.
func TestTheDoctorOnlyReadsAndNeverASecret(t *testing.T) {
	t.Parallel()
	r := &recorder{}
	d := doctor{run: r.run, stage: "prod", mail: "hello@shop.example.com",
		find: func() (string, error) { return "engine", nil }}
	for _, c := range d.everyCheck() {
		_, _ = c.look(t.Context())
	}
	read := regexp.MustCompile(`^(go version|node --version|aws --version|aws \S+ (get|list|describe)-)`)
	for _, call := range r.calls {
		if !read.MatchString(call) {
			t.Errorf("runs %q", call)
		}
		if strings.Contains(call, "payments") && (strings.Contains(call, "decrypt") ||
			!strings.Contains(call, "--query Parameter.Type") || !strings.Contains(call, "/dangol/prod/payments/")) {
			t.Errorf("reads a secret: %q", call)
		}
	}
	if len(r.calls) < 10 {
		t.Errorf("only %q", r.calls)
	}
}

func TestVersionsAreReadFromWhatCommandsPrint(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, pattern, printed, want string }{
		{"Go of today", `go1\.(\d+)`, "go version go1.26.8 linux/amd64", "go1.26"},
		{"Go of tomorrow", `go1\.(\d+)`, "go version go1.31 darwin/arm64", "go1.31"},
		{"Go of a branch", `go1\.(\d+)`, "go version devel go1.27-abcdef", "go1.27"},
		{"Node", `v(\d+)`, "v20.20.2", "v20"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := doctor{run: func(context.Context, string, ...string) (string, error) { return c.printed, nil }}
			if got, err := d.version(c.pattern, 20, "x")(t.Context()); err != nil || got != c.want {
				t.Errorf("%q, %v, want %q", got, err, c.want)
			}
		})
	}
	for name, printed := range map[string]string{"too old": "v18.1.0", "no version": "command not found", "empty": ""} {
		d := doctor{run: func(context.Context, string, ...string) (string, error) { return printed, nil }}
		if got, err := d.version(`v(\d+)`, 20, "node")(t.Context()); err == nil {
			t.Errorf("%s: %q passes", name, got)
		}
	}
}

// What the doctor asks for is what the module and the guide ask for.
func TestTheVersionsAreThoseOfTheModuleAndTheGuide(t *testing.T) {
	t.Parallel()
	module, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	if m := regexp.MustCompile(`(?m)^go 1\.(\d+)`).FindSubmatch(module); m == nil ||
		string(m[1]) != strconv.Itoa(goMinor) {
		t.Errorf("go.mod asks for another version than 1.%d", goMinor)
	}
	for _, page := range []string{"docs/deploy.md", "README.md"} {
		text, err := os.ReadFile(filepath.Join("../..", page))
		if err != nil {
			t.Fatal(err)
		}
		if m := regexp.MustCompile(`Node (\d+)`).FindSubmatch(text); m == nil || string(m[1]) != strconv.Itoa(nodeMajor) {
			t.Errorf("%s asks for %s, the doctor for Node %d", page, m, nodeMajor)
		}
	}
	guide, err := os.ReadFile("../../docs/deploy.md")
	if err != nil {
		t.Fatal(err)
	}
	said := fmt.Sprintf("may run %d instances of functions at once", enoughConcurrency)
	if !strings.Contains(string(guide), said) {
		t.Errorf("the guide does not say %q", said)
	}
	d := doctor{}
	for _, c := range d.machine()[:2] {
		if !strings.Contains(c.mend, strconv.Itoa(map[string]int{"Go": goMinor, "Node": nodeMajor}[c.name])) {
			t.Errorf("%s: %q names another version", c.name, c.mend)
		}
	}
}

func TestTheEngineOfTheLaptopIsTheOneThatTheEnvironmentNames(t *testing.T) {
	t.Parallel()
	d := doctor{endpoint: "http://localhost:8000", find: func() (string, error) { return "", errors.New("none") }}
	if got, err := d.engine(t.Context()); err != nil || got != "http://localhost:8000" {
		t.Errorf("%q, %v", got, err)
	}
	d.endpoint = ""
	if got, err := d.engine(t.Context()); err == nil {
		t.Errorf("%q without an engine", got)
	}
}

func TestTheSenderIsLookedUpByItsDomain(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, mail, printed, want string
		asks                      string
	}{
		{"a verified domain", "hello@shop.example.com", "True", "", "--email-identity shop.example.com"},
		{"a domain that waits for its DNS", "hello@shop.example.com", "False", "not verified", "shop.example.com"},
		{"no sender named", "", "", "MAIL=", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var asked string
			d := doctor{mail: c.mail, run: func(_ context.Context, name string, args ...string) (string, error) {
				asked = strings.Join(args, " ")
				return c.printed, nil
			}}
			_, err := d.sender(t.Context())
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
			if !strings.Contains(asked, c.asks) || c.asks == "" && asked != "" {
				t.Errorf("asked %q", asked)
			}
		})
	}
}

func TestCommandsAreRunWithWhatTheySaid(t *testing.T) {
	t.Parallel()
	if out, err := run(t.Context(), "go", "version"); err != nil || !strings.HasPrefix(out, "go version go1.") {
		t.Errorf("%q, %v", out, err)
	}
	// The error carries what the command printed, because that is what a person can act on.
	if _, err := run(t.Context(), "go", "no-such-command"); err == nil ||
		!strings.Contains(err.Error(), "no-such-command") {
		t.Errorf("error %v", err)
	}
	if _, err := run(t.Context(), "no-such-program"); err == nil {
		t.Error("a program that is not there")
	}
}

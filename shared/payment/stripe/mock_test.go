package stripe_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"dangol/infra/testkit/paymenttest"
	"dangol/shared/payment/stripe"
	"dangol/shared/platform/clock"
)

const mockVersion = "v0.203.0"

// mock starts Stripe's own mock once for the test binary. It checks every request against Stripe's OpenAPI document and
// answers with fixtures; it has no memory.
var mock = sync.OnceValues(func() (string, error) {
	binary, err := mockBinary()
	if err != nil {
		return "", err
	}
	run := exec.Command(binary, "-http-addr", "127.0.0.1:0", "-https-addr", "127.0.0.1:0")
	out, err := run.StdoutPipe()
	if err != nil {
		return "", err
	}
	if err := run.Start(); err != nil {
		return "", err
	}
	stopMock = func() { run.Process.Kill(); run.Wait() }
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if address, ok := strings.CutPrefix(lines.Text(), "Listening for HTTP at address: "); ok {
			return "http://" + address, nil
		}
	}
	return "", fmt.Errorf("%s ended before it listened", binary)
})

var stopMock = func() {}

func TestMain(m *testing.M) {
	code := m.Run()
	stopMock()
	os.Exit(code)
}

// mockBinary finds stripe-mock in DANGOL_BIN or the repository's bin, and builds it there when it is missing.
func mockBinary() (string, error) {
	bin := os.Getenv("DANGOL_BIN")
	if bin == "" {
		root, err := moduleRoot()
		if err != nil {
			return "", err
		}
		bin = filepath.Join(root, "bin")
	}
	path := filepath.Join(bin, "stripe-mock")
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	build := exec.Command("go", "install", "github.com/stripe/stripe-mock@"+mockVersion)
	build.Env = append(os.Environ(), "GOBIN="+bin, "GOFLAGS=")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building stripe-mock: %w\n%s", err, out)
	}
	return path, nil
}

func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	for err == nil {
		if _, missing := os.Stat(filepath.Join(dir, "go.mod")); missing == nil {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", fmt.Errorf("no go.mod above the test")
		}
		dir = up
	}
	return "", err
}

func TestStripeMockTakesEveryRequest(t *testing.T) {
	t.Parallel()
	address, err := mock()
	if err != nil {
		t.Fatal(err)
	}
	at := clock.Stopped(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))
	paymenttest.Run(t, func(*testing.T) paymenttest.Fixture {
		return paymenttest.Fixture{
			Provider: stripe.New(stripe.Config{APIKey: "sk_test_123", BaseURL: address, Clock: at}),
			Tokens:   paymenttest.Tokens{Good: "pm_card_visa"}, Now: at.Now,
		}
	}, paymenttest.Capabilities{})
}

func TestStripeMockTakesLookups(t *testing.T) {
	t.Parallel()
	address, err := mock()
	if err != nil {
		t.Fatal(err)
	}
	p := stripe.New(stripe.Config{APIKey: "sk_test_123", BaseURL: address, Clock: clock.System{}})
	if _, err := p.Lookup(t.Context(), "it's 'quoted' \\ and long"); !isNotFound(err) {
		t.Errorf("lookup: %v", err)
	}
	if _, err := p.LookupRefund(t.Context(), "pi_1", "k"); !isNotFound(err) {
		t.Errorf("lookup of a refund: %v", err)
	}
}

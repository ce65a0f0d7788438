package providers_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"dangol/shared/payment"
	"dangol/shared/payment/providers"
	"dangol/shared/platform/boot"
	"dangol/shared/platform/clock"
)

// account is Parameter Store and a payment provider, whose key can be rotated.
type account struct {
	stored, accepted atomic.Value // strings: the key in Parameter Store, the key that the provider takes
	reads, calls     atomic.Int32
	failReads        atomic.Int32 // how many reads fail from now on
	out              bytes.Buffer
	clock            *clock.Movable
	provider         payment.Provider
}

func newAccount(t *testing.T) *account {
	t.Helper()
	a := &account{clock: clock.Stopped(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))}
	a.stored.Store("sk_1")
	a.accepted.Store("sk_1")
	ssm := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		a.reads.Add(1)
		if a.failReads.Add(-1) >= 0 {
			http.Error(w, "ThrottlingException", http.StatusBadRequest)
			return
		}
		fmt.Fprintf(w, `{"Parameters":[{"Name":"/f/STRIPE_KEY","Value":%q},{"Name":"/f/STRIPE_WEBHOOK_SECRET","Value":"whsec"}]}`,
			a.stored.Load())
	}))
	bank := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.calls.Add(1)
		if !strings.HasSuffix(r.Header.Get("Authorization"), " "+a.accepted.Load().(string)) {
			w.WriteHeader(http.StatusUnauthorized)
			io.WriteString(w, `{"error":{"type":"invalid_request_error","message":"Invalid API Key provided"}}`)
			return
		}
		io.WriteString(w, `{"id":"pi_1","object":"payment_intent","amount":12000,"currency":"krw","status":"succeeded","metadata":{}}`)
	}))
	t.Cleanup(ssm.Close)
	t.Cleanup(bank.Close)
	variables := map[string]string{
		"PAYMENT_PROVIDER": "stripe", "PAYMENT_SECRETS": "/f", "SSM_ENDPOINT": ssm.URL, "STRIPE_URL": bank.URL,
		"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b",
	}
	env := &boot.Env{
		Function: "checkouts", Clock: a.clock, Log: slog.New(slog.DiscardHandler), Out: &a.out,
		Getenv: func(name string) string { return variables[name] }, HTTP: &http.Client{Transport: http.DefaultTransport},
	}
	var err error
	if a.provider, err = providers.FromEnv(env); err != nil {
		t.Fatal(err)
	}
	return a
}

func (a *account) get(t *testing.T) error {
	t.Helper()
	_, err := a.provider.Get(t.Context(), "pi_1")
	return err
}

func TestSecretsAreReadAtTheFirstCallAndNotAtTheStart(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	if n := a.reads.Load(); n != 0 {
		t.Errorf("%d reads at the start", n)
	}
	for range 3 {
		if err := a.get(t); err != nil {
			t.Error(err)
		}
	}
	if n := a.reads.Load(); n != 1 {
		t.Errorf("%d reads for three calls", n)
	}
}

func TestSecretsThatCannotBeReadAtOnceAreReadAgain(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	a.failReads.Store(2)
	if err := a.get(t); err != nil || a.reads.Load() != 3 {
		t.Errorf("%v after %d reads", err, a.reads.Load())
	}
}

func TestARotatedKeyIsTakenAtOnceWhenTheOldOneIsRefused(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	if err := a.get(t); err != nil {
		t.Fatal(err)
	}
	a.stored.Store("sk_2")
	a.accepted.Store("sk_2")
	if err := a.get(t); err != nil {
		t.Errorf("after the rotation: %v", err)
	}
	if a.out.Len() != 0 {
		t.Errorf("the alarm rings: %s", a.out.String())
	}
}

func TestARotatedKeyIsTakenWithinFiveMinutesWhileTheOldOneStillWorks(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	if err := a.get(t); err != nil {
		t.Fatal(err)
	}
	a.stored.Store("sk_2")
	a.clock.Advance(5 * time.Minute)
	a.accepted.Store("sk_2")
	if err := a.get(t); err != nil || a.calls.Load() != 2 {
		t.Errorf("%v after %d calls", err, a.calls.Load())
	}
}

func TestSecretsThatCannotBeReadAgainStayInUse(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	if err := a.get(t); err != nil {
		t.Fatal(err)
	}
	a.clock.Advance(time.Hour)
	a.failReads.Store(100)
	if err := a.get(t); err != nil {
		t.Errorf("Parameter Store is down: %v", err)
	}
}

func TestAWrongKeyIsUnavailableRingsTheAlarmAndIsNoDecline(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	a.accepted.Store("sk_other")
	err := a.get(t)
	if !errors.Is(err, payment.ErrUnavailable) || !errors.Is(err, payment.ErrOurFault) ||
		errors.Is(err, payment.ErrInvalid) {
		t.Errorf("error %v", err)
	}
	if !strings.Contains(a.out.String(), `"`+providers.MetricOurFault+`":1`) {
		t.Errorf("no alarm: %s", a.out.String())
	}
}

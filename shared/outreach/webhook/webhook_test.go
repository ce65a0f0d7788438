package webhook_test

import (
	"bufio"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"dangol/infra/testkit/localtest"
	"dangol/shared/outreach/webhook"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/due"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
	"dangol/shared/platform/task"
)

var noon = time.Date(2026, 3, 10, 3, 0, 0, 0, time.UTC)

// The example of the specification's own libraries.
const (
	exampleSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	exampleID     = "msg_p5jXN8AQM9LWM0D4loKWxJek"
	exampleBody   = `{"test": 2432232314}`
	exampleTime   = 1614265330
	exampleSign   = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
)

func TestSignaturesAreThoseOfStandardWebhooks(t *testing.T) {
	t.Parallel()
	at := time.Unix(exampleTime, 0)
	got, err := webhook.Sign([]string{exampleSecret}, exampleID, at, []byte(exampleBody))
	if err != nil || got != exampleSign {
		t.Errorf("%q, %v", got, err)
	}
	verify := func(secret, id, timestamp, signatures, body string, now time.Time) error {
		return webhook.Verify(secret, id, timestamp, signatures, []byte(body), now)
	}
	const stamp = "1614265330"
	if err := verify(exampleSecret, exampleID, stamp, "v1,AAAA v1a,x "+exampleSign, exampleBody, at); err != nil {
		t.Errorf("one of several: %v", err)
	}
	for name, err := range map[string]error{
		"another body":    verify(exampleSecret, exampleID, stamp, exampleSign, exampleBody+" ", at),
		"another id":      verify(exampleSecret, "msg_x", stamp, exampleSign, exampleBody, at),
		"another time":    verify(exampleSecret, exampleID, "1614265331", exampleSign, exampleBody, at),
		"another secret":  verify(webhook.NewSecret(), exampleID, stamp, exampleSign, exampleBody, at),
		"another version": verify(exampleSecret, exampleID, stamp, "v2"+exampleSign[2:], exampleBody, at),
		"six minutes old": verify(exampleSecret, exampleID, stamp, exampleSign, exampleBody, at.Add(6*time.Minute)),
		"from the future": verify(exampleSecret, exampleID, stamp, exampleSign, exampleBody, at.Add(-6*time.Minute)),
		"no time":         verify(exampleSecret, exampleID, "", exampleSign, exampleBody, at),
		"no signature":    verify(exampleSecret, exampleID, stamp, "", exampleBody, at),
	} {
		if err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

func TestRequestsGoToPublicAddressesOnly(t *testing.T) {
	t.Parallel()
	for address, ok := range map[string]bool{
		"https://crm.example.com/dangol": true, "https://crm.example.com:8443/x": true, "https://8.8.8.8/x": true,
		"https://[2606:4700::1111]/x": true, "http://crm.example.com/": false, "https://crm.example.com:22/": false,
		"https://user:pass@crm.example.com/": false, "https://crm.example.com/#x": false, "https://": false, "": false,
		"ftp://crm.example.com/": false, "javascript:alert(1)": false, "https://localhost/": false,
		"https://LOCALHOST./": false, "https://db.internal/": false, "https://printer.local/": false,
		"https://intranet/":  false,
		"https://127.0.0.1/": false, "https://10.0.0.8/": false, "https://172.16.0.1/": false, "https://192.168.1.1/": false,
		"https://169.254.169.254/latest/meta-data/": false, "https://100.64.0.1/": false, "https://0.0.0.0/": false,
		"https://[::1]/": false, "https://[fd00:ec2::254]/": false, "https://[fe80::1]/": false,
		"https://[::ffff:169.254.169.254]/": false, "https://[::ffff:7f00:1]/": false, "https://[64:ff9b::a9fe:a9fe]/": false,
		"https://[2002:7f00:1::]/": false, "https://224.0.0.1/": false, "https://255.255.255.255/": false,
		"https://metadata.google.internal/": false, "https://1.0.168.192.in-addr.arpa/": false,
		"https://crm.example.com/" + strings.Repeat("x", 500): false,
	} {
		if err := webhook.Check(address, nil); (err == nil) != ok {
			t.Errorf("%s: %v", address, err)
		}
	}
	if err := webhook.Check("http://127.0.0.1:9999/x", []string{"127.0.0.1:9999"}); err != nil {
		t.Errorf("a laptop's own host: %v", err)
	}
}

// TestANameThatLeadsInsideIsRefusedWhenTheConnectionIsMade: the name was looked up by then, so neither a record that
// points inside nor one that changes after the check reaches anything.
func TestANameThatLeadsInsideIsRefusedWhenTheConnectionIsMade(t *testing.T) {
	t.Parallel()
	reached := false
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	t.Cleanup(server.Close)
	// "localhost" stands for any name that resolves to loopback.
	_, port, _ := strings.Cut(strings.TrimPrefix(server.URL, "http://"), ":")
	for _, host := range []string{"127.0.0.1", "localhost", "[::ffff:127.0.0.1]"} {
		answer, err := webhook.Client(nil).Get("http://" + host + ":" + port + "/")
		if err == nil {
			answer.Body.Close()
			t.Errorf("%s: %s", host, answer.Status)
		}
	}
	if reached {
		t.Error("a request came through")
	}
}

func TestARedirectIsNotFollowed(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.RedirectHandler("http://169.254.169.254/", http.StatusFound))
	t.Cleanup(server.Close)
	answer, err := webhook.Client([]string{strings.TrimPrefix(server.URL, "http://")}).Get(server.URL)
	if err != nil || answer.StatusCode != http.StatusFound {
		t.Errorf("%v, %v", answer, err)
	}
}

// receiver is a shop's other system that answers what it is asked to.
type receiver struct {
	*testing.T
	clock     *clock.Movable
	publisher *webhook.Publisher
	kind      task.Kind[webhook.Delivery]
	address   string

	mu       sync.Mutex
	before   func() // is called before an answer
	answer   int
	requests []*http.Request
	bodies   []string
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{T: t, clock: clock.Stopped(noon), answer: http.StatusOK}
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	r.address = server.URL
	outreach := localtest.Table(t, table.Outreach)
	r.publisher = &webhook.Publisher{Store: webhook.Store{Table: outreach}, Clock: r.clock}
	hosts := []string{strings.TrimPrefix(server.URL, "http://")}
	log := slog.New(slog.DiscardHandler)
	r.kind = webhook.Deliverer{
		Store: r.publisher.Store, Client: webhook.Client(hosts), Hosts: hosts, Log: log,
		Engine: task.Engine{Table: outreach, Clock: r.clock, Log: log},
	}.Kind()
	return r
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	body, _ := io.ReadAll(request.Body)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests, r.bodies = append(r.requests, request), append(r.bodies, string(body))
	if r.before != nil {
		r.before()
	}
	w.WriteHeader(r.answer)
}

func (r *receiver) endpoint(events ...string) webhook.Endpoint {
	r.Helper()
	e, err := r.publisher.Store.Create(r.Context(), r.address+"/hook", events, r.clock.Now())
	if err != nil {
		r.Fatal(err)
	}
	return e
}

func (r *receiver) publish(event, id string) {
	r.Helper()
	if err := r.publisher.Publish(r.Context(), event, id, map[string]any{"contact": "ctc_1"}); err != nil {
		r.Fatal(err)
	}
}

// work lets time pass and sends what is due.
func (r *receiver) work(d time.Duration) {
	r.Helper()
	for end := r.clock.Now().Add(d); ; {
		at, ok, err := due.Next(r.Context(), r.kind.Table, webhook.Due)
		if err != nil {
			r.Fatal(err)
		}
		if !ok || at.After(end) {
			r.clock.Advance(end.Sub(r.clock.Now()))
			return
		}
		r.clock.Advance(max(0, at.Sub(r.clock.Now())))
		err = due.Overdue(r.Context(), r.kind.Table, webhook.Due, r.clock.Now(),
			func(j due.Job) error { return r.kind.Work(r.Context(), j) })
		if err != nil {
			r.Fatal(err)
		}
	}
}

func (r *receiver) verify(i int, secret string) {
	r.Helper()
	h := r.requests[i].Header
	if err := webhook.Verify(secret, h.Get("webhook-id"), h.Get("webhook-timestamp"), h.Get("webhook-signature"),
		[]byte(r.bodies[i]), r.clock.Now()); err != nil {
		r.Errorf("request %d: %v", i, err)
	}
}

func TestAnEventIsSentOnceToWhoWantsIt(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	e := r.endpoint(webhook.ConsentGiven)
	r.publish(webhook.ConsentGiven, "1")
	r.publish(webhook.ConsentGiven, "1") // told twice
	r.publish(webhook.ConsentRefused, "2")
	r.work(time.Minute)
	if len(r.requests) != 1 {
		t.Fatalf("%d requests", len(r.requests))
	}
	r.verify(0, e.Secret)
	if h := r.requests[0].Header; h.Get("webhook-id") != "msg_1" || h.Get("Content-Type") != "application/json" ||
		r.bodies[0] != `{"data":{"contact":"ctc_1"},"timestamp":"2026-03-10T03:00:00Z","type":"consent.given"}` {
		t.Errorf("%v %s", h, r.bodies[0])
	}
	log, _, err := r.publisher.Store.Attempts(t.Context(), e.ID, 10, "")
	if err != nil || len(log) != 1 || log[0].Status != 200 || log[0].Fault != "" || log[0].Event != webhook.ConsentGiven {
		t.Errorf("log %+v, %v", log, err)
	}
}

func TestAFailingEndpointIsTriedForThreeDaysAndThenDisabled(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	e := r.endpoint(webhook.ConsentGiven)
	r.answer = http.StatusInternalServerError
	r.publish(webhook.ConsentGiven, "1")
	r.work(7 * 24 * time.Hour)
	if len(r.requests) != 10 {
		t.Errorf("%d requests", len(r.requests))
	}
	for _, request := range r.requests {
		if request.Header.Get("webhook-id") != "msg_1" {
			t.Errorf("another id in a repetition: %v", request.Header)
		}
	}
	got, err := r.publisher.Store.Get(t.Context(), e.ID)
	if err != nil || got.Disabled != "failing" {
		t.Errorf("%+v, %v", got, err)
	}
	r.answer = http.StatusOK
	after, err := r.publisher.Store.Rotate(t.Context(), e.ID, r.clock.Now()) // turns it on again
	if err != nil || after.Disabled != "" {
		t.Fatal(after, err)
	}
	r.publish(webhook.ConsentGiven, "2")
	r.work(time.Minute)
	if len(r.requests) != 11 {
		t.Errorf("after it is turned on: %d requests", len(r.requests))
	}
}

func TestAnEndpointThatIsGoneOrRemovedIsLeftAlone(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	e := r.endpoint(webhook.ConsentGiven)
	r.answer = http.StatusGone
	r.publish(webhook.ConsentGiven, "1")
	r.publish(webhook.ConsentGiven, "2")
	r.work(time.Hour)
	if got, err := r.publisher.Store.Get(t.Context(), e.ID); err != nil || got.Disabled != "gone" || len(r.requests) > 2 {
		t.Errorf("%+v, %v, %d requests", got, err, len(r.requests))
	}
	sent := len(r.requests)
	other := r.endpoint(webhook.ConsentRefused)
	r.clock.Advance(time.Minute)
	r.publish(webhook.ConsentRefused, "3")
	if err := r.publisher.Store.Remove(t.Context(), other.ID, r.clock.Now()); err != nil {
		t.Fatal(err)
	}
	r.work(time.Hour)
	if all, err := r.publisher.Store.All(t.Context()); err != nil || len(all) != 1 || len(r.requests) != sent {
		t.Errorf("%+v, %v, %d requests", all, err, len(r.requests)-sent)
	}
	if _, err := r.publisher.Store.Rotate(t.Context(), other.ID, r.clock.Now()); err == nil {
		t.Error("an endpoint that was removed comes back")
	}
}

func TestBothSecretsSignForADay(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	before := r.endpoint(webhook.ConsentGiven)
	after, err := r.publisher.Store.Rotate(t.Context(), before.ID, r.clock.Now())
	if err != nil || after.Secret == before.Secret {
		t.Fatal(after, err)
	}
	r.publish(webhook.ConsentGiven, "1")
	r.work(time.Second)
	r.verify(0, before.Secret)
	r.verify(0, after.Secret)
	r.work(25 * time.Hour)
	r.publish(webhook.ConsentGiven, "2")
	r.work(time.Second)
	r.verify(1, after.Secret)
	if signatures := r.requests[1].Header.Get("webhook-signature"); strings.Contains(signatures, " ") {
		t.Errorf("the former secret still signs: %s", signatures)
	}
}

// A merchant who turns an endpoint on while an answer to an older request is under way is not overruled by it.
func TestAnEndpointThatIsTurnedOnMeanwhileStaysOn(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	e := r.endpoint(webhook.ConsentGiven)
	r.answer = http.StatusGone
	r.before = func() {
		r.before = nil
		if _, err := r.publisher.Store.Rotate(t.Context(), e.ID, r.clock.Now()); err != nil {
			t.Error(err)
		}
	}
	r.publish(webhook.ConsentGiven, "1")
	r.work(time.Minute)
	if got, err := r.publisher.Store.Get(t.Context(), e.ID); err != nil || got.Disabled != "" || len(r.requests) != 1 {
		t.Errorf("disabled %q after %d requests, %v", got.Disabled, len(r.requests), err)
	}
	r.publish(webhook.ConsentGiven, "2")
	r.work(time.Minute)
	if got, err := r.publisher.Store.Get(t.Context(), e.ID); err != nil || got.Disabled != "gone" {
		t.Errorf("disabled %q by an answer to a request with the new secret, %v", got.Disabled, err)
	}
}

// What a receiver answers is kept in the log of attempts, which must stay small whatever that is.
func TestALongAnswerIsKeptShort(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	listener, err := net.Listen("tcp", strings.TrimPrefix(r.address, "http://")[:len("127.0.0.1")]+":0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = http.ReadRequest(bufio.NewReader(c))
			_, _ = c.Write([]byte("HTTP/1.1 500 " + strings.Repeat("가", 3_000) + "\r\nContent-Length: 0\r\n\r\n"))
			c.Close()
		}
	}()
	host := listener.Addr().String()
	e, err := r.publisher.Store.Create(t.Context(), "http://"+host+"/hook", []string{webhook.ConsentGiven}, r.clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	kind := webhook.Deliverer{
		Store: r.publisher.Store, Client: webhook.Client([]string{host}), Hosts: []string{host}, Engine: r.kind.Engine,
		Log: slog.New(slog.DiscardHandler),
	}.Kind()
	r.publish(webhook.ConsentGiven, "1")
	err = due.Overdue(t.Context(), r.kind.Table, webhook.Due, r.clock.Now(),
		func(j due.Job) error { return kind.Work(t.Context(), j) })
	if err != nil {
		t.Fatal(err)
	}
	log, _, err := r.publisher.Store.Attempts(t.Context(), e.ID, 10, "")
	if err != nil || len(log) != 1 || log[0].Status != 500 || len(log[0].Fault) > 300 || !utf8.ValidString(log[0].Fault) {
		t.Errorf("log of %d, %v: %d bytes", len(log), err, len(log[0].Fault))
	}
}

// Two endpoints that are created at the same moment may be one more than a shop may have; both are told of events.
func TestAnEndpointBeyondTheLimitIsToldOfEventsToo(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	for range 10 {
		r.clock.Advance(time.Second)
		r.endpoint(webhook.ConsentRefused)
	}
	if _, err := r.publisher.Store.Create(t.Context(), r.address, []string{webhook.ConsentGiven},
		r.clock.Now()); problem.Code(err) != "too_many_webhooks" {
		t.Errorf("an eleventh: %v", err)
	}
	late, err := r.publisher.Store.All(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	e := late[0]
	e.ID, e.Place, e.Events = "whk_z", "whk_z", []string{webhook.ConsentGiven}
	e.Key.PK = "WEBHOOK#" + e.ID
	if err := r.kind.Table.Put(t.Context(), table.Put{Item: e, If: table.IfNew}); err != nil {
		t.Fatal(err)
	}
	r.publish(webhook.ConsentGiven, "1")
	r.work(time.Minute)
	if len(r.requests) != 1 {
		t.Errorf("%d requests", len(r.requests))
	}
}

// A test of an endpoint that nothing is sent to would be answered as accepted and never made.
func TestADisabledEndpointIsNotTested(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	e := r.endpoint(webhook.ConsentGiven)
	r.answer = http.StatusGone
	r.publish(webhook.ConsentGiven, "1")
	r.work(time.Minute)
	err := r.publisher.Try(t.Context(), e.ID, "evt_1")
	if p := problem.From(err); p.Code != "webhook_disabled" || p.Status != http.StatusConflict {
		t.Errorf("%v", err)
	}
}

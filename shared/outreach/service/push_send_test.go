package service_test

import (
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"dangol/infra/testkit/pushtest"
	"dangol/shared/compliance"
	"dangol/shared/outbox"
	"dangol/shared/outreach/consent"
	"dangol/shared/outreach/contact"
	"dangol/shared/outreach/push"
	"dangol/shared/outreach/service"
	"dangol/shared/platform/due"
	"dangol/shared/platform/table"
	"dangol/shared/platform/task"
)

// pushes is a push service that answers a browser with the status that stands in its path.
type pushes struct {
	*fixture
	pusher service.Pusher
	server *httptest.Server
	key    *ecdh.PrivateKey // of the browsers; their authentication secret is 16 zero bytes
	mu     sync.Mutex
	asked  []string
	shown  []string // what a service worker would get, decrypted
	kept   []string // the header TTL: how long the push service may keep the message, in seconds
}

func newPushes(t *testing.T) *pushes {
	t.Helper()
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p := &pushes{fixture: newFixture(t), key: key}
	p.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		shown := pushtest.Decrypt(t, p.key, make([]byte, 16), body)
		p.mu.Lock()
		p.asked = append(p.asked, r.URL.Path)
		p.shown = append(p.shown, shown)
		p.kept = append(p.kept, r.Header.Get("TTL"))
		p.mu.Unlock()
		status := http.StatusCreated
		if _, err := fmt.Sscanf(r.URL.Path, "/%d/", &status); err != nil {
			panic(http.ErrAbortHandler) // the connection breaks: nobody knows whether it was taken
		}
		w.WriteHeader(status)
	}))
	t.Cleanup(p.server.Close)
	p.pusher = service.Pusher{
		Service: p.Service, Client: p.server.Client(), Hosts: []string{strings.TrimPrefix(p.server.URL, "http://")},
		Subject: "mailto:help@example.com", Engine: task.Engine{Table: p.Table, Clock: p.clock, Log: p.Log},
	}
	return p
}

// browsers lets the person agree to push on browsers that are answered with these statuses.
func (p *pushes) browsers(statuses ...string) {
	p.t.Helper()
	text := base64.RawURLEncoding.EncodeToString
	_, err := p.Contacts.Change(p.t.Context(), person, p.clock.Now(),
		func(c *contact.Contact) ([]table.Write, bool, error) {
			c.Country, c.Language = "KR", "ko"
			c.Apply(consent.Change{Channel: compliance.Push, Action: consent.Give, At: p.clock.Now()})
			for n, status := range statuses {
				c.Subscribe(push.Subscription{
					Endpoint: fmt.Sprintf("%s/%s/%d", p.server.URL, status, n), P256dh: text(p.key.PublicKey().Bytes()),
					Auth: text(make([]byte, 16)),
				})
			}
			return nil, false, nil
		})
	if err != nil {
		p.t.Fatal(err)
	}
}

// send stores a message and works it off, for as long as it is due within an hour.
func (p *pushes) send(kind compliance.MessageKind, latest time.Duration) outbox.Counters {
	p.t.Helper()
	now := p.clock.Now()
	m := service.PushMessage{
		ID: "push_1", Contact: consent.ContactID(person), Kind: kind, Topic: "cart", Title: "장바구니", URL: p.Shop.URL + "/cart",
		Source: outbox.Source{Name: "sequence:test", Step: "push"}, Planned: now, Latest: now.Add(latest), Replaces: "cart_1",
	}
	if err := p.Table.Put(p.t.Context(),
		table.Put{Item: task.New(service.DuePush, m.ID, m, now, now), If: table.IfNew}); err != nil {
		p.t.Fatal(err)
	}
	return p.worked()
}

// worked works off what is due within an hour, and returns what was counted.
func (p *pushes) worked() outbox.Counters {
	p.t.Helper()
	for range 6 {
		work := p.pusher.Kind()
		err := due.Overdue(p.t.Context(), p.Table, service.DuePush, p.clock.Now(),
			func(j due.Job) error { return work.Work(p.t.Context(), j) })
		if err != nil {
			p.t.Fatal(err)
		}
		p.clock.Advance(10 * time.Minute)
	}
	return p.counted()
}

func (p *pushes) counted() outbox.Counters {
	p.t.Helper()
	report, err := p.Outbox.Report(p.t.Context(), "sequence:test")
	if err != nil {
		p.t.Fatal(err)
	}
	return report["push"]
}

func TestWhatAPushServiceAnswersIsWhatIsCountedAndWhichBrowsersStay(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		browsers []string
		counted  string
		stay     int
		tries    int
	}{
		"taken":                             {[]string{"201"}, outbox.CountSent, 1, 1},
		"taken by one of two":               {[]string{"410", "201"}, outbox.CountSent, 1, 2},
		"every browser is gone":             {[]string{"410", "404"}, outbox.CountWithheld, 0, 2},
		"refused for good":                  {[]string{"400"}, outbox.CountRejected, 1, 1},
		"one gone, the other refuses":       {[]string{"410", "413"}, outbox.CountRejected, 1, 2},
		"no answer is not tried again":      {[]string{"lost"}, outbox.CountUnknown, 1, 1},
		"taken although another was silent": {[]string{"lost", "201"}, outbox.CountSent, 2, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPushes(t)
			p.browsers(c.browsers...)
			if got := p.send(compliance.Marketing, 24*time.Hour); len(got) != 1 || got[c.counted] != 1 {
				t.Errorf("counted %v, want one %s", got, c.counted)
			}
			known, err := p.Contacts.Of(t.Context(), person)
			if err != nil || len(known.Push) != c.stay || len(p.asked) != c.tries {
				t.Errorf("%d browsers after %q, want %d, %v", len(known.Push), p.asked, c.stay, err)
			}
		})
	}
}

// A key of ours that is wrong, and a push service that is down, are no fault of the browsers.
func TestAPushServiceThatAsksForPatienceIsAskedAgain(t *testing.T) {
	t.Parallel()
	for _, status := range []string{"503", "429", "403"} {
		p := newPushes(t)
		p.browsers(status)
		got := p.send(compliance.Marketing, 24*time.Hour)
		known, err := p.Contacts.Of(t.Context(), person)
		if err != nil || len(known.Push) != 1 || len(p.asked) < 2 || got[outbox.CountSent] != 0 {
			t.Errorf("%s: asked %d times, %d browsers, counted %v, %v", status, len(p.asked), len(known.Push), got, err)
		}
	}
}

func TestAPushMessageAsksTheGateAgainWhenItIsSent(t *testing.T) {
	t.Parallel()
	withdraw := func(p *pushes) {
		_, err := p.AnswerID(p.t.Context(), consent.ContactID(person), consent.Change{
			Channel: compliance.Push, Action: consent.Withdraw, At: p.clock.Now(),
		}, nil)
		if err != nil {
			p.t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		before  func(*pushes)
		latest  time.Duration
		counted outbox.Counters
	}{
		"the person has refused": {withdraw, time.Hour, outbox.Counters{outbox.CountWithheld: 1}},
		"the last browser has left": {func(p *pushes) {
			_, err := p.Contacts.Change(p.t.Context(), person, p.clock.Now(),
				func(c *contact.Contact) ([]table.Write, bool, error) {
					c.Unsubscribe(c.Push[0].Endpoint)
					return nil, false, nil
				})
			if err != nil {
				p.t.Fatal(err)
			}
		}, time.Hour, outbox.Counters{outbox.CountWithheld: 1}},
		"the person was erased": {func(p *pushes) {
			if err := p.Erase(p.t.Context(), person); err != nil {
				p.t.Fatal(err)
			}
		}, time.Hour, outbox.Counters{outbox.CountWithheld: 1}},
		"it is too late":          {func(*pushes) {}, -time.Second, outbox.Counters{outbox.CountWithheld: 1}},
		"at night it has to wait": {func(p *pushes) { p.clock.Advance(10 * time.Hour) }, 24 * time.Hour, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPushes(t)
			p.browsers("201")
			p.clock.Advance(time.Minute)
			c.before(p)
			if got := p.send(compliance.Marketing, c.latest); fmt.Sprint(got) != fmt.Sprint(c.counted) || len(p.asked) != 0 {
				t.Errorf("counted %v, want %v; asked %q", got, c.counted, p.asked)
			}
		})
	}
}

// The key that browsers have subscribed with must be the one that signs, whoever needs it first.
func TestTheShopHasOneIdentityTowardsPushServices(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	keys := make(chan string, 4)
	for range cap(keys) {
		go func() {
			public, private, err := f.PushKeys(t.Context())
			keys <- fmt.Sprint(public, private, err)
		}()
	}
	first := <-keys
	for range cap(keys) - 1 {
		if other := <-keys; other != first {
			t.Errorf("two identities: %s and %s", first[:20], other[:20])
		}
	}
	if strings.Contains(first, "error") || len(first) < 100 {
		t.Error(first)
	}
}

// A browser that is off gets a message when it is on again, but not when that is too late or at night.
func TestAPushServiceKeepsAMessageNoLongerThanItMayBeShown(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		kind   compliance.MessageKind
		night  bool // has agreed to messages at night
		latest time.Duration
		want   string
	}{
		"until it is too late":           {compliance.Marketing, false, time.Hour, "3600"},
		"until the night begins":         {compliance.Marketing, false, 48 * time.Hour, "32400"},
		"half a day, also at night":      {compliance.Marketing, true, 48 * time.Hour, "43200"},
		"no advertising, until at night": {compliance.Transactional, true, 48 * time.Hour, "32400"},
	} {
		p := newPushes(t)
		p.browsers("201")
		_, err := p.Contacts.Change(t.Context(), person, p.clock.Now(),
			func(person *contact.Contact) ([]table.Write, bool, error) {
				state := person.Consent[compliance.Push]
				state.Night = c.night
				person.Consent[compliance.Push] = state
				return nil, false, nil
			})
		if err != nil {
			t.Fatal(err)
		}
		if got := p.send(c.kind, c.latest); got[outbox.CountSent] != 1 || len(p.kept) != 1 || p.kept[0] != c.want {
			t.Errorf("%s: kept for %q seconds, want %s; %v", name, p.kept, c.want, got)
		}
	}
}

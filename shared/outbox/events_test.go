package outbox_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"dangol/infra/testkit/localtest"
	"dangol/shared/compliance"
	"dangol/shared/outbox"
	"dangol/shared/outreach/contact"
	"dangol/shared/platform/table"
)

// post is an outbox with what SES says of its mails.
type post struct {
	t        *testing.T
	store    outbox.Store
	contacts contact.Store
}

func newPost(t *testing.T) post {
	t.Helper()
	tb := localtest.Table(t, table.Outreach)
	return post{t, outbox.Store{Table: tb}, contact.Store{Table: tb}}
}

const reader = "ann@example.com"

// ses is an event of SES about the mail m1 to the reader.
func ses(kind string, adjust ...func(*outbox.SESEvent)) outbox.SESEvent {
	e := outbox.SESEvent{EventType: kind}
	e.Mail.MessageID, e.Mail.Timestamp = "ses-1", noon
	e.Mail.Tags = map[string][]string{outbox.Tag: {"m1"}}
	e.Bounce.Type, e.Bounce.Timestamp = "Permanent", noon.Add(time.Minute)
	e.Delivery.Recipients, e.Delivery.Timestamp = []string{reader}, noon.Add(time.Minute)
	e.Complaint.Timestamp = noon.Add(time.Hour)
	e.Reject.Reason = "Bad content"
	for _, change := range adjust {
		change(&e)
	}
	return e
}

// about names the recipients of a bounce and a complaint.
func about(addresses ...string) func(*outbox.SESEvent) {
	return func(e *outbox.SESEvent) {
		e.Bounce.Recipients, e.Complaint.Recipients = nil, nil
		for _, address := range addresses {
			one := slices.Grow(e.Bounce.Recipients, 1)[:len(e.Bounce.Recipients)+1]
			one[len(one)-1].EmailAddress = address
			e.Bounce.Recipients = one
			e.Complaint.Recipients = one
		}
	}
}

func transient(e *outbox.SESEvent) { e.Bounce.Type = "Transient" }

func (p post) handle(e outbox.SESEvent) {
	p.t.Helper()
	h := outbox.SESEventHandler{Store: p.store, Contacts: p.contacts}
	if err := h.Handle(p.t.Context(), e, noon.Add(2*time.Hour)); err != nil {
		p.t.Fatal(err)
	}
}

func (p post) settle(state outbox.State) {
	p.t.Helper()
	m := letter("m1", reader)
	if err := p.store.Table.Transact(p.t.Context(), "", m.Settle(state, "ses-1", "", noon)...); err != nil {
		p.t.Fatal(err)
	}
}

// known is what the report, the list of failures and the contact say in the end.
func (p post) known() (state outbox.State, counts outbox.Counters, failures int, why compliance.Suppression) {
	p.t.Helper()
	r, err := p.store.Get(p.t.Context(), "m1")
	if err != nil {
		p.t.Fatal(err)
	}
	report, err := p.store.Report(p.t.Context(), r.Source.Name)
	if err != nil {
		p.t.Fatal(err)
	}
	cards, _, err := p.store.Failures(p.t.Context(), 10, "")
	if err != nil {
		p.t.Fatal(err)
	}
	c, err := p.contacts.Of(p.t.Context(), reader)
	if err != nil {
		p.t.Fatal(err)
	}
	return r.State, report["reminder"], len(cards), c.Suppression[compliance.Email]
}

// SES's events come more than once and in any order: what is known in the end is the same.
func TestEventsOfSESInAnyOrderEndTheSame(t *testing.T) {
	t.Parallel()
	for seed := range uint64(6) {
		p := newPost(t)
		if err := p.store.Begin(t.Context(), letter("m1", reader), nil, noon); err != nil {
			t.Fatal(err)
		}
		events := []string{"Send", "Send", "Delivery", "Delivery", "Complaint", "Complaint", "answer"}
		rand.New(rand.NewPCG(seed, 7)).Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
		seen := false
		for _, kind := range events {
			switch {
			case kind == "answer" && seen:
				p.settle(outbox.Accepted) // the mailer has seen the Send event
			case kind == "answer":
				p.settle(outbox.Unknown) // the answer was lost, and SES says nothing yet
			default:
				seen = seen || kind == "Send"
				p.handle(ses(kind, about(reader)))
			}
		}
		state, n, failures, why := p.known()
		if state != outbox.Accepted || n[outbox.CountSent] != 1 || n[outbox.CountUnknown] != 0 || n[outbox.CountSES] != 1 ||
			n[outbox.CountDelivered] != 1 || n[outbox.CountComplained] != 1 || failures != 0 || why != compliance.Complaint {
			t.Errorf("%q: %s, %v, %d failures, %q", events, state, n, failures, why)
		}
		health, err := p.store.Health(t.Context(), noon.Add(3*time.Hour))
		if err != nil || health.Complained != 1 {
			t.Errorf("%q: the sender's reputation %+v, %v", events, health, err)
		}
	}
}

func TestWhichBouncesEndAnAddress(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		events []outbox.SESEvent
		want   compliance.Suppression
	}{
		"a mailbox that does not exist": {[]outbox.SESEvent{ses("Bounce", about(reader))}, compliance.HardBounce},
		"a full mailbox, the event twice": {
			[]outbox.SESEvent{ses("Bounce", about(reader), transient), ses("Bounce", about(reader), transient)}, "",
		},
		"a complaint": {[]outbox.SESEvent{ses("Complaint", about(reader))}, compliance.Complaint},
		"a complaint, then a bounce": {
			[]outbox.SESEvent{ses("Complaint", about(reader)), ses("Bounce", about(reader))}, compliance.Complaint,
		},
		"upper case, as the server writes it": {
			[]outbox.SESEvent{ses("Bounce", about("Ann@EXAMPLE.com"))}, compliance.HardBounce,
		},
		"another recipient": {[]outbox.SESEvent{ses("Bounce", about("bob@example.com"))}, ""},
		"one of two, the other is no address": {[]outbox.SESEvent{ses("Bounce", about("mailer-daemon", reader))},
			compliance.HardBounce},
		"a mail of somebody else, such as Cognito": {[]outbox.SESEvent{ses("Bounce", about(reader),
			func(e *outbox.SESEvent) { e.Mail.Tags = nil })}, compliance.HardBounce},
		"a delay": {[]outbox.SESEvent{ses("DeliveryDelay", about(reader))}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPost(t)
			p.settle(outbox.Accepted)
			for _, e := range c.events {
				p.handle(e)
			}
			if _, n, _, why := p.known(); why != c.want || n[outbox.CountBounced] > 1 || n[outbox.CountComplained] > 1 {
				t.Errorf("%q, want %q; counted %v", why, c.want, n)
			}
		})
	}
}

func TestADeliveryForgetsTheFailuresBeforeIt(t *testing.T) {
	t.Parallel()
	p := newPost(t)
	p.settle(outbox.Accepted)
	for day := range 6 {
		at := noon.AddDate(0, 0, day)
		p.handle(ses("Bounce", about(reader), transient, func(e *outbox.SESEvent) { e.Bounce.Timestamp = at }))
		if day == 2 {
			p.handle(ses("Delivery", func(e *outbox.SESEvent) { e.Delivery.Timestamp = at.Add(time.Hour) }))
		}
	}
	if _, _, _, why := p.known(); why != compliance.NotSuppressed {
		t.Errorf("three failures before a delivery and three after it: %q", why)
	}
}

// A mail with a virus was taken and is not delivered: it is on the list of failures, and counted as one mail.
func TestAMailThatSESRejectsAfterwardsIsListedOnce(t *testing.T) {
	t.Parallel()
	p := newPost(t)
	p.handle(ses("Reject")) // of a mail that nobody knows
	p.settle(outbox.Accepted)
	for range 2 {
		p.handle(ses("Reject"))
	}
	state, n, failures, _ := p.known()
	if state != outbox.Rejected || n[outbox.CountSent] != 0 || n[outbox.CountRejected] != 1 || failures != 1 {
		t.Errorf("%s, %v, %d failures", state, n, failures)
	}
	cards, _, err := p.store.Failures(t.Context(), 10, "")
	if err != nil || cards[0].Reason != "SES: Bad content" {
		t.Errorf("%+v, %v", cards, err)
	}
	for range 2 { // the operator takes it off
		if err := p.store.Clear(t.Context(), "m1", noon); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, failures, _ := p.known(); failures != 0 {
		t.Errorf("%d failures after it was taken off", failures)
	}
}

func TestWhatIsNoEventOfSESIsRefused(t *testing.T) {
	t.Parallel()
	p := newPost(t)
	for name, e := range map[string]outbox.SESEvent{
		"without a kind": ses(""), "without a mail": ses("Send", func(e *outbox.SESEvent) { e.Mail.MessageID = "" }),
	} {
		h := outbox.SESEventHandler{Store: p.store, Contacts: p.contacts}
		if err := h.Handle(t.Context(), e, noon); !errors.Is(err, outbox.ErrEvent) {
			t.Errorf("an event %s: %v", name, err)
		}
	}
}

// Whoever stops a mail first wins: the mailer, or the purchase that makes a reminder needless.
func TestAStoppedMailIsNotBegun(t *testing.T) {
	t.Parallel()
	p := newPost(t)
	m := letter("m1", reader)
	if err := p.store.Table.Transact(t.Context(), "", outbox.StopWrite("m1", noon)); err != nil {
		t.Fatal(err)
	}
	if err := p.store.Begin(t.Context(), m, nil, noon); !errors.Is(err, outbox.ErrStopped) {
		t.Errorf("a stopped mail is sent: %v", err)
	}
	p.settle(outbox.Canceled)
	if state, n, _, _ := p.known(); state != outbox.Canceled || n[outbox.CountCanceled] != 1 {
		t.Errorf("%s, %v", state, n)
	}
}

func TestWhenAMailIsDueAndWhenItIsTooLate(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		planned, latest, now time.Time
		due                  time.Time
		late                 bool
	}{
		"planned for later":            {planned: noon.Add(time.Hour), now: noon, due: noon.Add(time.Hour)},
		"planned for the past":         {planned: noon.Add(-time.Hour), now: noon, due: noon},
		"at the last moment":           {planned: noon, latest: noon, now: noon, due: noon},
		"a moment later":               {planned: noon, latest: noon, now: noon.Add(1), due: noon.Add(1), late: true},
		"without an end it stays good": {planned: noon, now: noon.AddDate(1, 0, 0), due: noon.AddDate(1, 0, 0)},
	} {
		m := outbox.Mail{ID: "m1", Kind: compliance.Marketing, Planned: c.planned, Latest: c.latest}
		if got := m.Task(c.now); got.At != c.due.UnixMilli() || m.Late(c.now) != c.late {
			t.Errorf("%s: due %s, late %v", name, time.UnixMilli(got.At), m.Late(c.now))
		}
	}
	if kind := (outbox.Mail{Kind: compliance.LegalNotice}).DueKind(); kind != outbox.DueMail {
		t.Errorf("a notice that the law asks for waits with advertising: %s", kind)
	}
}

// Counters of one step are spread; the report adds them up, also when a step's name has the separator of the key in it.
func TestAReportAddsUpWhatIsCountedAnywhere(t *testing.T) {
	t.Parallel()
	p := newPost(t)
	for n := range 20 {
		for _, step := range []string{"a", "a#1"} {
			count := outbox.Count(outbox.Source{Name: "campaign:1", Step: step}, fmt.Sprint("m", n), noon,
				outbox.Counters{outbox.CountSent: 1, outbox.CountRevenue + "_KRW": 500})
			if err := p.store.Table.Transact(t.Context(), "", count); err != nil {
				t.Fatal(err)
			}
		}
	}
	report, err := p.store.Report(t.Context(), "campaign:1")
	if err != nil || len(report) != 2 {
		t.Fatal(report, err)
	}
	for step, n := range report {
		if n[outbox.CountSent] != 20 || n[outbox.CountRevenue+"_KRW"] != 10_000 || len(n) != 2 {
			t.Errorf("%s: %v", step, n)
		}
	}
}

// Programs follow many links within seconds; people do not.
func TestOnlyDifferentLinksOfTheLastSecondsCount(t *testing.T) {
	t.Parallel()
	p := newPost(t)
	asked := func(id string, link int, at time.Time) (int, error) {
		return p.store.Asked(t.Context(), id, link, at, 10*time.Second)
	}
	if _, err := asked("m1", 0, noon); !errors.Is(err, table.ErrNotFound) {
		t.Errorf("a link of a mail that nobody knows: %v", err)
	}
	p.settle(outbox.Accepted)
	for i, c := range []struct {
		link, after, want int
	}{{0, 0, 1}, {0, 1, 1}, {1, 2, 2}, {2, 3, 3}, {3, 30, 1}, {0, 31, 2}} {
		if got, err := asked("m1", c.link, noon.Add(time.Duration(c.after)*time.Second)); err != nil || got != c.want {
			t.Errorf("request %d: %d links, want %d, %v", i, got, c.want, err)
		}
	}
}

// TestTheSendEventOfAnOrderMailThatIsSettledWritesNothing has the most frequent event of all. Of advertising it is
// counted, because a campaign's report compares SES's count with the mailer's.
func TestTheSendEventOfAnOrderMailThatIsSettledWritesNothing(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		kind  compliance.MessageKind
		state outbox.State
		write bool
	}{
		"an order mail":                      {compliance.Transactional, outbox.Accepted, false},
		"an order mail that nobody answered": {compliance.Transactional, outbox.Unknown, true},
		"advertising":                        {compliance.Marketing, outbox.Accepted, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPost(t)
			m := letter("m1", reader)
			m.Kind = c.kind
			if err := p.store.Begin(t.Context(), m, nil, noon); err != nil {
				t.Fatal(err)
			}
			if err := p.store.Table.Transact(t.Context(), "", m.Settle(c.state, "ses-1", "", noon)...); err != nil {
				t.Fatal(err)
			}
			ctx, meter := table.Metered(t.Context())
			h := outbox.SESEventHandler{Store: p.store, Contacts: p.contacts}
			if err := h.Handle(ctx, ses("Send"), noon.Add(time.Hour)); err != nil {
				t.Fatal(err)
			}
			cost := meter.Cost()
			if wrote := cost.Write > 0; wrote != c.write || !c.write && cost.Trips != 1 {
				t.Errorf("it cost %+v", cost)
			}
			if r, err := p.store.Get(t.Context(), "m1"); err != nil || r.State != outbox.Accepted {
				t.Errorf("the mail is %s (%v)", r.State, err)
			}
		})
	}
}

// TestADeliveryOfAnOrderMailIsOneSmallWrite: it is the second most frequent event. A mail of a series is counted in the
// same transaction, because its report adds up.
func TestADeliveryOfAnOrderMailIsOneSmallWrite(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		source string
		units  float64
	}{"a mail of an event": {outbox.EventSource, 1}, "a mail of a series": {"sequence:welcome", 4}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPost(t)
			m := letter("m1", reader)
			m.Kind, m.Source.Name = compliance.Transactional, c.source
			if err := p.store.Begin(t.Context(), m, nil, noon); err != nil {
				t.Fatal(err)
			}
			if err := p.store.Table.Transact(t.Context(), "", m.Settle(outbox.Accepted, "ses-1", "", noon)...); err != nil {
				t.Fatal(err)
			}
			h := outbox.SESEventHandler{Store: p.store, Contacts: p.contacts}
			for n, want := range []float64{c.units, 0} {
				ctx, meter := table.Metered(t.Context())
				if err := h.Handle(ctx, ses("Delivery"), noon.Add(time.Duration(n+1)*time.Hour)); err != nil {
					t.Fatal(err)
				}
				if cost := meter.Cost(); cost.Write != want || cost.Trips != 2 {
					t.Errorf("delivery %d costs %v units and %d round trips, want %v and 2", n+1, cost.Write, cost.Trips, want)
				}
			}
			r, err := p.store.Get(t.Context(), "m1")
			if err != nil || !r.Delivered.Equal(noon.Add(time.Minute)) {
				t.Errorf("delivered at %s (%v)", r.Delivered, err)
			}
			report, err := p.store.Report(t.Context(), c.source)
			if got := report[m.Source.Step][outbox.CountDelivered]; err != nil || got != int(c.units)/4 {
				t.Errorf("counted %v, %v", report, err)
			}
		})
	}
}

package service_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"dangol/infra/testkit/localtest"
	"dangol/shared/compliance"
	"dangol/shared/outbox"
	"dangol/shared/outreach/consent"
	"dangol/shared/outreach/contact"
	"dangol/shared/outreach/segment"
	"dangol/shared/outreach/sequence"
	"dangol/shared/outreach/service"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/due"
	"dangol/shared/platform/table"
	"dangol/shared/platform/task"
)

var (
	seoul = time.FixedZone("KST", 9*60*60)
	start = time.Date(2026, 3, 10, 12, 0, 0, 0, seoul)
)

// fixture is a service before the real engine, and a mailer that only notes what it is given.
type fixture struct {
	*service.Service
	t     testing.TB
	clock *clock.Movable
	mails []outbox.Mail
}

func newFixture(t testing.TB, wrap ...func(table.DB) table.DB) *fixture {
	t.Helper()
	now := clock.Stopped(start)
	shop := service.Shop{
		Name: "온결", URL: "https://shop.example.com", Contact: "help@example.com", Address: "서울특별시 성동구 왕십리로 83",
		LinkBase: "https://api.example.com", Zone: seoul,
		Policy: compliance.GatePolicy{Cap: compliance.FrequencyCap{Max: 4, Reserved: 1, Window: 7 * 24 * time.Hour}},
	}
	s, err := service.New(localtest.Table(t, table.Outreach, wrap...), shop, now, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return &fixture{Service: s, t: t, clock: now}
}

// person is an address that is in no holdout of the series used here.
const person = "haneul1@example.com"

func (f *fixture) agree(email string) {
	f.t.Helper()
	_, err := f.Contacts.Change(f.t.Context(), email, f.clock.Now(),
		func(c *contact.Contact) ([]table.Write, bool, error) {
			c.Country, c.Language = "KR", "ko"
			c.Apply(consent.Change{Channel: compliance.Email, Action: consent.Give, At: f.clock.Now()})
			return nil, false, nil
		})
	if err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) take(email, event string, data ...string) {
	f.t.Helper()
	e := sequence.Event{Type: event, At: f.clock.Now(), Data: map[string]string{}}
	for i := 0; i < len(data); i += 2 {
		e.Data[data[i]] = data[i+1]
	}
	h := service.TriggerEvent{Event: e}
	if event == "order.placed" {
		h.Order = &segment.Order{ID: e.Data["orderId"], At: e.At, Amount: 12_000, Currency: "KRW"}
	}
	if err := f.Take(f.t.Context(), email, h); err != nil {
		f.t.Fatal(err)
	}
}

// kinds are the due kinds and what works them off.
func (f *fixture) kinds() map[string]func(context.Context, due.Job) error {
	return map[string]func(context.Context, due.Job) error{
		service.DueRun: f.WorkRun, service.DueCampaign: f.WorkCampaign, service.DuePage: f.WorkPage,
		service.DueContact: f.WorkContact, service.DueSegment: f.WorkSegment,
		outbox.DueMarketing: f.mail, outbox.DueMail: f.mail,
	}
}

// advance lets time pass, and works off what is due when it is due.
func (f *fixture) advance(d time.Duration) {
	f.t.Helper()
	for end := f.clock.Now().Add(d); ; {
		next := end
		for kind := range f.kinds() {
			at, ok, err := due.Next(f.t.Context(), f.Table, kind)
			if err != nil {
				f.t.Fatal(err)
			}
			if ok && at.Before(next) {
				next = at
			}
		}
		if wait := next.Sub(f.clock.Now()); wait > 0 {
			f.clock.Advance(wait)
		}
		if !next.Before(end) {
			return
		}
		f.work()
	}
}

func (f *fixture) work() {
	f.t.Helper()
	ctx := f.t.Context()
	for kind, work := range f.kinds() {
		if err := due.Overdue(ctx, f.Table, kind, f.clock.Now(), func(j due.Job) error { return work(ctx, j) }); err != nil {
			f.t.Fatal(err)
		}
	}
}

// mail stands for the mailer.
func (f *fixture) mail(ctx context.Context, j due.Job) error {
	kind := task.Kind[outbox.Mail]{
		Engine: task.Engine{Table: f.Table, Clock: f.clock, Log: f.Log}, Name: j.Kind,
		Do: func(ctx context.Context, t *task.Task[outbox.Mail]) (task.Outcome, error) {
			m := t.Payload.Value
			state := outbox.Accepted
			switch err := f.Outbox.Begin(ctx, m, nil, f.clock.Now()); {
			case m.Late(f.clock.Now()):
				state = outbox.Withheld
			case err != nil:
				state = outbox.Canceled
			default:
				f.mails = append(f.mails, m)
			}
			return task.Outcome{Record: func(context.Context) ([]table.Write, error) {
				return m.Settle(state, "ses", "", f.clock.Now()), nil
			}}, nil
		},
	}
	return kind.Work(ctx, j)
}

func (f *fixture) templates() (all []string) {
	for _, m := range f.mails {
		all = append(all, m.Source.Step)
	}
	return all
}

func TestALeftCartGetsItsMailAndAPurchaseEndsTheSeries(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.agree(person)
	f.take(person, "cart.changed", "cartId", "cart_1", "url", "https://shop.example.com/cart")
	f.advance(time.Hour)
	f.take(person, "cart.changed", "cartId", "cart_1", "url", "https://shop.example.com/cart")
	f.advance(110 * time.Minute)
	if len(f.mails) != 0 {
		t.Fatalf("a cart that was changed an hour ago got %q", f.templates())
	}
	f.advance(30 * time.Minute)
	if got := strings.Join(f.templates(), " "); got != "reminder" {
		t.Fatalf("after two quiet hours: %q", got)
	}
	if m := f.mails[0]; m.To != person || m.Template != "cart_reminder" ||
		m.Compose.URL != "https://shop.example.com/cart" || m.Compose.ConsentAt.IsZero() {
		t.Errorf("mail %+v", m)
	}
	f.take(person, "order.placed", "orderId", "ord_1")
	f.advance(10 * 24 * time.Hour)
	if got := f.templates(); len(got) != 1 {
		t.Errorf("after the purchase: %q", got)
	}
}

func TestAPurchaseStopsAMailThatIsStillWaiting(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.agree(person)
	f.take(person, "cart.changed", "cartId", "cart_1")
	f.clock.Advance(2 * time.Hour)
	// the mailer is down
	for kind, work := range map[string]func(context.Context, due.Job) error{service.DueRun: f.WorkRun} {
		if err := due.Overdue(t.Context(), f.Table, kind, f.clock.Now(),
			func(j due.Job) error { return work(t.Context(), j) }); err != nil {
			t.Fatal(err)
		}
	}
	f.take(person, "order.placed", "orderId", "ord_1")
	f.advance(time.Hour)
	if len(f.mails) != 0 {
		t.Errorf("the mail was sent after the purchase: %q", f.templates())
	}
}

func TestWhoHasNotAgreedGetsNothingAndTheReasonIsKept(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.take(person, "cart.changed", "cartId", "cart_1")
	f.advance(6 * 24 * time.Hour)
	if len(f.mails) != 0 {
		t.Errorf("sent %q", f.templates())
	}
	cards, _, err := f.Outbox.SentTo(t.Context(), person, 10, "")
	if err != nil || len(cards) == 0 || cards[0].State != outbox.Withheld || cards[0].Reason != "no_consent" {
		t.Errorf("%+v, %v", cards, err)
	}
}

func TestAPausedSeriesKeepsPeopleWhereTheyAre(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.agree(person)
	f.take(person, "cart.changed", "cartId", "cart_1")
	if err := f.PauseSeries(t.Context(), "abandoned_cart", true); err != nil {
		t.Fatal(err)
	}
	f.advance(4 * time.Hour)
	if len(f.mails) != 0 {
		t.Fatalf("sent while paused: %q", f.templates())
	}
	if err := f.PauseSeries(t.Context(), "abandoned_cart", false); err != nil {
		t.Fatal(err)
	}
	f.advance(30 * time.Minute)
	if got := strings.Join(f.templates(), " "); got != "reminder" {
		t.Errorf("after it goes on: %q", got)
	}
}

// A pause is no reason to remind of a cart a week later: the reminder may be six hours late.
func TestAMessageThatBecameTooLateInAPauseIsNotSent(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.agree(person)
	f.take(person, "cart.changed", "cartId", "cart_1")
	if err := f.PauseSeries(t.Context(), "abandoned_cart", true); err != nil {
		t.Fatal(err)
	}
	f.clock.Advance(2 * time.Hour)
	for range 12 { // the run is looked at, now and then, for a day
		f.work()
		f.clock.Advance(2 * time.Hour)
	}
	if err := f.PauseSeries(t.Context(), "abandoned_cart", false); err != nil {
		t.Fatal(err)
	}
	f.advance(30 * time.Minute)
	cards, _, err := f.Outbox.SentTo(t.Context(), person, 10, "")
	if err != nil || len(f.mails) != 0 || len(cards) != 1 || cards[0].Reason != "too_late" {
		t.Errorf("sent %q, recorded %+v, %v", f.templates(), cards, err)
	}
}

func TestTheSameEventAgainStartsNoSecondRun(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.agree(person)
	at := f.clock.Now()
	for range 3 {
		e := sequence.Event{Type: "order.delivered", At: at, Data: map[string]string{"orderId": "ord_1"}}
		if err := f.Take(t.Context(), person, service.TriggerEvent{Event: e}); err != nil {
			t.Fatal(err)
		}
	}
	f.advance(20 * 24 * time.Hour)
	count := map[string]int{}
	for _, step := range f.templates() {
		count[step]++
	}
	if count["tips"] != 1 || count["ask"] != 1 || count["ask_again"] != 1 {
		t.Errorf("sent %v", count)
	}
}

func TestOrdersAreCountedForTheLastClickAndForTheLiftOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.agree(person)
	f.take(person, "cart.changed", "cartId", "cart_1")
	f.advance(3 * time.Hour)
	r, err := f.Outbox.Get(t.Context(), f.mails[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Click(t.Context(), r, f.clock.Now()); err != nil {
		t.Fatal(err)
	}
	f.advance(time.Hour)
	f.take(person, "order.placed", "orderId", "ord_1")
	f.take(person, "order.placed", "orderId", "ord_1") // delivered twice
	report, err := f.Outbox.Report(t.Context(), "sequence:abandoned_cart")
	if err != nil {
		t.Fatal(err)
	}
	if n := report["reminder"]; n["orders"] != 1 || n["revenue_KRW"] != 12_000 || n["sent"] != 1 {
		t.Errorf("counted %v", n)
	}
	if n := report["lift"]; n["entered"] != 1 || n["bought"] != 1 {
		t.Errorf("lift %v", n)
	}
}

func TestTheFrequencyCapHoldsOverAllSeries(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.agree(person)
	f.take(person, "consent.given")
	for i := range 4 {
		f.take(person, "order.delivered", "orderId", fmt.Sprint("ord_", i))
		f.advance(24 * time.Hour)
	}
	f.advance(20 * 24 * time.Hour)
	for i := range f.mails {
		n := 0
		for _, m := range f.mails[i:] {
			if m.Planned.Sub(f.mails[i].Planned) < 7*24*time.Hour {
				n++
			}
		}
		if n > 4 {
			t.Errorf("%d mails in a week from %s", n, f.mails[i].Planned)
		}
	}
	if len(f.mails) < 5 {
		t.Errorf("only %q", f.templates())
	}
}

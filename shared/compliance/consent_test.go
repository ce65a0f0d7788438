package compliance_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"dangol/shared/compliance"
	"dangol/shared/money"
)

var seoul = time.FixedZone("KST", 9*60*60)

// in is an instant by the wall clock in Seoul.
func in(s string) time.Time {
	at, err := time.ParseInLocation("2006-01-02 15:04:05", s, seoul)
	if err != nil {
		panic(err)
	}
	return at.UTC()
}

func notice(change string) compliance.ConsentNotice {
	return compliance.ConsentNotice{
		ID: "sub_1:2026-03-31", Kind: compliance.PriceRises, Change: in(change), Old: money.Of(9900, "KRW"),
		New:    money.Of(12900, "KRW"),
		Method: "Visa ending in 4242", Cancel: "In your account, in one step, until 30 March",
		Effect: "Without your yes the price stays",
	}
}

func answer(at string) compliance.ConsentAnswer {
	return compliance.ConsentAnswer{NoticeID: "sub_1:2026-03-31", At: in(at), Explicit: true, Separate: true,
		Channel: "web", Origin: "req_1"}
}

func TestKoreanConsentCountsOnlyInTheThirtyDaysBefore(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change string
		at     string
		want   error
	}{
		{"the first second of the 30th day before", "2026-03-31 00:00:00", "2026-03-01 00:00:00", nil},
		{"a second earlier", "2026-03-31 00:00:00", "2026-02-28 23:59:59", compliance.ErrOutsideWindow},
		{"the last second before the change", "2026-03-31 00:00:00", "2026-03-30 23:59:59", nil},
		{"at the change itself it is too late", "2026-03-31 00:00:00", "2026-03-31 00:00:00", compliance.ErrOutsideWindow},
		{"long after", "2026-03-31 00:00:00", "2026-05-01 00:00:00", compliance.ErrOutsideWindow},
		{"the hour of the change does not shorten its first day", "2026-03-31 18:00:00", "2026-03-01 00:00:00", nil},
		{"over a leap day", "2028-03-01 00:00:00", "2028-01-31 00:00:00", nil},
		{"over a leap day, a day too early", "2028-03-01 00:00:00", "2028-01-30 23:59:59", compliance.ErrOutsideWindow},
		{"over the end of a year", "2026-01-15 00:00:00", "2025-12-16 00:00:00", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			rule := compliance.ConsentRuleFor("KR")
			for _, local := range []*time.Location{time.UTC, seoul, time.FixedZone("LA", -8*60*60)} {
				if err := rule.Accept(notice(tt.change), answer(tt.at), local); !errors.Is(err, tt.want) {
					t.Errorf("in %s: got %v, want %v", local, err, tt.want)
				}
			}
		})
	}
}

func TestWhatIsNoConsent(t *testing.T) {
	t.Parallel()
	change := "2026-03-31 00:00:00"
	tests := []struct {
		name   string
		notice func(*compliance.ConsentNotice)
		answer func(*compliance.ConsentAnswer)
		want   error
	}{
		{name: "a yes in the window is consent"},
		{name: "closing the window", answer: func(a *compliance.ConsentAnswer) { a.Explicit = false },
			want: compliance.ErrNotExplicit},
		{name: "a blanket agreement at sign-up", answer: func(a *compliance.ConsentAnswer) { a.Separate = false },
			want: compliance.ErrNotSeparate},
		{name: "a yes to another notice", answer: func(a *compliance.ConsentAnswer) { a.NoticeID = "other" },
			want: compliance.ErrOtherNotice},
		{name: "no date", notice: func(n *compliance.ConsentNotice) { n.Change = time.Time{} }, want: compliance.ErrNotice},
		{name: "no way to pay", notice: func(n *compliance.ConsentNotice) { n.Method = "" }, want: compliance.ErrNotice},
		{name: "no way to cancel", notice: func(n *compliance.ConsentNotice) { n.Cancel = "" }, want: compliance.ErrNotice},
		{name: "no effect of canceling", notice: func(n *compliance.ConsentNotice) { n.Effect = "" },
			want: compliance.ErrNotice},
		{name: "no old price", notice: func(n *compliance.ConsentNotice) { n.Old = money.Money{} },
			want: compliance.ErrNotice},
		{name: "prices in two currencies", notice: func(n *compliance.ConsentNotice) { n.New.Currency = "USD" },
			want: compliance.ErrNotice},
		{name: "no kind", notice: func(n *compliance.ConsentNotice) { n.Kind = "" }, want: compliance.ErrNotice},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			n, a := notice(change), answer("2026-03-20 12:00:00")
			if tt.notice != nil {
				tt.notice(&n)
			}
			if tt.answer != nil {
				tt.answer(&a)
			}
			if err := compliance.ConsentRuleFor("KR").Accept(n, a, seoul); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

func TestWhichCountriesAskForConsent(t *testing.T) {
	t.Parallel()
	for country, required := range map[string]bool{"KR": true, "kr": true, "US": false, "DE": false, "fr": false,
		"JP": true, "": true} {
		rule := compliance.ConsentRuleFor(country)
		if rule.Required != required || rule.Source == "" {
			t.Errorf("%q: %+v", country, rule)
		}
	}
}

func TestTheNoticeHasToBeOutSevenDaysBefore(t *testing.T) {
	t.Parallel()
	if got := compliance.ConsentRuleFor("KR").NoticeBy(in("2026-03-31 00:00:00"),
		time.UTC); !got.Equal(in("2026-03-25 00:00:00")) {
		t.Errorf("by %s, want the end of 24 March", got.In(seoul))
	}
}

func TestAProofShowsWhatWasAgreedTo(t *testing.T) {
	t.Parallel()
	proof, err := compliance.ConsentRuleFor("KR").Proof(notice("2026-03-31 00:00:00"), answer("2026-03-20 12:00:00"),
		seoul)
	if err != nil || !proof.Intact() || proof.Source == "" {
		t.Fatalf("proof %+v, %v", proof, err)
	}
	if !proof.KeepUntil.Equal(in("2026-03-31 00:00:00").AddDate(5, 0, 0)) {
		t.Errorf("kept until %s", proof.KeepUntil)
	}
	seen := []string{proof.Fingerprint}
	for name, change := range map[string]func(*compliance.ConsentNotice){
		"price":     func(n *compliance.ConsentNotice) { n.New.Amount++ },
		"old price": func(n *compliance.ConsentNotice) { n.Old.Amount-- },
		"date":      func(n *compliance.ConsentNotice) { n.Change = n.Change.Add(time.Second) },
		"method":    func(n *compliance.ConsentNotice) { n.Method += "." },
		"cancel":    func(n *compliance.ConsentNotice) { n.Cancel += "." },
		"effect":    func(n *compliance.ConsentNotice) { n.Effect += "." },
		"id":        func(n *compliance.ConsentNotice) { n.ID += "." },
		"kind":      func(n *compliance.ConsentNotice) { n.Kind = compliance.TrialTurnsPaid },
	} {
		forged := proof
		change(&forged.Notice)
		if forged.Intact() || slices.Contains(seen, forged.Notice.Fingerprint()) {
			t.Errorf("another %s has the same fingerprint", name)
		}
		seen = append(seen, forged.Notice.Fingerprint())
	}
	if _, err := compliance.ConsentRuleFor("KR").Proof(notice("2026-03-31 00:00:00"), answer("2026-01-01 12:00:00"),
		seoul); err == nil {
		t.Error("a proof of no consent was made")
	}
}

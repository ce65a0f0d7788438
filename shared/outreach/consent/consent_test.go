package consent_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"dangol/shared/compliance"
	"dangol/shared/outreach/consent"
)

var noon = time.Date(2026, 3, 10, 3, 0, 0, 0, time.UTC)

func change(a consent.Action, at time.Time) consent.Change {
	return consent.Change{Channel: compliance.Email, Action: a, At: at, Source: "test", TextVersion: "1"}
}

func TestWhatBecomesOfAnAnswer(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		actions []consent.Action // an hour apart
		want    compliance.ChannelConsent
		notice  bool // after the last
		ask     bool
	}{
		{"a sign-up is pending and asks", []consent.Action{consent.Ask}, compliance.Pending, false, true},
		{"confirmed", []consent.Action{consent.Ask, consent.Confirm}, compliance.Given, true, false},
		{"confirmed twice: one notice", []consent.Action{consent.Ask, consent.Confirm, consent.Confirm}, compliance.Given,
			false, false},
		{"a confirmation that nobody asked for", []consent.Action{consent.Confirm}, compliance.NoAnswer, false, false},
		{"an old link after a refusal", []consent.Action{consent.Ask, consent.Refuse, consent.Confirm}, compliance.Refused,
			false, false},
		{"withdrawn", []consent.Action{consent.Give, consent.Withdraw}, compliance.Refused, true, false},
		{"refused twice: one notice", []consent.Action{consent.Refuse, consent.Refuse}, compliance.Refused, false, false},
		{"signed up anew after a refusal", []consent.Action{consent.Refuse, consent.Ask, consent.Confirm}, compliance.Given,
			true, false},
		{"a sign-up of who has consented asks nothing", []consent.Action{consent.Give, consent.Ask}, compliance.Given, false,
			false},
		{"an import", []consent.Action{consent.Import}, compliance.Given, false, false},
		{"an import after a refusal", []consent.Action{consent.Refuse, consent.Import}, compliance.Refused, false, false},
		{"an import is no confirmation", []consent.Action{consent.Ask, consent.Import}, compliance.Pending, false, false},
		{"an unknown action", []consent.Action{"shout"}, compliance.NoAnswer, false, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var last consent.Applied
			for i, a := range tt.actions {
				c := change(a, noon.Add(time.Duration(i)*time.Hour))
				c.Asked = c.At.Unix() // of the newest request
				last = consent.Apply(last.State, c)
			}
			if last.State.Answer != tt.want || last.Notice != tt.notice || last.Ask != tt.ask {
				t.Errorf("%+v", last)
			}
		})
	}
}

// Whoever was sent a mail on, or reads an old one, must not be able to give a consent that was refused since: typing
// the address again is no consent of its owner.
func TestALinkConfirmsOnlyTheSignUpItWasSentFor(t *testing.T) {
	t.Parallel()
	hour := func(n int) time.Time { return noon.Add(time.Duration(n) * time.Hour) }
	for _, c := range []struct {
		name    string
		actions []consent.Action // an hour apart
		asked   time.Time        // of the link that is followed then
		want    compliance.ChannelConsent
	}{
		{"the link of the sign-up", []consent.Action{consent.Ask}, hour(0), compliance.Given},
		{"a link from before the refusal", []consent.Action{consent.Ask, consent.Refuse, consent.Ask}, hour(0),
			compliance.Pending},
		{"the link from behind it", []consent.Action{consent.Ask, consent.Refuse, consent.Ask}, hour(2), compliance.Given},
		{"a link from before the withdrawal", []consent.Action{consent.Ask, consent.Confirm, consent.Withdraw, consent.Ask},
			hour(0), compliance.Pending},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var s consent.State
			for i, a := range c.actions {
				one := change(a, hour(i))
				one.Asked = hour(0).Unix()
				s = consent.Apply(s, one).State
			}
			last := change(consent.Confirm, hour(len(c.actions)))
			last.Asked = c.asked.Unix()
			if s = consent.Apply(s, last).State; s.Answer != c.want {
				t.Errorf("%+v", s)
			}
		})
	}
	// Who lost the first mail is sent another one a day later; both are good.
	s := consent.Apply(consent.Apply(consent.State{}, change(consent.Ask, noon)).State,
		change(consent.Ask, noon.Add(25*time.Hour))).State
	last := change(consent.Confirm, noon.Add(26*time.Hour))
	last.Asked = noon.Unix()
	if s = consent.Apply(s, last).State; s.Answer != compliance.Given || s.Asked != 0 {
		t.Errorf("by the first of two links: %+v", s)
	}
}

func TestTheNewestAnswerCountsInWhateverOrderTheyCome(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		type answer struct {
			action consent.Action
			at     int
		}
		answers := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) answer {
			return answer{
				rapid.SampledFrom([]consent.Action{consent.Give, consent.Refuse, consent.Withdraw}).Draw(t, "action"),
				rapid.IntRange(0, 9).Draw(t, "at"),
			}
		}), 1, 8).Draw(t, "answers")
		apply := func(list []answer) (s consent.State) {
			for _, a := range list {
				s = consent.Apply(s, change(a.action, noon.Add(time.Duration(a.at)*time.Hour))).State
				s = consent.Apply(s, change(a.action, noon.Add(time.Duration(a.at)*time.Hour))).State // it comes twice
			}
			return s
		}
		newest, refused := -1, false
		for _, a := range answers {
			switch {
			case a.at > newest:
				newest, refused = a.at, a.action != consent.Give
			case a.at == newest:
				refused = refused || a.action != consent.Give
			}
		}
		for range 3 {
			if got := apply(rapid.Permutation(answers).Draw(t, "order")); (got.Answer == compliance.Refused) != refused {
				t.Fatalf("%+v from %+v", got, answers)
			}
		}
	})
}

func TestConsentIsConfirmedEveryTwoYears(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"2026-03-10T12:00:00+09:00": "2028-03-09T00:00:00Z",
		"2026-03-10T00:30:00+09:00": "2028-03-09T00:00:00Z", // still the 9th in London
		"2028-02-29T12:00:00+09:00": "2030-02-27T00:00:00Z",
		"2026-01-01T12:00:00+09:00": "2027-12-31T00:00:00Z",
	} {
		at, _ := time.Parse(time.RFC3339, given)
		got, ok := consent.NextConfirmation(consent.Apply(consent.State{}, change(consent.Give, at)).State)
		if !ok || got.Format(time.RFC3339) != want {
			t.Errorf("given %s: %s, want %s", given, got.Format(time.RFC3339), want)
		}
	}
	if _, ok := consent.NextConfirmation(consent.Apply(consent.State{}, change(consent.Refuse, noon)).State); ok {
		t.Error("a refusal is confirmed")
	}
}

func TestAnAddressHasOneContact(t *testing.T) {
	t.Parallel()
	if a, b := consent.ContactID(" Haneul@Example.com"), consent.ContactID("haneul@example.com "); a != b || len(a) != 30 {
		t.Errorf("%s and %s", a, b)
	}
	if consent.ContactID("a@example.com") == consent.ContactID("b@example.com") {
		t.Error("two addresses have one contact")
	}
}

func TestProofOfImportedConsent(t *testing.T) {
	t.Parallel()
	good := change(consent.Import, noon.AddDate(-1, 0, 0))
	if err := good.Check(noon); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*consent.Change){
		"no time":    func(c *consent.Change) { c.At = time.Time{} },
		"the future": func(c *consent.Change) { c.At = noon.Add(time.Hour) },
		"no source":  func(c *consent.Change) { c.Source = " " }, "no text": func(c *consent.Change) { c.TextVersion = "" },
		"another channel": func(c *consent.Change) { c.Channel = "fax" },
	} {
		c := good
		spoil(&c)
		if c.Check(noon) == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

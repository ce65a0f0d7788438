package service_test

import (
	"strings"
	"testing"
	"time"

	"dangol/infra/testkit/fault"
	"dangol/infra/testkit/localtest"
	"dangol/shared/compliance"
	"dangol/shared/outreach/consent"
	"dangol/shared/outreach/contact"
	"dangol/shared/outreach/segment"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
)

// answer is one answer about mails, as the API passes it on.
func (f *fixture) answer(action consent.Action) contact.Contact {
	f.t.Helper()
	c, err := f.Answer(f.t.Context(), person, consent.Change{
		Channel: compliance.Email, Action: action, At: f.clock.Now(), Source: "form", TextVersion: "2026-01",
		Asked: f.clock.Now().Unix(), // by the newest link
	}, nil)
	if err != nil {
		f.t.Fatal(err)
	}
	return c
}

// sent counts the mails of a template so far.
func (f *fixture) sent(template string) (n int) {
	f.t.Helper()
	f.advance(time.Minute)
	for _, m := range f.mails {
		if m.Template == template {
			n++
		}
	}
	return n
}

// Everything that the law wants to be shown later, and every notice that it asks for, once.
func TestEachAnswerLeavesItsProofAndItsNotice(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	actions := []consent.Action{consent.Ask, consent.Confirm, consent.Withdraw, consent.Give}
	for _, action := range actions {
		f.answer(action)
		f.answer(action) // the button is pressed twice
		f.advance(time.Hour)
	}
	for template, want := range map[string]int{"consent_request": 1, "consent_given": 2, "consent_refused": 1} {
		if got := f.sent(template); got != want {
			t.Errorf("%d mails %s, want %d", got, template, want)
		}
	}
	proofs, err := f.Proofs(t.Context(), consent.ContactID(person))
	if err != nil || len(proofs) != len(actions) {
		t.Fatalf("%d proofs, %v", len(proofs), err)
	}
	for i, p := range proofs {
		if p.Action != actions[i] || p.Channel != compliance.Email || p.Source != "form" || p.TextVersion != "2026-01" ||
			p.AddressHash == "" || strings.Contains(p.AddressHash, "@") {
			t.Errorf("proof %d: %+v", i, p)
		}
	}
}

func TestAnImportedConsentSendsNothingAndOutweighsNoAnswer(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	if c := f.answer(consent.Import); c.Consent[compliance.Email].Answer != compliance.Given {
		t.Errorf("imported: %q", c.Consent[compliance.Email].Answer)
	}
	f.advance(3 * 24 * time.Hour)
	if len(f.mails) != 0 {
		t.Errorf("an import sends %q", f.templates())
	}
	f.answer(consent.Withdraw)
	f.advance(time.Hour)
	if c := f.answer(consent.Import); c.Consent[compliance.Email].Answer != compliance.Refused {
		t.Errorf("an import after a refusal: %q", c.Consent[compliance.Email].Answer)
	}
}

// An answer that is heard of late changes nothing, and the mailbox gets no notice of it.
func TestAnAnswerFromBeforeTheNewestOneIsNotFollowed(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	before := f.clock.Now()
	f.clock.Advance(time.Hour)
	f.answer(consent.Refuse)
	c, err := f.Answer(t.Context(), person, consent.Change{Channel: compliance.Email, Action: consent.Give, At: before},
		nil)
	if err != nil || c.Consent[compliance.Email].Answer != compliance.Refused {
		t.Errorf("%q, %v", c.Consent[compliance.Email].Answer, err)
	}
	if n := f.sent("consent_given"); n != 0 {
		t.Errorf("%d notices of a consent that does not count", n)
	}
}

// 정보통신망법 50조 8항: every two years the person is told that they have agreed; silence keeps the consent.
func TestAConsentIsConfirmedEveryTwoYearsOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.answer(consent.Give)
	last := f.clock.Now()
	for round := 1; round <= 2; round++ {
		last = last.AddDate(2, 0, -1) // the day before, and two years after that one again
		f.clock.Advance(last.AddDate(0, 0, -2).Sub(f.clock.Now()))
		f.mails = nil
		f.advance(24 * time.Hour)
		if n := f.sent("consent_confirmation"); n != 0 {
			t.Errorf("round %d: %d mails too early", round, n)
		}
		f.advance(48 * time.Hour)
		if n := f.sent("consent_confirmation"); n != 1 {
			t.Errorf("round %d: %d mails by the day", round, n)
		}
	}
	c, err := f.Contacts.Of(t.Context(), person)
	if err != nil || c.Consent[compliance.Email].Answer != compliance.Given {
		t.Errorf("after silence %+v, %v", c.Consent, err)
	}
}

func TestNothingIsConfirmedToAMailboxThatIsGoneUntilItWorksAgain(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.answer(consent.Give)
	suppress := func(why compliance.Suppression) {
		t.Helper()
		_, err := f.Contacts.Change(t.Context(), person, f.clock.Now(),
			func(c *contact.Contact) ([]table.Write, bool, error) {
				c.Suppress(compliance.Email, why)
				return nil, false, nil
			})
		if err != nil {
			t.Fatal(err)
		}
	}
	suppress(compliance.HardBounce)
	f.advance(3 * 366 * 24 * time.Hour)
	if n := f.sent("consent_confirmation"); n != 0 {
		t.Errorf("%d mails to a mailbox that is gone", n)
	}
	for range 2 { // the operator presses the button twice
		if err := f.Lift(t.Context(), person); err != nil {
			t.Fatal(err)
		}
	}
	if n := f.sent("consent_confirmation"); n != 1 {
		t.Errorf("%d mails after the mailbox works again", n)
	}
	suppress(compliance.Complaint)
	if err := f.Lift(t.Context(), person); problem.Code(err) != "suppression_stays" {
		t.Errorf("a complaint lifted: %v", err)
	}
	if err := f.Lift(t.Context(), "nobody@example.com"); problem.Code(err) != "contact_not_found" {
		t.Errorf("an address that nobody knows: %v", err)
	}
}

func TestAnErasedPersonHasNothingToAnswer(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.answer(consent.Give)
	f.advance(time.Hour)
	if err := f.Erase(t.Context(), person); err != nil {
		t.Fatal(err)
	}
	f.clock.Advance(time.Hour)
	f.mails = nil
	// The link of an old mail still names the contact.
	c, err := f.AnswerID(t.Context(), consent.ContactID(person), consent.Change{
		Channel: compliance.Email, Action: consent.Give, At: f.clock.Now(),
	}, nil)
	if err != nil || len(c.Consent) != 0 || c.ErasedAt.IsZero() {
		t.Errorf("%+v, %v", c, err)
	}
	if n := f.sent("consent_given"); n != 0 {
		t.Errorf("%d mails to an erased address", n)
	}
}

// Segments ask about the language too, so whoever changes it changes the membership.
func TestALanguageThatIsSetPutsThePersonIntoTheSegmentThatAsksForIt(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.agree(person)
	english := segment.Condition{Profile: &segment.ProfileCondition{Field: segment.FieldLanguage, In: []string{"en"}}}
	if _, err := f.SaveSegment(t.Context(), "english", english); err != nil {
		t.Fatal(err)
	}
	f.advance(5 * time.Minute)
	for _, step := range []struct {
		language string
		want     bool
	}{{"en", true}, {"en-GB", true}, {"ko", false}} {
		_, err := f.Contacts.ChangeID(t.Context(), consent.ContactID(person), f.clock.Now(),
			func(c *contact.Contact) ([]table.Write, bool, error) {
				c.Language, c.Person.Language = "", "" // nothing is known of it
				return nil, false, nil
			})
		if err != nil {
			t.Fatal(err)
		}
		if err := f.SetLanguage(t.Context(), consent.ContactID(person), step.language); err != nil {
			t.Fatal(err)
		}
		if got := f.in(person, "english"); got != step.want {
			t.Errorf("%s: in the segment: %v", step.language, got)
		}
	}
	// What the person has chosen stays.
	if err := f.SetLanguage(t.Context(), consent.ContactID(person), "en"); err != nil || f.in(person, "english") {
		t.Errorf("a language that was chosen is replaced, %v", err)
	}
	// A form that changes the profile and answers nothing.
	_, err := f.AnswerID(t.Context(), consent.ContactID(person),
		consent.Change{Channel: compliance.Email, At: f.clock.Now()},
		func(c *contact.Contact) { c.Language, c.Person.Language = "en", "en" })
	if err != nil || !f.in(person, "english") {
		t.Errorf("after a form in English: %v, %v", f.in(person, "english"), err)
	}
}

// A consent whose write fails, happens twice or is not answered has one proof and one notice when the caller tries
// again.
func TestAConsentThatIsTriedAgainIsOneConsent(t *testing.T) {
	t.Parallel()
	for _, mode := range fault.Modes {
		f := newFixture(t)
		in := fault.New(fault.Plan{Mode: mode, N: 2})
		f.Contacts.Table = table.New(in.DB(localtest.DB(t)), f.Table.Name(), nil)
		change := consent.Change{Channel: compliance.Email, Action: consent.Give, At: f.clock.Now(), Source: "form",
			TextVersion: "1"}
		var err error
		for range 3 {
			if _, err = f.Answer(t.Context(), person, change, nil); err == nil {
				break
			}
		}
		in.Stop()
		proofs, listed := f.Proofs(t.Context(), consent.ContactID(person))
		if err != nil || listed != nil || len(proofs) != 1 || f.sent("consent_given") != 1 {
			t.Errorf("a write that %s: %d proofs, %d notices, %v", mode, len(proofs), f.sent("consent_given"), err)
		}
	}
}

package contact_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"dangol/shared/compliance"
	"dangol/shared/outreach/attribution"
	"dangol/shared/outreach/consent"
	"dangol/shared/outreach/contact"
	"dangol/shared/outreach/push"
	"dangol/shared/outreach/segment"
)

var noon = time.Date(2026, 11, 2, 3, 0, 0, 0, time.UTC)

func TestOneMailboxIsOneContactHoweverItsAddressIsTyped(t *testing.T) {
	t.Parallel()
	first := contact.New("Haneul@Example.com")
	for _, typed := range []string{"haneul@example.com", " HANEUL@EXAMPLE.COM ", "haneul@Example.com\n"} {
		if got := contact.New(typed); got.ID != first.ID || got.Key != first.Key || got.List != first.List {
			t.Errorf("%q is %s in %s, want %s in %s", typed, got.ID, got.List, first.ID, first.List)
		}
	}
	if other := contact.New("haneul2@example.com"); other.ID == first.ID {
		t.Error("two addresses are one contact")
	}
}

// A campaign reads the lists one after the other: one that held most contacts would be hot.
func TestContactsAreSpreadOverAllLists(t *testing.T) {
	t.Parallel()
	count := map[string]int{}
	const people = 1_600
	for i := range people {
		count[contact.New(fmt.Sprintf("reader%d@example.com", i)).List]++
	}
	for shard := range contact.Shards {
		if n := count[contact.ListOf(shard)]; n < people/contact.Shards/2 || n > 2*people/contact.Shards {
			t.Errorf("%s has %d of %d contacts", contact.ListOf(shard), n, people)
		}
	}
}

func TestAMailboxThatIsFullForDaysIsSuppressed(t *testing.T) {
	t.Parallel()
	days := func(all ...float64) (times []time.Time) {
		for _, d := range all {
			times = append(times, noon.Add(time.Duration(d*24)*time.Hour))
		}
		return times
	}
	for name, c := range map[string]struct {
		bounces   []time.Time
		delivered time.Time
		want      compliance.Suppression
	}{
		"four in four days":                   {bounces: days(0, 1, 2, 3)},
		"five within an hour":                 {bounces: days(0, 0.1, 0.2, 0.3, 0.4)},
		"five over three days":                {bounces: days(0, 1, 2, 2.5, 3), want: compliance.HardBounce},
		"the same event five times":           {bounces: days(0, 3, 3, 3, 3, 3)},
		"out of order":                        {bounces: days(3, 0, 2, 1, 2.5), want: compliance.HardBounce},
		"a delivery in between":               {bounces: days(0, 1, 2, 3, 4), delivered: noon.Add(36 * time.Hour)},
		"a delivery before the first of them": {bounces: days(1, 2, 3, 4, 5), delivered: noon, want: compliance.HardBounce},
	} {
		p := contact.New("haneul@example.com")
		for i, at := range c.bounces {
			if p.SoftBounce(at); i == 2 && !c.delivered.IsZero() {
				p.Delivered(c.delivered)
			}
		}
		if got := p.Suppression[compliance.Email]; got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestWhichSuppressionAnOperatorMayLift(t *testing.T) {
	t.Parallel()
	for why, want := range map[compliance.Suppression]bool{
		compliance.HardBounce: true, compliance.ByOperator: true,
		compliance.Complaint: false, compliance.Erased: false, compliance.NotSuppressed: false,
	} {
		p := contact.New("haneul@example.com")
		p.Suppress(compliance.Email, why)
		if got := p.Lift(compliance.Email); got != want {
			t.Errorf("%q lifted: %v, want %v", why, got, want)
		}
		if got := p.Suppression[compliance.Email]; want && got != compliance.NotSuppressed || !want && got != why {
			t.Errorf("%q is %q afterwards", why, got)
		}
	}
}

func TestALiftedMailboxStartsItsCountOfFailuresAnew(t *testing.T) {
	t.Parallel()
	p := contact.New("haneul@example.com")
	for day := range 5 {
		p.SoftBounce(noon.AddDate(0, 0, day))
	}
	if !p.Lift(compliance.Email) {
		t.Fatal("five failures over four days suppress nothing")
	}
	p.SoftBounce(noon.AddDate(0, 0, 6))
	if got := p.Suppression[compliance.Email]; got != compliance.NotSuppressed {
		t.Errorf("one failure after it was lifted: %q", got)
	}
}

func TestTheFirstReasonOfASuppressionStaysUnlessThePersonIsErased(t *testing.T) {
	t.Parallel()
	p := contact.New("haneul@example.com")
	p.Suppress(compliance.Email, compliance.Complaint)
	p.Suppress(compliance.Email, compliance.HardBounce)
	if got := p.Suppression[compliance.Email]; got != compliance.Complaint {
		t.Errorf("a bounce after a complaint makes it %q, which could be lifted", got)
	}
	if got := p.Suppression[compliance.Push]; got != compliance.NotSuppressed {
		t.Errorf("push is %q, although only mail was complained about", got)
	}
	p.Suppress(compliance.Email, compliance.Erased)
	if got := p.Suppression[compliance.Email]; got != compliance.Erased {
		t.Errorf("after the erasure %q", got)
	}
}

// A complaint is what the person wants, and must not be lifted with the bounce that was heard of first.
func TestAComplaintOutweighsABounceInWhicheverOrderTheyCome(t *testing.T) {
	t.Parallel()
	for _, first := range []compliance.Suppression{compliance.HardBounce, compliance.ByOperator} {
		p := contact.New("haneul@example.com")
		p.Suppress(compliance.Email, first)
		p.Suppress(compliance.Email, compliance.Complaint)
		if lifted := p.Lift(compliance.Email); lifted || p.Suppression[compliance.Email] != compliance.Complaint {
			t.Errorf("after %s lifted %t, suppression %q", first, lifted, p.Suppression[compliance.Email])
		}
	}
}

func TestAnErasureKeepsTheKeyAndNothingOfThePerson(t *testing.T) {
	t.Parallel()
	p := contact.New("haneul@example.com")
	p.Name, p.Language, p.Country, p.Zone, p.CustomerID, p.Version = "Haneul", "ko", "KR", "Asia/Seoul", "cus_1", 7
	p.Apply(consent.Change{Channel: compliance.Email, Action: consent.Give, At: noon})
	p.Person.Ordered(segment.Order{ID: "ord_1", At: noon})
	p.Subscribe(push.Subscription{Endpoint: "https://fcm.googleapis.com/1"})
	p.Touched(attribution.Touch{Message: "m1", At: noon})
	p.Sent(noon)
	before := p
	p.Erase(noon.Add(time.Hour))
	want := contact.Contact{Key: before.Key, ID: before.ID, Version: 7, List: before.List, Place: before.Place,
		Person: segment.Person{ID: before.ID}, ErasedAt: noon.Add(time.Hour), Suppression: p.Suppression}
	if fmt.Sprint(p) != fmt.Sprint(want) {
		t.Errorf("left is %+v", p)
	}
	for _, channel := range consent.Channels {
		if p.Gate(channel).Suppression != compliance.Erased {
			t.Errorf("%s may be sent to", channel)
		}
	}
}

func TestWhoComesBackAfterAnErasure(t *testing.T) {
	t.Parallel()
	erased := noon.Add(time.Hour)
	for name, c := range map[string]struct {
		before, later compliance.Suppression // of the mailbox
		at            time.Time
		back          bool
		want          compliance.Suppression
	}{
		"an event from before it":      {at: noon, want: compliance.Erased},
		"an event at the same instant": {at: erased, want: compliance.Erased},
		"an order after it":            {at: erased.Add(1), back: true},
		"an order after a complaint": {before: compliance.Complaint, at: erased.Add(1), back: true,
			want: compliance.Complaint},
		"an order to a mailbox that is gone": {before: compliance.HardBounce, at: erased.Add(1), back: true,
			want: compliance.HardBounce},
		"a complaint that comes after a bounce and the erasure": {before: compliance.HardBounce, later: compliance.Complaint,
			at: erased.Add(1), back: true, want: compliance.Complaint},
		"a bounce that comes after the erasure": {later: compliance.HardBounce, at: erased.Add(1), back: true,
			want: compliance.HardBounce},
	} {
		p := contact.New("haneul@example.com")
		p.Suppress(compliance.Email, c.before)
		p.Erase(erased)
		p.Suppress(compliance.Email, c.later)
		if got := p.Suppression[compliance.Email]; got != compliance.Erased {
			t.Errorf("%s: %q while erased", name, got)
		}
		if got := p.Returned(" haneul@example.com", c.at); got != c.back {
			t.Errorf("%s: back %v", name, got)
		}
		if got := p.Suppression[compliance.Email]; got != c.want {
			t.Errorf("%s: suppression %q, want %q", name, got, c.want)
		}
		if got := p.Suppression[compliance.Push]; c.back && got != compliance.NotSuppressed {
			t.Errorf("%s: push is %q", name, got)
		}
		if want := map[bool]string{true: "haneul@example.com"}[c.back]; p.Email != want {
			t.Errorf("%s: address %q, want %q", name, p.Email, want)
		}
		if p.Gone(c.at) == c.back {
			t.Errorf("%s: gone for what was caused then: %v", name, !c.back)
		}
	}
}

func TestTheGateSeesTheChannelThatIsAskedAbout(t *testing.T) {
	t.Parallel()
	p := contact.New("haneul@example.com")
	p.Country, p.Zone = "KR", "Asia/Nowhere"
	p.Apply(consent.Change{Channel: compliance.Push, Action: consent.Give, Night: true, At: noon})
	p.Person.Ordered(segment.Order{ID: "ord_2", At: noon})
	p.Person.Ordered(segment.Order{ID: "ord_1", At: noon.AddDate(0, 0, -40)}) // imported later
	mail, browser := p.Gate(compliance.Email), p.Gate(compliance.Push)
	if mail.Address != "haneul@example.com" || mail.Consent != compliance.NoAnswer || mail.Night ||
		!mail.Bought.Equal(noon) {
		t.Errorf("mail %+v", mail)
	}
	if browser.Address != "" || browser.Consent != compliance.Given || !browser.Night {
		t.Errorf("push without a browser %+v", browser)
	}
	if mail.Zone != nil || p.Location(time.UTC) != time.UTC {
		t.Errorf("a zone that nobody knows is %v", mail.Zone)
	}
	p.Subscribe(push.Subscription{Endpoint: "https://fcm.googleapis.com/1"})
	if got := p.Gate(compliance.Push).Address; got != "https://fcm.googleapis.com/1" {
		t.Errorf("push goes to %q", got)
	}
}

func TestTheSameBrowserIsKeptOnceAndTheOldestGoes(t *testing.T) {
	t.Parallel()
	p := contact.New("haneul@example.com")
	for n := range 12 {
		p.Subscribe(push.Subscription{Endpoint: fmt.Sprint("https://fcm.googleapis.com/", n)})
	}
	p.Subscribe(push.Subscription{Endpoint: "https://fcm.googleapis.com/5", Auth: "new"})
	if len(p.Push) != 10 || p.Push[0].Endpoint != "https://fcm.googleapis.com/2" || p.Push[9].Auth != "new" {
		t.Errorf("%d browsers: %+v", len(p.Push), p.Push)
	}
	p.Unsubscribe("https://fcm.googleapis.com/5")
	p.Unsubscribe("https://fcm.googleapis.com/none")
	if len(p.Push) != 9 {
		t.Errorf("%d browsers after one has left", len(p.Push))
	}
}

// Events come in any order and more than once; what is known in the end must not depend on it.
func TestClicksAndBouncesEndTheSameInAnyOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		minutes := rapid.SliceOfNDistinct(rapid.IntRange(0, 10_000), 1, 12, rapid.ID[int]).Draw(t, "minutes")
		play := func(order []int) contact.Contact {
			p := contact.New("haneul@example.com")
			for _, m := range order {
				at := noon.Add(time.Duration(m) * time.Minute)
				p.SoftBounce(at)
				p.Touched(attribution.Touch{Message: fmt.Sprint("msg_", m), Kind: attribution.MailClick, At: at})
			}
			return p
		}
		first := play(slices.Sorted(slices.Values(minutes)))
		again := play(append(slices.Clone(minutes), rapid.Permutation(minutes).Draw(t, "again")...))
		if !slices.Equal(first.Touches, again.Touches) {
			t.Fatalf("clicks %v, in order %v", again.Touches, first.Touches)
		}
		if len(again.SoftBounces) > 5 || !slices.IsSortedFunc(again.SoftBounces, time.Time.Compare) {
			t.Fatalf("failures %v", again.SoftBounces)
		}
	})
}

func TestOneMessageIsOneClickTheNewest(t *testing.T) {
	t.Parallel()
	p := contact.New("haneul@example.com")
	for n := range 25 {
		at := noon.Add(time.Duration(n) * time.Minute)
		p.Touched(attribution.Touch{Message: fmt.Sprint("msg_", n), Kind: attribution.MailClick, At: at})
	}
	p.Touched(attribution.Touch{Message: "msg_20", Kind: attribution.MailClick, At: noon.Add(time.Hour)})
	if len(p.Touches) != 20 || p.Touches[19].Message != "msg_20" {
		t.Errorf("%d clicks, the last of %s", len(p.Touches), p.Touches[len(p.Touches)-1].Message)
	}
	p.Untouched("msg_20", attribution.PushClick)
	if p.Untouched("msg_20", attribution.MailClick); len(p.Touches) != 19 {
		t.Errorf("%d clicks after one was taken back", len(p.Touches))
	}
}

// Contacts are copied while they are changed; a change of the copy that failed must not be seen in what was read.
func TestAChangeOfACopyLeavesWhatWasRead(t *testing.T) {
	t.Parallel()
	read := contact.New("haneul@example.com")
	read.Recent = make([]time.Time, 0, 8)
	read.Sent(noon)
	read.SoftBounce(noon)
	read.Subscribe(push.Subscription{Endpoint: "https://fcm.googleapis.com/1"})
	read.Touched(attribution.Touch{Message: "m1", Kind: attribution.MailClick, At: noon})
	before := fmt.Sprint(read)
	changed := read
	changed.Sent(noon.Add(time.Hour))
	changed.SoftBounce(noon.Add(-time.Hour))
	changed.Delivered(noon)
	changed.Unsubscribe("https://fcm.googleapis.com/1")
	changed.Untouched("m1", attribution.MailClick)
	if fmt.Sprint(read) != before {
		t.Errorf("what was read has become %+v", read)
	}
}

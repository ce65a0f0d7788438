package store_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"dangol/infra/testkit/fault"
	"dangol/infra/testkit/localtest"
	"dangol/shared/faq"
	"dangol/shared/faq/example"
	"dangol/shared/faq/store"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/table"
)

// parking is an entry of a merchant.
func parking(answer string) faq.FAQEntry {
	return faq.FAQEntry{ID: "parking", Category: "contact",
		Texts: map[string]faq.FAQText{"ko": {Question: "주차장이 있나요", Answer: answer}}}
}

// publish publishes what is there.
func publish(t testing.TB, s *store.Store) store.Version {
	t.Helper()
	v, err := s.Publish(t.Context(), "merchant-1")
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// shown is the answer on parking that a process reads that has read nothing before; "" when there is none.
func shown(t testing.TB, s *store.Store) string {
	t.Helper()
	fresh := &store.Store{Table: s.Table, Clock: s.Clock}
	index, err := fresh.Index(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	a, _ := index.Entry("parking", "ko")
	return a.Answer
}

func TestARemovedEntryIsShownUntilTheNextPublication(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	if _, err := s.Put(t.Context(), parking("없습니다"), 0, 0); err != nil {
		t.Fatal(err)
	}
	publish(t, s)
	for range 2 { // removed twice, as when the first answer was lost
		if err := s.Remove(t.Context(), "parking"); err != nil {
			t.Fatal(err)
		}
	}
	if got := shown(t, s); got != "없습니다" {
		t.Errorf("before the publication it says %q", got)
	}
	publish(t, s)
	if got := shown(t, s); got != "" {
		t.Errorf("after the publication it says %q", got)
	}
}

// What an editor read is not there any more, whatever has come in its place.
func TestAnEditOfWhatWasReplacedIsRefused(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		replace func(t *testing.T, s *store.Store, read store.Edited) error
	}{
		{"edited", func(t *testing.T, s *store.Store, read store.Edited) error {
			_, err := s.Put(t.Context(), parking("있습니다"), read.Version, 0)
			return err
		}},
		{"imported", func(t *testing.T, s *store.Store, _ store.Edited) error {
			return s.Import(t.Context(), []faq.FAQEntry{parking("있습니다")})
		}},
		{"removed and made again", func(t *testing.T, s *store.Store, _ store.Edited) error {
			if err := s.Remove(t.Context(), "parking"); err != nil {
				return err
			}
			_, err := s.Put(t.Context(), parking("있습니다"), 0, 0)
			return err
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s, c := newStore(t)
			read, err := s.Put(t.Context(), parking("없습니다"), 0, 0)
			if err != nil {
				t.Fatal(err)
			}
			c.Advance(time.Second)
			if err := test.replace(t, s, read); err != nil {
				t.Fatal(err)
			}
			if _, err := s.Put(t.Context(), parking("모릅니다"), read.Version, 0); code(err) != "version_mismatch" {
				t.Errorf("the edit: %v", err)
			}
			publish(t, s)
			if got := shown(t, s); got != "있습니다" {
				t.Errorf("it says %q", got)
			}
		})
	}
}

// publishing publishes, again until there is an answer.
type publishing struct {
	store.Store
	published bool
}

func (p *publishing) Run(ctx context.Context) {
	for range 5 {
		if _, err := p.Publish(ctx, "merchant-1"); err == nil {
			p.published = true
			return
		}
	}
}

func (p *publishing) RunUntilIdle(context.Context) {}

func (p *publishing) Check(t testing.TB) {
	t.Helper()
	if got := shown(t, &p.Store); !p.published || got != "있습니다" {
		t.Errorf("published %v, it says %q", p.published, got)
	}
}

// A publication that dies on the way leaves parts: they neither are shown nor keep the next one from being made.
func TestAPublicationIsMadeWhicheverCallFails(t *testing.T) {
	t.Parallel()
	fault.Campaign(t, func(t testing.TB, in *fault.Injector) fault.Scenario {
		defer in.Pause()()
		p := &publishing{Store: store.Store{
			Table: localtest.Table(t, table.Care, in.DB), Clock: clock.Stopped(time.Date(2026, 11, 30, 1, 0, 0, 0, time.UTC)),
		}}
		first, err := p.Put(t.Context(), parking("없습니다"), 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		publish(t, &p.Store)
		if _, err := p.Put(t.Context(), parking("있습니다"), first.Version, 0); err != nil {
			t.Fatal(err)
		}
		return p
	})
}

func TestAnOlderVersionExpiresAndTheCurrentOneDoesNot(t *testing.T) {
	t.Parallel()
	s, c := newStore(t)
	if _, err := s.Put(t.Context(), parking("없습니다"), 0, 0); err != nil {
		t.Fatal(err)
	}
	first := publish(t, s)
	c.Advance(time.Hour)
	second := publish(t, s)
	expires := func(v store.Version) int64 {
		t.Helper()
		var part struct {
			TTL int64 `dynamodbav:"ttl"`
		}
		key := table.Key{PK: fmt.Sprintf("FAQ#V%d", v.Version), SK: "PART#000"}
		if err := s.Table.Get(t.Context(), key, &part); err != nil {
			t.Fatal(err)
		}
		return part.TTL
	}
	if at, want := expires(first), c.Now().AddDate(0, 0, 90).Unix(); at != want {
		t.Errorf("the older one expires at %d, want %d", at, want)
	}
	if at := expires(second); at != 0 {
		t.Errorf("the current one expires at %d", at)
	}
	if second.Version <= first.Version || second.By != "merchant-1" || second.Entries != 1 {
		t.Errorf("%+v after %+v", second, first)
	}
}

func TestWhatAPublicationLeftThatDiedExpires(t *testing.T) {
	t.Parallel()
	s, c := newStore(t)
	if _, err := s.Put(t.Context(), parking("없습니다"), 0, 0); err != nil {
		t.Fatal(err)
	}
	first := publish(t, s)
	type part struct {
		table.Key
		Data []byte `dynamodbav:"data"`
		TTL  int64  `dynamodbav:"ttl,omitempty"`
	}
	key := func(n int) table.Key {
		return table.Key{PK: fmt.Sprintf("FAQ#V%d", first.Version+1), SK: fmt.Sprintf("PART#%03d", n)}
	}
	for n := range 2 {
		err := s.Table.Put(t.Context(), table.Put{Item: part{Key: key(n), Data: []byte("half")}, If: table.IfNew})
		if err != nil {
			t.Fatal(err)
		}
	}
	if v := publish(t, s); v.Version != first.Version+2 {
		t.Fatalf("version %d after %d", v.Version, first.Version)
	}
	for n := range 2 {
		var left part
		if err := s.Table.Get(t.Context(), key(n), &left); err != nil {
			t.Fatal(err)
		}
		if want := c.Now().AddDate(0, 0, 90).Unix(); left.TTL != want {
			t.Errorf("part %d expires at %d, want %d", n, left.TTL, want)
		}
	}
}

// Half a FAQ would answer wrongly, or say that there is no answer.
func TestAVersionWithoutAPartIsNotSearched(t *testing.T) {
	t.Parallel()
	s, c := newStore(t)
	if err := s.Import(t.Context(), example.Entries()); err != nil {
		t.Fatal(err)
	}
	v := publish(t, s)
	c.Advance(time.Minute)
	if err := s.Table.Delete(t.Context(), table.Delete{
		Key: table.Key{PK: fmt.Sprintf("FAQ#V%d", v.Version), SK: "PART#000"}}); err != nil {
		t.Fatal(err)
	}
	if index, err := s.Index(t.Context()); err == nil || index != nil || !strings.Contains(err.Error(), "missing") {
		t.Errorf("read %v, %v", index, err)
	}
	// Published again, it is whole.
	publish(t, s)
	if _, err := s.Index(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestAnotherProcessSeesANewVersionAfterFiveSeconds(t *testing.T) {
	t.Parallel()
	s, c := newStore(t)
	first, err := s.Put(t.Context(), parking("없습니다"), 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	publish(t, s)
	other := &store.Store{Table: s.Table, Clock: c}
	if _, err := other.Index(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Put(t.Context(), parking("있습니다"), first.Version, 0); err != nil {
		t.Fatal(err)
	}
	publish(t, s)
	for _, step := range []struct {
		after time.Duration
		want  string
		trips int
	}{
		{4999 * time.Millisecond, "없습니다", 0},
		{time.Millisecond, "있습니다", 2},
		{time.Second, "있습니다", 0},
		{5 * time.Second, "있습니다", 1}, // looked at, and still the same
	} {
		c.Advance(step.after)
		ctx, meter := table.Metered(t.Context())
		index, err := other.Index(ctx)
		if err != nil {
			t.Fatal(err)
		}
		a, _ := index.Entry("parking", "ko")
		if trips := int(meter.Cost().Trips); a.Answer != step.want || trips != step.trips {
			t.Errorf("after %s it says %q in %d round trips, want %q in %d", step.after, a.Answer, trips, step.want, step.trips)
		}
	}
}

func TestUnansweredQuestionsAreKeptByMonthAndCut(t *testing.T) {
	t.Parallel()
	s, c := newStore(t)
	long := strings.Repeat("배송 ", 150)
	c.MoveTo(time.Date(2026, 11, 30, 23, 59, 59, 0, time.UTC))
	for _, question := range []string{"주차 되나요", long} {
		if err := s.Unanswered(t.Context(), question, "ko"); err != nil {
			t.Fatal(err)
		}
		c.Advance(500 * time.Millisecond)
	}
	december := c.Now()
	if err := s.Unanswered(t.Context(), "do you sell dog food", "en"); err != nil {
		t.Fatal(err)
	}
	november, err := s.Misses(t.Context(), december.AddDate(0, 0, -1))
	if err != nil || len(november) != 2 {
		t.Fatalf("%+v, %v", november, err)
	}
	// The newest first, and cut between characters.
	if n := utf8.RuneCountInString(november[0].Question); n != 200 || !strings.HasPrefix(long, november[0].Question) {
		t.Errorf("%d characters: %q", n, november[0].Question)
	}
	if november[1].Question != "주차 되나요" {
		t.Errorf("the first one is %q", november[1].Question)
	}
	if all, err := s.Misses(t.Context(), december); err != nil || len(all) != 1 || all[0].Language != "en" {
		t.Errorf("of December: %+v, %v", all, err)
	}
	if all, err := s.Misses(t.Context(), december.AddDate(1, 0, 0)); err != nil || len(all) != 0 {
		t.Errorf("of the next December: %+v, %v", all, err)
	}
}

func TestTheMostShownEntryIsReportedFirst(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	if uses, err := s.Uses(t.Context()); err != nil || uses == nil || len(uses) != 0 {
		t.Errorf("before anything was shown: %v, %v", uses, err)
	}
	for entry, views := range map[string]int{"a": 1, "b": 3, "c": 2} {
		for range views {
			if err := s.Count(t.Context(), entry, 0); err != nil {
				t.Fatal(err)
			}
		}
	}
	// A vote is not a view.
	for range 5 {
		if err := s.Count(t.Context(), "a", 1); err != nil {
			t.Fatal(err)
		}
	}
	uses, err := s.Uses(t.Context())
	if err != nil || len(uses) != 3 || uses[0].Entry != "b" || uses[1].Entry != "c" ||
		uses[2] != (store.Use{Entry: "a", Views: 1, Helped: 5}) {
		t.Errorf("%+v, %v", uses, err)
	}
}

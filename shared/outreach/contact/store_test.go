package contact_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"dangol/infra/testkit/fault"
	"dangol/infra/testkit/localtest"
	"dangol/shared/outreach/consent"
	"dangol/shared/outreach/contact"
	"dangol/shared/platform/table"
)

const address = "haneul@example.com"

func tagged(tag string, writes ...table.Write) func(*contact.Contact) ([]table.Write, bool, error) {
	return func(c *contact.Contact) ([]table.Write, bool, error) {
		if !slices.Contains(c.Person.Tags, tag) {
			c.Person.Tags = append(c.Person.Tags, tag)
		}
		return writes, false, nil
	}
}

func TestChangesOfOneContactAtOnceAreAllKept(t *testing.T) {
	t.Parallel()
	s := contact.Store{Table: localtest.Table(t, table.Outreach)}
	var people sync.WaitGroup
	for n := range 6 {
		people.Go(func() {
			if _, err := s.Change(t.Context(), address, noon, tagged(fmt.Sprint("tag", n))); err != nil {
				t.Error(err)
			}
		})
	}
	people.Wait()
	c, err := s.Of(t.Context(), " HANEUL@example.com")
	if err != nil || len(c.Person.Tags) != 6 || c.Version != 6 {
		t.Errorf("version %d with %v, %v", c.Version, c.Person.Tags, err)
	}
}

// The refusal has the contact that stood in the way.
func TestAnOvertakenChangeReadsNothingAgain(t *testing.T) {
	t.Parallel()
	calls := fault.New(fault.Plan{})
	s := contact.Store{Table: localtest.Table(t, table.Outreach, calls.DB)}
	overtaken := false
	c, err := s.Change(t.Context(), address, noon, func(c *contact.Contact) ([]table.Write, bool, error) {
		if !overtaken {
			overtaken = true
			if _, err := s.Change(t.Context(), address, noon, tagged("other")); err != nil {
				t.Fatal(err)
			}
		}
		return tagged("one")(c)
	})
	if err != nil || !slices.Equal(c.Person.Tags, []string{"other", "one"}) || c.Version != 2 {
		t.Errorf("version %d with %v, %v", c.Version, c.Person.Tags, err)
	}
	if got := calls.Calls(); !slices.Equal(got, []string{"GetItem", "GetItem", "PutItem", "PutItem", "PutItem"}) {
		t.Errorf("calls %v", got)
	}
}

func TestAChangeThatIsSkippedOrFailsWritesNothing(t *testing.T) {
	t.Parallel()
	s := contact.Store{Table: localtest.Table(t, table.Outreach)}
	refused := errors.New("the rule says no")
	for name, c := range map[string]struct {
		skip bool
		err  error
	}{"skipped": {skip: true}, "refused": {err: refused}} {
		_, err := s.Change(t.Context(), address, noon, func(p *contact.Contact) ([]table.Write, bool, error) {
			p.Name = "Haneul"
			return nil, c.skip, c.err
		})
		if !errors.Is(err, c.err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := s.Get(t.Context(), consent.ContactID(address)); !errors.Is(err, table.ErrNotFound) {
		t.Errorf("a contact was stored: %v", err)
	}
	_, err := s.ChangeID(t.Context(), consent.ContactID(address), noon, tagged("new"))
	if !errors.Is(err, table.ErrNotFound) {
		t.Errorf("a change by id makes a contact without an address: %v", err)
	}
}

// note is what is written together with a contact.
type note struct {
	table.Key
	Text string `dynamodbav:"text"`
}

func TestTheContactAndItsWritesAreStoredTogetherOrNotAtAll(t *testing.T) {
	t.Parallel()
	s := contact.Store{Table: localtest.Table(t, table.Outreach)}
	once := table.Put{Item: note{table.Key{PK: "NOTE#1", SK: "NOTE"}, "first"}, If: table.IfNew}
	if _, err := s.Change(t.Context(), address, noon, tagged("one", once)); err != nil {
		t.Fatal(err)
	}
	// The note is there already: neither is stored, and the caller learns which of the writes was refused.
	_, err := s.Change(t.Context(), address, noon, tagged("two", once))
	if refused, ok := table.Refused(err); !ok || refused.Refused(0) || !refused.Refused(1) {
		t.Errorf("%v", err)
	}
	if c, err := s.Of(t.Context(), address); err != nil || !slices.Equal(c.Person.Tags, []string{"one"}) {
		t.Errorf("%v, %v", c.Person.Tags, err)
	}
}

// tagging is one change whose caller tries again until it has an answer.
type tagging struct {
	t      testing.TB
	store  contact.Store
	writes []table.Write
}

func (s *tagging) Run(ctx context.Context) {
	for range 5 {
		if _, err := s.store.Change(ctx, address, noon, tagged("one", s.writes...)); err == nil {
			return
		}
	}
}

func (s *tagging) RunUntilIdle(context.Context) {}

func (s *tagging) Check(t testing.TB) {
	t.Helper()
	c, err := s.store.Of(t.Context(), address)
	if err != nil || !slices.Equal(c.Person.Tags, []string{"one"}) {
		t.Errorf("%v, %v", c.Person.Tags, err)
	}
}

func TestAChangeWhoseAnswerIsLostIsMadeOnce(t *testing.T) {
	t.Parallel()
	fault.Campaign(t, func(t testing.TB, in *fault.Injector) fault.Scenario {
		return &tagging{t: t, store: contact.Store{Table: localtest.Table(t, table.Outreach, in.DB)}}
	})
}

// The second of two equal calls meets what the first has written: it is the change's own and no other one's.
func TestAWriteThatHappensTwiceIsRecognizedAsItsOwn(t *testing.T) {
	t.Parallel()
	once := table.Put{Item: note{table.Key{PK: "NOTE#1", SK: "NOTE"}, "first"}, If: table.IfNew}
	for name, writes := range map[string][]table.Write{"alone": nil, "with another item": {once}} {
		in := fault.New(fault.Plan{N: 2, Mode: fault.Twice}) // the write; the read comes first
		s := contact.Store{Table: localtest.Table(t, table.Outreach, in.DB)}
		c, err := s.Change(t.Context(), address, noon, tagged("one", writes...))
		if calls, _ := in.Count(); err != nil || c.Version != 1 || calls != 2 {
			t.Errorf("%s: version %d after %d calls, %v", name, c.Version, calls, err)
		}
	}
}

package mailer_test

import (
	"testing"
	"time"

	"dangol/shared/outbox"
	"dangol/shared/outreach/contact"
	"dangol/shared/platform/table"
)

func TestAnOrderAfterTheErasureIsConfirmedAndOneFromBeforeIsNot(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		erased time.Time
		state  outbox.State
	}{
		"ordered after the erasure":  {noon.Add(-time.Hour), outbox.Accepted},
		"ordered before the erasure": {noon.Add(time.Hour), outbox.Withheld},
	} {
		b := newBench(t, &fakeSES{})
		_, err := contact.Store{Table: b.table}.Change(t.Context(), "ann@example.com", noon,
			func(p *contact.Contact) ([]table.Write, bool, error) {
				p.Erase(c.erased)
				return nil, false, nil
			})
		if err != nil {
			t.Fatal(err)
		}
		if err := b.deliver(eventMessage(t, "evt_1", placed())); err != nil {
			t.Fatal(err)
		}
		if r := b.record(confirmation); r.State != c.state {
			t.Errorf("%s: %s %q", name, r.State, r.Reason)
		}
	}
}

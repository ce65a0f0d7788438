package entitlements_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"dangol/infra/testkit/localtest"
	"dangol/shared/membership"
	"dangol/shared/membership/entitlements"
	"dangol/shared/platform/table"
)

var noon = time.Date(2026, 9, 1, 3, 0, 0, 0, time.UTC)

func held(subscription string) *membership.Entitlement {
	return &membership.Entitlement{
		SubscriptionID: subscription, PlanID: "plan_x", Title: "단골", State: "active", Since: noon, Until: noon.Add(time.Hour),
		Benefits: membership.Benefits{PercentOffBP: 500, ExcludeSaleItems: true, FreeShipping: true},
	}
}

func note(t *testing.T, db *table.Table, subscription string, version int, h *membership.Entitlement) error {
	t.Helper()
	return db.Transact(t.Context(), "", entitlements.Write("cust-ann", subscription, version, h))
}

func read(t *testing.T, db *table.Table) membership.Entitlements {
	t.Helper()
	items, err := db.BatchGet(t.Context(), true, entitlements.KeyOf("cust-ann"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := entitlements.Decode(items[entitlements.KeyOf("cust-ann")])
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestAStandingIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	db := localtest.Table(t, table.Commerce)
	if s := read(t, db); len(s) != 0 {
		t.Errorf("of nobody: %+v", s)
	}
	for _, id := range []string{"sub_2", "sub_1"} {
		if err := note(t, db, id, 1, held(id)); err != nil {
			t.Fatal(err)
		}
	}
	if s := read(t, db); len(s) != 2 || s[0] != *held("sub_1") || s[1] != *held("sub_2") {
		t.Errorf("%+v", s)
	}
	if err := note(t, db, "sub_1", 2, nil); err != nil {
		t.Fatal(err)
	}
	if s := read(t, db); len(s) != 1 || s[0].SubscriptionID != "sub_2" {
		t.Errorf("without the first: %+v", s)
	}
}

func TestAnOlderVersionOfASubscriptionOverwritesNothing(t *testing.T) {
	t.Parallel()
	db := localtest.Table(t, table.Commerce)
	if err := note(t, db, "sub_1", 7, nil); err != nil {
		t.Fatal(err)
	}
	for _, version := range []int{6, 7} {
		if _, refused := table.Refused(note(t, db, "sub_1", version, held("sub_1"))); !refused {
			t.Errorf("version %d was written over 7", version)
		}
	}
	if s := read(t, db); len(s) != 0 {
		t.Errorf("%+v", s)
	}
}

func TestMembershipsThatChangeAtOnceLoseNothing(t *testing.T) {
	t.Parallel()
	db := localtest.Table(t, table.Commerce)
	var all sync.WaitGroup
	const many = 8
	for n := range many {
		all.Go(func() {
			id := fmt.Sprint("sub_", n)
			for version := 1; version <= 3; version++ {
				h := held(id)
				h.State = fmt.Sprint(version)
				if err := note(t, db, id, version, h); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	s := read(t, db)
	if len(s) != many {
		t.Fatalf("%d memberships of %d", len(s), many)
	}
	for _, h := range s {
		if h.State != "3" {
			t.Errorf("%s is at version %s", h.SubscriptionID, h.State)
		}
	}
}

package storecredit_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"dangol/infra/testkit/localtest"
	"dangol/shared/platform/table"
	"dangol/shared/storecredit"
)

var noon = time.Date(2026, 3, 2, 3, 0, 0, 0, time.UTC)

var ann = storecredit.CustomerContact{Email: "ann@example.com", Language: "ko"}

func open(t *testing.T) storecredit.Store {
	t.Helper()
	return storecredit.Store{Table: localtest.Table(t, table.Commerce)}
}

func give(t *testing.T, s storecredit.Store, id string, amount int64, expires time.Time) {
	t.Helper()
	lot := storecredit.Lot{ID: id, CustomerID: "ann", Currency: "KRW", Amount: amount, Reason: "test", ExpiresAt: expires}
	if err := s.Table.Put(t.Context(), storecredit.Grant(lot, noon)); err != nil {
		t.Fatal(err)
	}
}

func lots(t *testing.T, s storecredit.Store) []storecredit.Lot {
	t.Helper()
	got, err := s.Lots(t.Context(), "ann", "KRW")
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestTheLotThatExpiresFirstIsSpentFirst(t *testing.T) {
	t.Parallel()
	s := open(t)
	give(t, s, "late-0001", 5_000, noon.AddDate(0, 6, 0))
	give(t, s, "soon-0001", 3_000, noon.AddDate(0, 1, 0))
	give(t, s, "gone-0001", 9_000, noon.AddDate(0, 0, -1))
	all := lots(t, s)
	if b := storecredit.Balance(all, noon); b != 8_000 {
		t.Fatalf("balance %d, want 8,000", b)
	}
	taken, total := storecredit.Plan(all, 4_000, noon)
	if total != 4_000 || len(taken) != 2 || taken[0].Amount != 3_000 || taken[1].Amount != 1_000 {
		t.Fatalf("took %d: %+v", total, taken)
	}
	if err := s.Table.Transact(t.Context(), t.Name()+"spend", storecredit.Take(taken)...); err != nil {
		t.Fatal(err)
	}
	if b := storecredit.Balance(lots(t, s), noon); b != 4_000 {
		t.Fatalf("balance %d after spending, want 4,000", b)
	}
	if err := s.Table.Transact(t.Context(), t.Name()+"back",
		storecredit.GiveBack(taken, ann, "ord_1", noon)...); err != nil {
		t.Fatal(err)
	}
	if b := storecredit.Balance(lots(t, s), noon); b != 8_000 {
		t.Fatalf("balance %d after giving back, want 8,000", b)
	}
}

func TestCreditThatComesBackAfterItsLotExpiredCanBeSpentForThirtyDays(t *testing.T) {
	t.Parallel()
	s := open(t)
	give(t, s, "soon-0001", 3_000, noon.AddDate(0, 0, 10))
	taken, _ := storecredit.Plan(lots(t, s), 2_000, noon)
	if err := s.Table.Transact(t.Context(), t.Name()+"spend", storecredit.Take(taken)...); err != nil {
		t.Fatal(err)
	}
	later := noon.AddDate(0, 0, 11)
	if err := s.Table.Transact(t.Context(), t.Name()+"back",
		storecredit.GiveBack(taken, ann, "ord_1", later)...); err != nil {
		t.Fatal(err)
	}
	all := lots(t, s)
	if back := all[len(all)-1]; back.Email != ann.Email || back.Language != ann.Language {
		t.Errorf("about what came back %q is written to in %q", back.Email, back.Language)
	}
	for at, want := range map[time.Time]int64{
		later: 2_000, later.Add(storecredit.BackFor - time.Second): 2_000, later.Add(storecredit.BackFor): 0,
	} {
		if b := storecredit.Balance(lots(t, s), at); b != want {
			t.Errorf("balance %d at %s, want %d", b, at, want)
		}
	}
}

// Whose credit it is stands in the key of the lot alone, whatever the rest of the key looks like.
func TestCreditOfALotThatHasExpiredComesBackToItsOwner(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		lot   table.Key
		owner string // partition of the lot that is given; empty for none
	}{
		{"a lot", table.Key{PK: "CREDIT#cus_1#KRW", SK: "LOT#2026-01-01T00:00:00.000Z#lot_1"}, "CREDIT#cus_1#KRW"},
		{"a lot with a short key", table.Key{PK: "CREDIT#cus_1#KRW", SK: "LOT#1"}, "CREDIT#cus_1#KRW"},
		{"of a customer with an odd id", table.Key{PK: "CREDIT#a#b#USD", SK: "LOT#1"}, "CREDIT#a#b#USD"},
		{"no lot", table.Key{PK: "ORDER#cus_1#KRW", SK: "LOT#2026-01-01T00:00:00.000Z#lot_1"}, ""},
	} {
		writes := storecredit.GiveBack([]storecredit.LotUse{{Key: c.lot, Amount: 500, ExpiresAt: noon.Add(-time.Hour)}}, ann,
			"ord_1", noon)
		got := ""
		for _, w := range writes {
			got = w.(table.Put).Item.(storecredit.Lot).PK
		}
		if got != c.owner {
			t.Errorf("%s: comes back to %q, want %q", c.name, got, c.owner)
		}
	}
}

func TestCreditOfLotsWhoseIdsEndAlikeComesBackWhole(t *testing.T) {
	t.Parallel()
	s := open(t)
	for n, id := range []string{"ord_1-e1-credit", "ord_2-e1-credit", "x"} {
		give(t, s, id, 1_000, noon.AddDate(0, 0, n+1))
	}
	taken, _ := storecredit.Plan(lots(t, s), 3_000, noon)
	if err := s.Table.Transact(t.Context(), t.Name()+"spend", storecredit.Take(taken)...); err != nil {
		t.Fatal(err)
	}
	later := noon.AddDate(0, 0, 10) // all three have expired
	if err := s.Table.Transact(t.Context(), t.Name()+"back",
		storecredit.GiveBack(taken, ann, "chk_1", later)...); err != nil {
		t.Fatal(err)
	}
	if b := storecredit.Balance(lots(t, s), later); b != 3_000 {
		t.Errorf("%d came back of 3,000", b)
	}
}

func TestOfManyWhoSpendTheSameCreditNobodyGetsMoreThanThereIs(t *testing.T) {
	t.Parallel()
	s := open(t)
	give(t, s, "once-0001", 5_000, noon.AddDate(0, 1, 0))
	var group sync.WaitGroup
	var mu sync.Mutex
	spent := int64(0)
	read := lots(t, s)
	for i := range 8 {
		group.Go(func() {
			taken, total := storecredit.Plan(read, 2_000, noon)
			if err := s.Table.Transact(t.Context(), fmt.Sprint(t.Name(), i), storecredit.Take(taken)...); err == nil {
				mu.Lock()
				defer mu.Unlock()
				spent += total
			}
		})
	}
	group.Wait()
	if left := storecredit.Balance(lots(t, s), noon); left+spent != 5_000 || left < 0 {
		t.Fatalf("spent %d, left %d of 5,000", spent, left)
	}
}

func TestManyOldLotsDoNotHideWhatCanBeSpent(t *testing.T) {
	t.Parallel()
	s := open(t)
	for n := range 210 {
		give(t, s, fmt.Sprintf("old-%04d", n), 1_000, noon.Add(-time.Duration(n+1)*time.Hour))
	}
	give(t, s, "new-0001", 5_000, noon.AddDate(0, 6, 0))
	if b := storecredit.Balance(lots(t, s), noon); b != 5_000 {
		t.Errorf("balance %d behind lots that are over, want 5,000", b)
	}
}

func TestALotIsGivenOnce(t *testing.T) {
	t.Parallel()
	s := open(t)
	give(t, s, "once-0001", 5_000, noon.AddDate(0, 1, 0))
	lot := storecredit.Lot{ID: "once-0001", CustomerID: "ann", Currency: "KRW", Amount: 5_000,
		ExpiresAt: noon.AddDate(0, 1, 0)}
	if _, failed := table.Failed(s.Table.Put(t.Context(), storecredit.Grant(lot, noon))); !failed {
		t.Fatal("a lot is given twice")
	}
}

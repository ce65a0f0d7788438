package cart_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"dangol/infra/testkit/localtest"
	"dangol/shared/cart"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
)

// counted counts the calls of a table.
type counted struct {
	table.DB
	reads, writes *atomic.Int64
}

func (c counted) GetItem(ctx context.Context, in *dynamodb.GetItemInput, o ...func(*dynamodb.Options)) (
	*dynamodb.GetItemOutput, error) {
	c.reads.Add(1)
	return c.DB.GetItem(ctx, in, o...)
}

func (c counted) PutItem(ctx context.Context, in *dynamodb.PutItemInput, o ...func(*dynamodb.Options)) (
	*dynamodb.PutItemOutput, error) {
	c.writes.Add(1)
	return c.DB.PutItem(ctx, in, o...)
}

// processes is a shop whose carts are served by several processes, each with a memory of its own.
type processes struct {
	all           []cart.Store
	clock         *clock.Movable
	goods         *testCatalog
	reads, writes atomic.Int64
}

// newProcesses starts n processes whose memories have proven right.
func newProcesses(t testing.TB, n int) *processes {
	t.Helper()
	p := &processes{clock: clock.Stopped(noon), goods: stocked().with("SOAP", 9000, 1000).with("OIL", 7000, 1000)}
	shared := localtest.Table(t, table.Commerce, func(db table.DB) table.DB { return counted{db, &p.reads, &p.writes} })
	for range n {
		s := cart.Store{Table: shared, Clock: p.clock, Recent: cart.NewRecentCarts()}
		p.all = append(p.all, s)
		ref := guestCart(t, s)
		for range 8 {
			mustChange(t, s, ref, adding(p.goods, 1))
		}
	}
	return p
}

// taken returns the calls since the last time.
func (p *processes) taken() (reads, writes int64) { return p.reads.Swap(0), p.writes.Swap(0) }

func TestAChangeOfARememberedCartReadsNothing(t *testing.T) {
	t.Parallel()
	p := newProcesses(t, 1)
	s := p.all[0]
	ref := guestCart(t, s)
	p.taken()
	for range 5 {
		mustChange(t, s, ref, adding(p.goods, 2))
	}
	if reads, writes := p.taken(); reads != 0 || writes != 5 {
		t.Errorf("%d reads and %d writes for 5 changes", reads, writes)
	}
	if got := soaps(t, s, ref); got != 10 {
		t.Errorf("%d units in the cart, want 10", got)
	}
}

func TestACustomersCartIsReadEachTime(t *testing.T) {
	t.Parallel()
	p := newProcesses(t, 1)
	mustChange(t, p.all[0], mine("ann"), adding(p.goods, 1))
	mustChange(t, p.all[0], mine("ann"), adding(p.goods, 1))
	if got := soaps(t, p.all[0], mine("ann")); got != 2 {
		t.Errorf("%d units in the cart, want 2", got)
	}
}

func TestMemoryIsUsedOnlyAfterItAgreedWithTheTableEightTimes(t *testing.T) {
	t.Parallel()
	p := newProcesses(t, 2)
	one, other := p.all[0], p.all[1]
	ref := guestCart(t, one)
	mustChange(t, other, ref, adding(p.goods, 1))
	p.taken()
	// The refused write tells what stands there, so the second one needs no read.
	mustChange(t, one, ref, adding(p.goods, 1))
	if reads, writes := p.taken(); reads != 0 || writes != 2 {
		t.Errorf("%d reads and %d writes by a memory that is out of date", reads, writes)
	}
	for n := range 9 {
		mustChange(t, one, ref, adding(p.goods, 1))
		want := int64(1)
		if n == 8 {
			want = 0
		}
		if reads, writes := p.taken(); reads != want || writes != 1 {
			t.Errorf("change %d after it: %d reads and %d writes", n+1, reads, writes)
		}
	}
	if got := soaps(t, one, ref); got != 11 {
		t.Errorf("%d units in the cart, want 11", got)
	}
}

func TestOnlyAWriteIsDecidedByMemory(t *testing.T) {
	t.Parallel()
	soap, oil := cart.LineID("SOAP", nil), cart.LineID("OIL", nil)
	cases := []struct {
		name  string
		other func(*cart.Cart) error // what another process does first
		do    func(*cart.Cart) error
		code  string // of the error that the change ends with
	}{
		{"a line that another process put in can be taken out",
			func(c *cart.Cart) error { return c.Add(choice("OIL", 1), oilOf(c), noon) },
			func(c *cart.Cart) error { return c.Remove(oil) }, ""},
		{"a line that another process took out cannot",
			func(c *cart.Cart) error { return c.Remove(soap) },
			func(c *cart.Cart) error { return c.Remove(soap) }, "line_not_found"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := newProcesses(t, 2)
			ref := guestCart(t, p.all[0])
			mustChange(t, p.all[0], ref, adding(p.goods, 1))
			mustChange(t, p.all[1], ref, c.other)
			_, _, err := p.all[0].Change(t.Context(), ref, cart.Attempt{}, c.do)
			if problem.Code(err) != c.code && !(err == nil && c.code == "") {
				t.Errorf("%v, want %q", err, c.code)
			}
		})
	}
}

// oilOf is the oil as it is sold.
func oilOf(*cart.Cart) cart.SellableVariant {
	return stocked().with("OIL", 7000, 1000).variants["OIL"]
}

func TestARepetitionShowsTheCartAsItIs(t *testing.T) {
	t.Parallel()
	p := newProcesses(t, 2)
	ref, try := guestCart(t, p.all[0]), cart.Attempt{Key: "key-of-the-first-add", Hash: "1"}
	change := func(s cart.Store, a cart.Attempt) (*cart.Cart, bool) {
		c, replayed, err := s.Change(t.Context(), ref, a, adding(p.goods, 1))
		if err != nil {
			t.Fatal(err)
		}
		return c, replayed
	}
	change(p.all[0], try)
	change(p.all[1], cart.Attempt{Key: "key-of-another-add", Hash: "1"})
	c, replayed := change(p.all[0], try)
	if got := quantities(c)[cart.LineID("SOAP", nil)]; !replayed || got != 2 {
		t.Errorf("replayed %v with %d units, want 2", replayed, got)
	}
}

func TestMemoryGivesNoCartToAnotherCallerOrAfterItsTime(t *testing.T) {
	t.Parallel()
	p := newProcesses(t, 1)
	s := p.all[0]
	ref := guestCart(t, s)
	mustChange(t, s, ref, adding(p.goods, 1))
	stranger := ref
	stranger.Token += "x"
	for range 2 {
		if _, _, err := s.Change(t.Context(), stranger, cart.Attempt{}, adding(p.goods, 1)); problem.Code(err) !=
			"cart_not_found" {
			t.Errorf("with another token: %v", err)
		}
		stranger = ref
		p.clock.Advance(cart.GuestRetention)
	}
}

// TestMemoryEndsWithACheckout begins a checkout that comes to nothing, which leaves the version as it was.
func TestMemoryEndsWithACheckout(t *testing.T) {
	t.Parallel()
	p := newProcesses(t, 1)
	s := p.all[0]
	ref := guestCart(t, s)
	c := mustChange(t, s, ref, func(c *cart.Cart) error {
		c.Email = "haneul@example.com"
		return adding(p.goods, 1)(c)
	})
	update := func(u table.Update) {
		if _, err := s.Table.Update(t.Context(), u); err != nil {
			t.Fatal(err)
		}
	}
	update(cart.BeginPaying(c, "chk_1", noon))
	update(cart.Reopen(c.Key, "chk_1", noon))
	p.taken()
	got := mustChange(t, s, ref, adding(p.goods, 1))
	if _, writes := p.taken(); got.Version != c.Version+1 || writes != 2 {
		t.Errorf("version %d after %d writes, want one refused", got.Version, writes)
	}
	update(cart.BeginPaying(got, "chk_2", noon))
	if _, _, err := s.Change(t.Context(), ref, cart.Attempt{}, adding(p.goods, 1)); problem.Code(err) != "cart_paying" {
		t.Errorf("a cart that is being paid for: %v", err)
	}
}

// TestManyProcessesLoseNothing lets processes change the same carts at once, some requests twice.
func TestManyProcessesLoseNothing(t *testing.T) {
	t.Parallel()
	p := newProcesses(t, 3)
	refs := []cart.Ref{guestCart(t, p.all[0]), guestCart(t, p.all[1])}
	var wg sync.WaitGroup
	const each = 25
	for w := range 3 {
		wg.Go(func() {
			draw := rand.New(rand.NewPCG(1, uint64(w)))
			for n := range each {
				for k := range refs {
					try := cart.Attempt{Key: fmt.Sprintf("key-%d-%d-%d", w, k, n), Hash: "1"}
					for range 1 + draw.IntN(2) {
						s := p.all[draw.IntN(len(p.all))]
						// A crowd on one cart may be told to try again; the key makes that harmless.
						for {
							_, _, err := s.Change(t.Context(), refs[k], try, adding(p.goods, 1))
							if err == nil {
								break
							}
							if problem.Code(err) != "busy" {
								t.Errorf("%v", err)
								return
							}
						}
					}
				}
			}
		})
	}
	wg.Wait()
	for k, ref := range refs {
		if got := soaps(t, p.all[0], ref); got != 3*each {
			t.Errorf("cart %d has %d units, want %d", k, got, 3*each)
		}
	}
}

func TestMemoryKeepsNoLargeCart(t *testing.T) {
	t.Parallel()
	p := newProcesses(t, 1)
	s := p.all[0]
	ref := guestCart(t, s)
	note := make([]byte, 9<<10)
	for i := range note {
		note[i] = byte('a' + i%26)
	}
	mustChange(t, s, ref, func(c *cart.Cart) error {
		c.Note = string(note)
		return nil
	})
	p.taken()
	mustChange(t, s, ref, adding(p.goods, 1))
	if reads, _ := p.taken(); reads != 1 {
		t.Errorf("%d reads of a cart of 9 KB", reads)
	}
}

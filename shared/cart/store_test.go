package cart_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"dangol/infra/testkit/localtest"
	"dangol/shared/cart"
	"dangol/shared/platform/auth"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/idempotency"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
)

func cartStore(t testing.TB, wrap ...func(table.DB) table.DB) (cart.Store, *clock.Movable) {
	t.Helper()
	c := clock.Stopped(noon)
	return cart.Store{Table: localtest.Table(t, table.Commerce, wrap...), Clock: c}, c
}

// guestCart stores a guest's empty cart.
func guestCart(t testing.TB, s cart.Store) cart.Ref {
	t.Helper()
	c, token, _, err := s.CreateGuest(t.Context(), cart.Cart{Currency: "KRW", Language: "ko"}, idempotency.Request{}, "")
	if err != nil {
		t.Fatal(err)
	}
	return cart.Ref{CartID: c.ID, Token: token}
}

func mine(customer string) cart.Ref { return cart.Ref{CartID: cart.OwnCart, CustomerID: customer} }

// adding is the change that puts one soap into the cart.
func adding(s *testCatalog, n int) func(*cart.Cart) error {
	return func(c *cart.Cart) error {
		if c.Currency == "" {
			c.Currency = "KRW"
		}
		return c.Add(choice("SOAP", n), s.variants["SOAP"], noon)
	}
}

func mustChange(t testing.TB, s cart.Store, ref cart.Ref, do func(*cart.Cart) error) *cart.Cart {
	t.Helper()
	c, _, err := s.Change(t.Context(), ref, cart.Attempt{}, do)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func soaps(t testing.TB, s cart.Store, ref cart.Ref) int {
	t.Helper()
	c, err := s.Load(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	return quantities(c)[cart.LineID("SOAP", nil)]
}

func TestWhoFindsWhichCart(t *testing.T) {
	t.Parallel()
	s, _ := cartStore(t)
	variants := stocked().with("SOAP", 9000, 10)
	guest, other := guestCart(t, s), guestCart(t, s)
	anns := mustChange(t, s, mine("ann"), adding(variants, 1))
	cases := []struct {
		name  string
		ref   cart.Ref
		found bool
	}{
		{"a guest by id and token", guest, true},
		{"not without the token", cart.Ref{CartID: guest.CartID}, false},
		{"not by the token of another", cart.Ref{CartID: guest.CartID, Token: other.Token}, false},
		{"not by the hash that is stored", cart.Ref{CartID: guest.CartID, Token: auth.HashToken(guest.Token)}, false},
		{"not as a customer without the token", cart.Ref{CartID: guest.CartID, CustomerID: "ann"}, false},
		{"a customer who has the token as well", cart.Ref{CartID: guest.CartID, CustomerID: "ann", Token: guest.Token}, true},
		{"a customer's own by mine", mine("ann"), true},
		{"a customer's own by id", cart.Ref{CartID: anns.ID, CustomerID: "ann"}, true},
		{"mine goes before a token", cart.Ref{CartID: cart.OwnCart, CustomerID: "ann", Token: guest.Token}, true},
		{"not that of another customer", cart.Ref{CartID: anns.ID, CustomerID: "bob"}, false},
		{"not a customer's with a guest's token", cart.Ref{CartID: anns.ID, Token: guest.Token}, false},
		{"a customer without a cart has an empty one", mine("bob"), true},
		{"a guest has none that is mine", cart.Ref{CartID: cart.OwnCart}, false},
		{"the shop's people read a guest's by id", cart.Ref{CartID: guest.CartID, CustomerID: "agent", Operator: true}, true},
		{"but not a customer's", cart.Ref{CartID: anns.ID, CustomerID: "agent", Operator: true}, false},
		{"nonsense is not asked for", cart.Ref{CartID: "prod_1", Token: "x"}, false},
	}
	for _, c := range cases {
		got, err := s.Load(t.Context(), c.ref)
		if c.found != (err == nil) || !c.found && problem.Code(err) != "cart_not_found" {
			t.Errorf("%s: %v, %v", c.name, got, err)
		}
	}
}

func TestReadingAllowsNoChange(t *testing.T) {
	t.Parallel()
	s, _ := cartStore(t)
	agent := guestCart(t, s)
	agent.Token, agent.CustomerID, agent.Operator = "", "agent", true
	_, _, err := s.Change(t.Context(), agent, cart.Attempt{}, func(*cart.Cart) error { return nil })
	if problem.Code(err) != "cart_not_found" {
		t.Errorf("an operator changes a guest's cart: %v", err)
	}
}

func TestAnExpiredCartIsGoneBeforeItIsDeleted(t *testing.T) {
	t.Parallel()
	s, clk := cartStore(t)
	variants := stocked().with("SOAP", 9000, 10)
	guest := guestCart(t, s)
	first := mustChange(t, s, mine("ann"), adding(variants, 2))
	clk.Advance(cart.GuestRetention - time.Second)
	mustChange(t, s, guest, adding(variants, 1)) // moves the end
	clk.Advance(cart.GuestRetention - time.Second)
	if soaps(t, s, guest) != 1 {
		t.Error("a write does not prolong the cart")
	}
	clk.Advance(time.Second)
	if _, err := s.Load(t.Context(), guest); problem.Code(err) != "cart_not_found" {
		t.Errorf("after 30 days: %v", err)
	}
	clk.Advance(cart.CustomerRetention)
	second := mustChange(t, s, mine("ann"), adding(variants, 1))
	if second.ID == first.ID || second.Version != 1 || soaps(t, s, mine("ann")) != 1 {
		t.Errorf("the expired cart came back: %+v", second)
	}
}

func TestACartThatKeepsChangingSaysSoOnceInFiveMinutesAndAtOnceToAnotherPerson(t *testing.T) {
	t.Parallel()
	s, clk := cartStore(t)
	variants := stocked().with("SOAP", 9000, 10)
	guest := guestCart(t, s)
	contact := func(email string) func(*cart.Cart) error {
		return func(c *cart.Cart) error { c.Email = email; return nil }
	}
	for _, step := range []struct {
		name  string
		after time.Duration
		do    func(*cart.Cart) error
		says  bool
	}{
		{"a line of somebody without an address", 0, adding(variants, 1), false},
		{"the address", 0, contact("ann@example.com"), true},
		{"a line soon after", time.Minute, adding(variants, 1), false},
		{"another address", time.Minute, contact("bob@example.com"), true},
		{"a line within five minutes of that", 4 * time.Minute, adding(variants, 1), false},
		{"a line after five minutes", time.Minute, adding(variants, 1), true},
	} {
		clk.Advance(step.after)
		c := mustChange(t, s, guest, step.do)
		if says := c.Event != nil; says != step.says {
			t.Errorf("%s: said %v, want %v", step.name, says, step.says)
		}
	}
}

func TestFiftyConcurrentAddsLoseNothing(t *testing.T) {
	t.Parallel()
	s, _ := cartStore(t)
	variants := stocked().with("SOAP", 9000, 10)
	for name, ref := range map[string]cart.Ref{"a guest's cart": guestCart(t, s), "a customer's first cart": mine("ann")} {
		var group sync.WaitGroup
		var refused atomic.Int32
		for range 50 {
			group.Go(func() {
				if _, _, err := s.Change(t.Context(), ref, cart.Attempt{}, adding(variants, 2)); err != nil {
					refused.Add(1)
				}
			})
		}
		group.Wait()
		if n := soaps(t, s, ref); n != 100 || refused.Load() > 0 {
			t.Errorf("%s: %d soaps, %d refused", name, n, refused.Load())
		}
	}
}

func TestAKeyTakesEffectOnce(t *testing.T) {
	t.Parallel()
	s, clk := cartStore(t)
	variants := stocked().with("SOAP", 9000, 10)
	ref := guestCart(t, s)
	add := func(key, hash string) (bool, error) {
		_, replayed, err := s.Change(t.Context(), ref, cart.Attempt{Key: key, Hash: hash}, adding(variants, 1))
		return replayed, err
	}
	steps := []struct {
		name, key, hash string
		wait            time.Duration
		replayed        bool
		code            string
		soaps           int
	}{
		{"the first counts", "k1", "one", 0, false, "", 1},
		{"the same again does not", "k1", "one", time.Hour, true, "", 1},
		{"another body is refused", "k1", "two", 0, false, "idempotency_key_reused", 1},
		{"another key counts", "k2", "one", 0, false, "", 2},
		{"after a day the key is free again", "k1", "two", 24 * time.Hour, false, "", 3},
	}
	for _, c := range steps {
		clk.Advance(c.wait)
		replayed, err := add(c.key, c.hash)
		if replayed != c.replayed || problem.Code(err) != c.code || soaps(t, s, ref) != c.soaps {
			t.Errorf("%s: replayed %v, %v, %d soaps", c.name, replayed, err, soaps(t, s, ref))
		}
	}
	for i := range 40 {
		if _, err := add("many"+string(rune('a'+i)), ""); err != nil {
			t.Fatal(err)
		}
	}
	c, err := s.Load(t.Context(), ref)
	if err != nil || len(c.Keys) != 16 || len(c.WriteIDs) != 16 {
		t.Errorf("%v: %d keys, %d marks are kept", err, len(c.Keys), len(c.WriteIDs))
	}
}

// lossy loses the answers of writes that took effect, and fails others before they do.
type lossy struct {
	table.DB
	after, before atomic.Int32 // how many more to lose, to fail
}

var errLost = errors.New("connection reset")

func (l *lossy) PutItem(ctx context.Context, in *dynamodb.PutItemInput,
	o ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	if l.before.Add(-1) >= 0 {
		return nil, errLost
	}
	out, err := l.DB.PutItem(ctx, in, o...)
	if err == nil && l.after.Add(-1) >= 0 {
		return nil, errLost
	}
	return out, err
}

func (l *lossy) TransactWriteItems(
	ctx context.Context, in *dynamodb.TransactWriteItemsInput, o ...func(*dynamodb.Options),
) (*dynamodb.TransactWriteItemsOutput, error) {
	if l.before.Add(-1) >= 0 {
		return nil, errLost
	}
	out, err := l.DB.TransactWriteItems(ctx, in, o...)
	if err == nil && l.after.Add(-1) >= 0 {
		return nil, errLost
	}
	return out, err
}

// twice sends every put again after it took effect, as a client does whose first answer was lost.
type twice struct{ table.DB }

func (w twice) PutItem(ctx context.Context, in *dynamodb.PutItemInput,
	o ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	if _, err := w.DB.PutItem(ctx, in, o...); err != nil {
		return nil, err
	}
	return w.DB.PutItem(ctx, in, o...)
}

func TestALostAnswerCountsOnce(t *testing.T) {
	t.Parallel()
	variants := stocked().with("SOAP", 9000, 10)
	cases := []struct {
		name          string
		before, after int32
		want          int
		fails         bool
	}{
		{"the answer of the write is lost", 0, 1, 1, false},
		{"the write itself is lost", 1, 0, 1, false},
		{"both, one after the other", 1, 1, 1, false},
		{"the database is gone for good: an error, and nothing counts", 99, 0, 0, true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var db *lossy
			s, _ := cartStore(t, func(in table.DB) table.DB { db = &lossy{DB: in}; return db })
			for _, ref := range []cart.Ref{guestCart(t, s), mine("ann")} {
				db.before.Store(c.before)
				db.after.Store(c.after)
				_, _, err := s.Change(t.Context(), ref, cart.Attempt{}, adding(variants, 1))
				db.before.Store(0)
				db.after.Store(0)
				if c.fails != (err != nil) || soaps(t, s, ref) != c.want {
					t.Errorf("%v, %d soaps, want %d", err, soaps(t, s, ref), c.want)
				}
			}
		})
	}
}

func TestAWriteSentTwiceCountsOnce(t *testing.T) {
	t.Parallel()
	s, _ := cartStore(t, func(in table.DB) table.DB { return twice{in} })
	variants := stocked().with("SOAP", 9000, 10)
	guest := guestCart(t, s)
	for _, ref := range []cart.Ref{guest, mine("ann")} {
		mustChange(t, s, ref, adding(variants, 1))
		mustChange(t, s, ref, adding(variants, 1))
		if n := soaps(t, s, ref); n != 2 {
			t.Errorf("%d soaps", n)
		}
	}
}

func TestAGuestsCartIsMadeOncePerKey(t *testing.T) {
	t.Parallel()
	var db *lossy
	s, clk := cartStore(t, func(in table.DB) table.DB { db = &lossy{DB: in}; return db })
	const key = "0d9c2c6e-6a0e-4f57"
	begin := func(body string) (*cart.Cart, string, bool, error) {
		r := idempotency.For("createCart", "guest#", key, []byte(body), clk.Now())
		return s.CreateGuest(t.Context(), cart.Cart{Currency: "KRW"}, r, key)
	}
	db.after.Store(1)
	if _, _, _, err := begin("{}"); !errors.Is(err, errLost) {
		t.Fatal(err)
	}
	first, token, replayed, err := begin("{}")
	if err != nil || !replayed {
		t.Fatalf("replayed %v: %v", replayed, err)
	}
	again, sameToken, _, err := begin("{}")
	if err != nil || again.ID != first.ID || sameToken != token || first.TokenHash != auth.HashToken(token) {
		t.Errorf("%v: carts %s and %s", err, first.ID, again.ID)
	}
	if _, _, _, err := begin(`{"currency":"USD"}`); problem.Code(err) != "idempotency_key_reused" {
		t.Errorf("another body: %v", err)
	}
	clk.Advance(24*time.Hour + time.Second)
	if next, _, replayed, err := begin("{}"); err != nil || replayed || next.ID == first.ID {
		t.Errorf("after a day: %v", err)
	}
}

func TestAbsorb(t *testing.T) {
	t.Parallel()
	variants := stocked().with("SOAP", 9000, 10)
	merge := func(into, guest *cart.Cart) error {
		cart.Merge(into, guest, variants.variants, into.Purchases)
		return nil
	}
	for _, lost := range []int32{0, 1} {
		var db *lossy
		s, _ := cartStore(t, func(in table.DB) table.DB { db = &lossy{DB: in}; return db })
		guest := guestCart(t, s)
		mustChange(t, s, guest, adding(variants, 2))
		mustChange(t, s, mine("ann"), adding(variants, 3))
		db.after.Store(lost)
		for range 3 { // twice more by a client that lost the answer
			c, err := s.MergeGuest(t.Context(), "ann", guest, merge)
			if err != nil || !slices.Equal(c.MergedIDs, []string{guest.CartID}) {
				t.Fatalf("%v: merged %v", err, c)
			}
		}
		if n := soaps(t, s, mine("ann")); n != 5 {
			t.Errorf("%d soaps, want 5", n)
		}
		if _, err := s.Load(t.Context(), guest); problem.Code(err) != "cart_not_found" {
			t.Errorf("the guest's cart is still there: %v", err)
		}
		if _, err := s.MergeGuest(t.Context(), "bob", guest, merge); problem.Code(err) != "cart_not_found" {
			t.Errorf("another customer: %v", err)
		}
	}
}

func TestAnAddDuringAMergeIsNotLost(t *testing.T) {
	t.Parallel()
	s, _ := cartStore(t)
	variants := stocked().with("SOAP", 9000, 10)
	guest := guestCart(t, s)
	met := false
	c, err := s.MergeGuest(t.Context(), "ann", guest, func(into, from *cart.Cart) error {
		if !met {
			met = true
			mustChange(t, s, guest, adding(variants, 2))
			mustChange(t, s, mine("ann"), adding(variants, 1))
		}
		cart.Merge(into, from, variants.variants, nil)
		return nil
	})
	if err != nil || quantities(c)[cart.LineID("SOAP", nil)] != 3 {
		t.Errorf("%v: %v", err, c)
	}
}

package catalog_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"dangol/shared/catalog"
)

func handles(r catalog.ListPage) []string {
	var all []string
	for _, e := range r.Entries {
		all = append(all, e.Handle)
	}
	return all
}

func (s *shop) list(l *catalog.Listing, q catalog.ListQuery) catalog.ListPage {
	s.Helper()
	if q.Limit == 0 {
		q.Limit = 100
	}
	r, err := l.List(s.Context(), q)
	if err != nil {
		s.Fatal(err)
	}
	return r
}

func TestListingSeesWhatChangedAndReadsOnlyThat(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	for i := range 40 {
		s.add(s.product(fmt.Sprintf("p%d", i), 1000), 0)
		s.clock.Advance(20 * time.Second)
	}
	l := catalog.NewListing(s.table, s.clock, 0)
	s.list(l, catalog.ListQuery{})
	p := s.add(s.product("late", 1), 0)
	cost := s.cost(func(ctx ctx) error { return l.Refresh(ctx) })
	if cost.Trips != catalog.Shards || cost.Read > catalog.Shards*0.5 {
		t.Fatalf("a refresh cost %+v", cost)
	}
	if r := s.list(l, catalog.ListQuery{Filter: catalog.Filter{Max: 1, Currency: "KRW"}}); !slices.Equal(handles(r),
		[]string{"late"}) {
		t.Fatal(handles(r))
	}
	s.change(p, func(p *catalog.Product) { p.Status = catalog.Archived })
	if r := s.list(l, catalog.ListQuery{Filter: catalog.Filter{Status: catalog.Archived}}); len(r.Entries) != 1 {
		t.Fatal(handles(r))
	}
	if r := s.list(l, catalog.ListQuery{Filter: catalog.Filter{Status: catalog.Active}}); len(r.Entries) != 40 {
		t.Fatal(len(r.Entries))
	}
}

func TestListingAsksOnceInItsFreshness(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.many(3)
	l := catalog.NewListing(s.table, s.clock, 2*time.Second)
	s.list(l, catalog.ListQuery{})
	s.add(s.product("late", 1), 0)
	cost := s.cost(func(ctx ctx) error { _, err := l.List(ctx, catalog.ListQuery{Limit: 5}); return err })
	if cost.Trips != 0 || len(s.list(l, catalog.ListQuery{}).Entries) != 3 {
		t.Fatalf("%+v", cost)
	}
	s.clock.Advance(2 * time.Second)
	if got := len(s.list(l, catalog.ListQuery{}).Entries); got != 4 {
		t.Fatalf("%d after two seconds", got)
	}
}

func TestListingFindsHandles(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	p := s.add(s.product("cream", 1), 0)
	l := catalog.NewListing(s.table, s.clock, 0)
	s.change(p, func(p *catalog.Product) { p.Handle = "crème" })
	for handle, want := range map[string]string{"crème": p.ID, "cream": "", "soap": ""} {
		if got, err := l.Lookup(t.Context(), handle); got != want || err != nil {
			t.Errorf("%s: %q %v, want %q", handle, got, err, want)
		}
	}
	if got, err := catalog.IDByHandle(t.Context(), s.table, "cream"); got != p.ID || err != nil {
		t.Errorf("the handle before: %q %v", got, err)
	}
}

// Shoppers write as their keyboard does, merchants as theirs: what looks the same is found.
func TestASearchFindsWhatLooksTheSame(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	for handle, title := range map[string]string{
		"abc": "ABC 크림 50ml", "wide": "ＡＢＣ クリーム ５０㎖", "glass": "ガラスの瓶", "half": "ｶﾞﾗｽの瓶", "soap": "수분 비누",
	} {
		p := s.product(handle, 1)
		p.Title = catalog.Text{"ko": title}
		s.add(p, 0)
	}
	l := catalog.NewListing(s.table, s.clock, 0)
	for _, c := range []struct {
		name, search string
		want         []string
	}{
		{"plain letters", "abc", []string{"abc", "wide"}},
		{"full-width letters", "ＡＢＣ", []string{"abc", "wide"}},
		{"full-width digits and a unit in one sign", "５０㎖", []string{"abc", "wide"}},
		{"katakana", "ガラス", []string{"glass", "half"}},
		{"half-width katakana", "ｶﾞﾗｽ", []string{"glass", "half"}},
		{"Hangul without the space", "수분비누", []string{"soap"}},
		{"Hangul as a Mac writes it", norm.NFD.String("수분 비누"), []string{"soap"}},
		{"another word", "수분 ａｂｃ", nil},
	} {
		got := handles(s.list(l, catalog.ListQuery{Filter: catalog.Filter{Search: c.search}}))
		if slices.Sort(got); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q finds %q, want %q", c.name, c.search, got, c.want)
		}
	}
}

func TestListingIsSafeForManyReaders(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.many(10)
	l := catalog.NewListing(s.table, s.clock, time.Second)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 20 {
				if got := len(s.list(l, catalog.ListQuery{Sort: catalog.ByTitle, Language: "ko"}).Entries); got != 10 {
					t.Errorf("%d entries", got)
				}
				s.clock.Advance(300 * time.Millisecond)
			}
		})
	}
	all.Wait()
}

// Whatever the order, the filter and the size of pages, the pages together are the list, each product once.
func TestPagesAreTheList(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	for i := range 30 {
		p := s.product(fmt.Sprintf("p%d", i), int64(100*(i%7)))
		p.Title = catalog.Text{"ko": fmt.Sprint("상품 ", i%5)}
		p.CreatedAt = opening.Add(time.Duration(i%4) * time.Hour)
		s.add(p, 0)
	}
	l := catalog.NewListing(s.table, s.clock, time.Hour)
	rapid.Check(t, func(r *rapid.T) {
		q := catalog.ListQuery{
			Sort: rapid.SampledFrom([]catalog.Sort{catalog.Newest, catalog.ByTitle, catalog.PriceUp,
				catalog.PriceDown}).Draw(r, "sort"),
			Language: "ko",
			Filter: catalog.Filter{
				Currency: "KRW", Min: rapid.Int64Range(0, 300).Draw(r, "min"),
				Search: rapid.SampledFrom([]string{"", "상품1", "3"}).Draw(r, "search"),
			},
		}
		whole := handles(s.list(l, q))
		q.Limit = rapid.IntRange(1, 9).Draw(r, "limit")
		var paged []string
		for {
			page := s.list(l, q)
			paged = append(paged, handles(page)...)
			if page.Next == "" {
				break
			}
			q.After = page.Next
		}
		if !slices.Equal(whole, paged) {
			r.Fatalf("whole %v\npaged %v", whole, paged)
		}
	})
}

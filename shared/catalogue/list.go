package catalogue

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"

	"dangol/shared/table"
)

// Sort is the order of a list.
type Sort string

// The orders of a list. Prices are the lowest of a product's variants.
const (
	Newest    Sort = "newest"
	ByTitle   Sort = "title"
	PriceUp   Sort = "price_asc"
	PriceDown Sort = "price_desc"
)

// Filter says which products a list shows; empty fields let everything through.
type Filter struct {
	Status   Status
	Category string
	Tag      string
	Vendor   string
	Type     string
	Currency string // products sold in it; the price bounds and orders are in it
	Min, Max int64  // minor units; a product is shown when any of its prices is between. Max 0 is no bound
	Search   string // words that must all occur in titles, tags, categories, vendor or type
}

// List says what to list.
type List struct {
	Filter
	Sort     Sort   // Newest when empty
	Language string // of titles, for ByTitle
	Limit    int
	After    string // Next of the page before
}

// Result is one page of a list.
type Result struct {
	Entries []*Entry
	Next    string // empty on the last page
}

// List returns one page. No round trip, or Shards in parallel (0.5 RCU per 4 KB of cards that changed) when the listing
// is older than Fresh. A cursor stays right while products come, go and move: it names a place in the order, not a
// number. Errors: table.ErrCursor.
func (l *Listing) List(ctx context.Context, q List) (Result, error) {
	s, err := l.snapshot(ctx, l.fresh)
	if err != nil {
		return Result{}, err
	}
	by := orderOf(q)
	entries := s.ordered(by)
	if q.After != "" {
		after, err := readPlace(q.After, by)
		if err != nil {
			return Result{}, err
		}
		first, _ := slices.BinarySearchFunc(entries, after, func(e *Entry, p place) int {
			if c := by.compare(by.placeOf(e), p); c != 0 {
				return c
			}
			return -1 // the product the cursor names was on the page before
		})
		entries = entries[first:]
	}
	words := searchWords(q.Search)
	var r Result
	for _, e := range entries {
		if !q.shows(e, words) {
			continue
		}
		if len(r.Entries) == q.Limit {
			r.Next = by.placeOf(r.Entries[q.Limit-1]).cursor(by)
			break
		}
		r.Entries = append(r.Entries, e)
	}
	return r, nil
}

func (f *Filter) shows(e *Entry, words []string) bool {
	if f.Status != "" && e.Status != f.Status ||
		f.Vendor != "" && e.Vendor != f.Vendor || f.Type != "" && e.Type != f.Type ||
		f.Category != "" && !slices.Contains(e.Categories, f.Category) || f.Tag != "" && !slices.Contains(e.Tags, f.Tag) {
		return false
	}
	if f.Currency != "" {
		price, sold := e.Prices[f.Currency]
		if !sold || price.Max < f.Min || f.Max > 0 && price.Min > f.Max {
			return false
		}
	}
	for _, w := range words {
		if !strings.Contains(e.search, w) {
			return false
		}
	}
	return true
}

// order is one way to put all products in a row. In is the language or currency that it depends on.
type order struct {
	sort Sort
	in   string
}

func orderOf(q List) order {
	switch q.Sort {
	case ByTitle:
		return order{ByTitle, q.Language}
	case PriceUp, PriceDown:
		return order{q.Sort, q.Currency}
	default:
		return order{Newest, ""}
	}
}

// place is where a product stands in an order: by what it is sorted, and its id among equals.
type place struct {
	Text   string `json:"t,omitempty"`
	Number int64  `json:"n,omitempty"`
	ID     string `json:"id"`
}

func (o order) placeOf(e *Entry) place {
	p := place{ID: e.ID}
	switch o.sort {
	case ByTitle:
		p.Text = strings.ToLower(e.Title.In(o.in))
	case PriceUp, PriceDown:
		p.Number = e.Prices[o.in].Min
	default:
		p.Number = e.CreatedAt.UnixMilli()
	}
	return p
}

func (o order) compare(a, b place) int {
	c := cmp.Or(strings.Compare(a.Text, b.Text), cmp.Compare(a.Number, b.Number))
	if o.sort == Newest || o.sort == PriceDown {
		c = -c
	}
	return cmp.Or(c, strings.Compare(a.ID, b.ID))
}

// maxOrders bounds the orders kept of one snapshot; callers choose languages and currencies.
const maxOrders = 12

func (s *snapshot) ordered(by order) []*Entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	if entries, ok := s.orders[by]; ok {
		return entries
	}
	type placed struct {
		place
		entry *Entry
	}
	all := make([]placed, 0, len(s.byID))
	for _, e := range s.byID {
		if _, sold := e.Prices[by.in]; !sold && (by.sort == PriceUp || by.sort == PriceDown) {
			continue
		}
		all = append(all, placed{by.placeOf(e), e})
	}
	slices.SortFunc(all, func(a, b placed) int { return by.compare(a.place, b.place) })
	entries := make([]*Entry, len(all))
	for i, p := range all {
		entries[i] = p.entry
	}
	if len(s.orders) >= maxOrders {
		clear(s.orders)
	}
	s.orders[by] = entries
	return entries
}

// cursor packs a place with the order it belongs to, so it cannot be used with another.
type cursor struct {
	Sort Sort   `json:"s"`
	In   string `json:"in,omitempty"`
	place
}

func (p place) cursor(by order) string {
	raw, _ := json.Marshal(cursor{by.sort, by.in, p}) // strings and numbers cannot fail
	return base64.RawURLEncoding.EncodeToString(raw)
}

func readPlace(text string, by order) (place, error) {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	var c cursor
	if err != nil || json.Unmarshal(raw, &c) != nil || c.ID == "" || c.Sort != by.sort || c.In != by.in {
		return place{}, table.ErrCursor
	}
	return c.place, nil
}

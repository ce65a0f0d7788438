package store

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"time"

	"golang.org/x/sync/errgroup"

	"dangol/shared/platform/table"
	"dangol/shared/review"
)

// Sort is an order of a product's reviews.
type Sort string

// The orders.
const (
	Newest  Sort = "newest"
	Helpful Sort = "helpful" // with places for new reviews
	Highest Sort = "highest"
	Lowest  Sort = "lowest"
)

// Page is one page of a product's reviews.
type Page struct {
	Summary *Summary // with the first page of the newest ones
	Cards   []review.ReviewSummary
	Next    table.Cursor
}

// How much one request reads: pages of a query, and reviews in each. A filter that few reviews pass can end a request
// with a page that is not full and a cursor to go on.
const (
	mostQueries = 8
	scanSize    = 100
)

// listed is a published review with its place in a list.
type listed struct {
	card review.ReviewSummary
	at   string
}

// Newest lists published reviews from the newest one on. The first page brings the summary along in the same round
// trip: 1 round trip, 0.5 RCU per 4 KB read, while at most a few of the newest reviews are withheld or filtered out.
// Errors: table.ErrCursor.
func (s Store) Newest(ctx context.Context, productID string, f review.Filter, limit int, after table.Cursor) (Page,
	error) {
	before, err := indexKeyOf(after)
	if err != nil {
		return Page{}, err
	}
	var page Page
	first := before == ""
	if first {
		before = "SUMMARY" // and so the summary itself
	}
	found, next, err := s.scan(ctx, limit, f, func(from string, size int) (table.Query, string) {
		// The first query begins where the page before ended.
		if from == "" {
			from = before
		}
		// The summary's key sorts right behind the reviews, so the first page includes it.
		op := " < :to"
		if from == "SUMMARY" {
			op = " <= :to"
		}
		return table.Query{
			Where: "#pk = :pk AND #sk" + op, With: map[string]any{":pk": productPK(productID), ":to": from},
			Backwards: true, Limit: size,
		}, "sk"
	}, func(item table.Item) error {
		if item.Text(table.SortKey) != "SUMMARY" {
			return nil
		}
		summary, err := summaryOf(item)
		page.Summary = &summary
		return err
	})
	if err != nil {
		return Page{}, err
	}
	// A product without reviews has no item of a summary.
	if first && page.Summary == nil {
		page.Summary = &Summary{Tally: review.Tally{}}
	}
	page.Cards, page.Next = cards(found), next
	return page, nil
}

// ByStars lists published reviews by stars, the highest or the lowest first; with Filter.Stars only those of one rating
// are read. 1 round trip, 0.5 RCU per 4 KB read. Errors: table.ErrCursor.
func (s Store) ByStars(ctx context.Context, productID string, highest bool, f review.Filter, limit int,
	after table.Cursor) (Page, error) {
	from, err := indexKeyOf(after)
	if err != nil {
		return Page{}, err
	}
	found, next, err := s.scan(ctx, limit, f, func(last string, size int) (table.Query, string) {
		// "0" and "9" are before and behind every rating.
		low, high := "0", "9"
		if f.Stars > 0 {
			low, high = string(rune('0'+f.Stars)), string(rune('0'+f.Stars))+"~"
		}
		if last == "" {
			last = from
		}
		q := table.Query{Index: table.ByTwo, Backwards: highest, Limit: size}
		// Backwards the list goes on below the place, forwards behind it.
		if last != "" && highest {
			high = beforePlace(last)
		} else if last != "" {
			// Behind the place and before everything that follows it: "!" sorts before letters and
			// digits.
			low = last + "!"
		}
		q.Where = "#gsi2pk = :pk AND #gsi2sk BETWEEN :low AND :high"
		q.With = map[string]any{":pk": starsList(productID), ":low": low, ":high": high}
		return q, "gsi2sk"
	}, nil)
	return Page{Cards: cards(found), Next: next}, err
}

// beforePlace is a text that sorts just before a place.
func beforePlace(indexKey string) string {
	b := []byte(indexKey)
	b[len(b)-1]--
	return string(b) + "~"
}

// scan runs queries until there are limit reviews that the filter keeps, the list ends, or mostQueries were made. query
// makes the one that goes on behind a place, and says which attribute has the place.
func (s Store) scan(
	ctx context.Context, limit int, f review.Filter, query func(from string, size int) (table.Query, string),
	other func(table.Item) error,
) (found []listed, next table.Cursor, err error) {
	size, from := limit+2, "" // the summary, and one more to know whether there is a next page
	for range mostQueries {
		q, attribute := query(from, size)
		page, err := s.Table.Query(ctx, q)
		if err != nil {
			return nil, "", err
		}
		for _, item := range page.Items {
			// Also for what is left out, so that the next query does not read it again.
			from = item.Text(attribute)
			l, published, err := listedOf(item, attribute)
			if err != nil {
				return nil, "", err
			}
			if !published {
				if other != nil {
					err = other(item)
				}
				if err != nil {
					return nil, "", err
				}
				continue
			}
			if !f.Keeps(l.card) {
				continue
			}
			// One more than wanted: there is a next page, which begins behind the last one shown.
			if len(found) == limit {
				return found, cursorAt(found[limit-1].at), nil
			}
			found = append(found, l)
		}
		if page.Next == "" {
			return found, "", nil
		}
		// The first query was small, because most pages need no second one.
		size = scanSize
	}
	// So much was left out that the request ends here; the cursor goes on.
	return found, cursorAt(from), nil
}

// listedOf reads a published review from a list; published is false for everything else.
func listedOf(item table.Item, attribute string) (l listed, published bool, err error) {
	var in struct {
		State review.State                       `dynamodbav:"state"`
		Card  table.Packed[review.ReviewSummary] `dynamodbav:"card"`
	}
	if err := item.Decode(&in); err != nil {
		return l, false, err
	}
	// The index by stars has published reviews only, the table all of them.
	if attribute == "sk" && in.State != review.Published || in.Card.Value.ID == "" {
		return l, false, nil
	}
	return listed{card: in.Card.Value, at: item.Text(attribute)}, true, nil
}

// cards are the summaries of what was listed.
func cards(found []listed) []review.ReviewSummary {
	out := make([]review.ReviewSummary, len(found))
	for i, l := range found {
		out[i] = l.card
	}
	return out
}

// helpfulCursor is where a page by helpfulness ended: a place in each of the two lists it is made of. At fixes which
// reviews are new for all pages.
type helpfulCursor struct {
	At      time.Time `json:"at"`
	Shown   int       `json:"n"`
	Helpful string    `json:"h,omitempty"`
	New     string    `json:"w,omitempty"`
}

// ByHelpfulness lists published reviews by the Wilson bound of their votes, every fifth place for a new one. 2 round
// trips made at once, 0.5 RCU per 4 KB read. Errors: table.ErrCursor.
func (s Store) ByHelpfulness(ctx context.Context, productID string, f review.Filter, limit int,
	after table.Cursor) (Page, error) {
	// To the second, so that a cursor is short; all pages of one reading use the same instant.
	at := helpfulCursor{At: s.Clock.Now().Truncate(time.Second)}
	if after != "" {
		raw, err := base64.RawURLEncoding.DecodeString(string(after))
		if err != nil || json.Unmarshal(raw, &at) != nil || at.At.IsZero() || at.Shown < 0 {
			return Page{}, table.ErrCursor
		}
	}
	// Whether a review is new is decided for all pages at once, or some would be shown twice.
	isNew := func(c review.ReviewSummary) bool { return review.IsNew(c.Helpful, c.Unhelpful, c.Written, at.At) }
	var helpful, fresh collected
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		// One more than fits tells whether there is a next page.
		helpful, err = s.collect(ctx, list{table.ByOne, helpfulList(productID), at.Helpful}, limit+1,
			func(c review.ReviewSummary) bool { return !isNew(c) && f.Keeps(c) }, nil)
		return err
	})
	group.Go(func() (err error) {
		fresh, err = s.collect(ctx, list{"", productPK(productID), cmp.Or(at.New, "REVIEW#~")}, limit+1,
			func(c review.ReviewSummary) bool { return isNew(c) && f.Keeps(c) },
			// Reviews are read newest first, so the first that is no longer new ends the list.
			func(c review.ReviewSummary) bool { return at.At.Sub(c.Written) >= review.NewFor })
		return err
	})
	if err := group.Wait(); err != nil {
		return Page{}, err
	}
	shown, usedHelpful, usedNew := review.Interleave(helpful.found, fresh.found, at.Shown, limit)
	page := Page{Cards: cards(shown)}
	var more, moreNew bool
	// Only what was shown is passed over; the rest is read again for the next page.
	at.Helpful, more = helpful.after(usedHelpful, at.Helpful)
	at.New, moreNew = fresh.after(usedNew, at.New)
	if !more && !moreNew {
		return page, nil
	}
	at.Shown += len(shown)
	raw, err := json.Marshal(at)
	page.Next = table.Cursor(base64.RawURLEncoding.EncodeToString(raw))
	return page, err
}

// list is a list of reviews, read backwards from a place; the end when it is empty.
type list struct{ index, key, from string }

// collected is what was read of a list.
type collected struct {
	found []listed
	last  string // the place of the last one that was read
	ended bool
}

// after is where to go on when the first used ones were shown, and whether there is more. from is where reading began.
func (c collected) after(used int, from string) (place string, more bool) {
	switch {
	case used < len(c.found) && used > 0:
		// Some were left over: the next page begins behind the last one that was used.
		return c.found[used-1].at, true
	case used < len(c.found):
		// None was used, so the next page begins where this one did.
		return from, true
	case c.last == "":
		return from, !c.ended
	}
	return c.last, !c.ended
}

// collect reads a list until want reviews are kept, it ends, one is past what is wanted, or mostQueries were made.
func (s Store) collect(ctx context.Context, l list, want int, keep, past func(review.ReviewSummary) bool) (c collected,
	err error) {
	hash, sort := "pk", "sk"
	if l.index != "" {
		hash, sort = l.index+"pk", l.index+"sk"
	}
	// "~" sorts behind every place.
	from, size := cmp.Or(l.from, "~"), want+5
	for range mostQueries {
		page, err := s.Table.Query(ctx, table.Query{
			Index: l.index, Where: "#" + hash + " = :pk AND #" + sort + " < :from",
			With: map[string]any{":pk": l.key, ":from": from}, Backwards: true, Limit: size,
		})
		if err != nil {
			return c, err
		}
		for _, item := range page.Items {
			from = item.Text(sort)
			// Noted before anything is left out, so that the next page does not read it again.
			c.last = from
			entry, published, err := listedOf(item, sort)
			if err != nil {
				return c, err
			}
			if !published {
				continue
			}
			if past != nil && past(entry.card) {
				c.ended = true
				return c, nil
			}
			if keep(entry.card) {
				if c.found = append(c.found, entry); len(c.found) == want {
					return c, nil
				}
			}
		}
		if page.Next == "" {
			c.ended = true
			return c, nil
		}
		size = scanSize
	}
	return c, nil
}

// cursorAt is the cursor of a place in a list.
func cursorAt(indexKey string) table.Cursor {
	return table.Cursor(base64.RawURLEncoding.EncodeToString([]byte(indexKey)))
}

// indexKeyOf reads a cursor that cursorAt made.
func indexKeyOf(c table.Cursor) (string, error) {
	if c == "" {
		return "", nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(string(c))
	if err != nil || len(raw) == 0 || len(raw) > 200 {
		return "", table.ErrCursor
	}
	return string(raw), nil
}

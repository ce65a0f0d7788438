package service

import (
	"context"
	"strconv"
	"strings"

	"dangol/shared/platform/civil"
	"dangol/shared/platform/table"
	"dangol/shared/subscription"
)

// SearchQuery is which subscriptions a merchant looks for; empty fields ask for nothing.
type SearchQuery struct {
	PlanID    string
	State     subscription.State
	Text      string     // in the subscriber's mail address, or its id of the subscription
	PastDue   bool       // an invoice is unpaid
	DueBefore civil.Date // the running period ends before this day
	Limit     int
	After     table.Cursor
}

// searchQueries bounds how many queries one page of a search makes: a search that finds little answers with what it has
// and a cursor, and does not read the whole shop in one request.
const searchQueries = 25

func (q SearchQuery) matches(c Summary) bool {
	text := strings.ToLower(q.Text)
	switch {
	case q.State != "" && c.State != q.State,
		q.PastDue && !c.Unpaid,
		q.DueBefore != "" && (c.State == subscription.Ended || c.Closes >= q.DueBefore):
		return false
	}
	return text == "" || c.ID == q.Text || strings.Contains(strings.ToLower(c.Email), text)
}

// Search lists subscriptions by plan and id, shard after shard, leaving out what does not match. Up to 25 round trips a
// page, 0.5 RCU per 4 KB of cards read. Errors: table.ErrCursor.
func (s *Service) Search(ctx context.Context, q SearchQuery) ([]Summary, table.Cursor, error) {
	shard, inner, _ := strings.Cut(string(q.After), ".")
	n := 0
	if q.After != "" {
		var err error
		if n, err = strconv.Atoi(shard); err != nil || n < 0 || n >= Shards {
			return nil, "", table.ErrCursor
		}
	}
	out := []Summary{}
	for range searchQueries {
		page, err := s.Table.Query(ctx, q.page(n, table.Cursor(inner), q.Limit-len(out)))
		if err != nil {
			return nil, "", err
		}
		for _, item := range page.Items {
			card, err := cardOf(item)
			if err != nil {
				return nil, "", err
			}
			if q.matches(card) {
				out = append(out, card)
			}
		}
		if inner = string(page.Next); inner == "" {
			n++
		}
		if n == Shards {
			return out, "", nil
		}
		if len(out) == q.Limit {
			break
		}
	}
	return out, table.Cursor(strconv.Itoa(n) + "." + inner), nil
}

// page is one query: at most as many cards as still fit, so that the cursor behind it loses none.
func (q SearchQuery) page(shard int, after table.Cursor, limit int) table.Query {
	of := table.Query{
		Index: table.ByTwo, Where: "#gsi2pk = :shard", With: map[string]any{":shard": shardKey(shard)}, Limit: limit,
		After: after,
	}
	if q.PlanID != "" {
		of.Where += " AND begins_with(#gsi2sk, :plan)"
		of.With[":plan"] = q.PlanID + "#"
	}
	return of
}

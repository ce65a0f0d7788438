package demo

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"
)

//go:embed plans.json
var plans string

//go:embed promotions.json
var promotions string

// subscriptions makes the plans: a membership with a trial, a box with the editions of this month
// and the next, one to give away, and soap every six weeks.
func (s shop) subscriptions(ctx context.Context, now time.Time) error {
	all, err := s.filled(ctx, plans, now)
	if err != nil {
		return err
	}
	for _, plan := range all {
		if err := s.call(ctx, http.MethodPost, "/plans", "application/json", plan, nil); err != nil {
			return err
		}
	}
	return nil
}

// season plans a sale for the next weekend, and a code that is valid from today.
func (s shop) season(ctx context.Context, now time.Time) error {
	all, err := s.filled(ctx, promotions, now)
	if err != nil {
		return err
	}
	for _, promotion := range all {
		var made struct{ ID string }
		if err := s.call(ctx, http.MethodPost, "/promotions", "application/json", promotion, &made); err != nil {
			return err
		}
		if err := s.call(ctx, http.MethodPost, "/promotions/"+made.ID+"/publish", "application/json", []byte(`{}`),
			nil); err != nil {
			return err
		}
	}
	return nil
}

// blanks are the placeholders in the files of the demo.
var blanks = regexp.MustCompile(`\{(product )?([a-z][a-z -]*)\}`)

// filled puts days and ids into a list: {friday} and the like are days by the shop's clock, {handle} is the first
// variant of a product and {product handle} the product.
func (s shop) filled(ctx context.Context, text string, now time.Time) ([]json.RawMessage, error) {
	seoul, err := time.LoadLocation("Asia/Seoul")
	if err != nil {
		return nil, err
	}
	// Days of the shop and not of the machine, which may be in another zone.
	today := now.In(seoul)
	// The next Friday, and today's never: the sale is still to come.
	friday := today.AddDate(0, 0, 1+int(time.Friday-today.Weekday()+6)%7)
	known := map[string]string{
		"{today}": today.Format(time.DateOnly), "{friday}": friday.Format(time.DateOnly),
		"{sunday}":     friday.AddDate(0, 0, 2).Format(time.DateOnly),
		"{next month}": time.Date(today.Year(), today.Month()+1, 1, 0, 0, 0, 0, seoul).Format(time.DateOnly),
	}
	for _, blank := range blanks.FindAllStringSubmatch(text, -1) {
		if known[blank[0]] != "" {
			continue
		}
		var d struct {
			ID string `json:"id"`
			described
		}
		if err := s.call(ctx, http.MethodGet, "/products/"+blank[2], "", nil, &d); err != nil {
			return nil, fmt.Errorf("%s: %w", blank[0], err)
		}
		known[blank[0]] = d.Variants[0].ID
		if blank[1] != "" {
			known[blank[0]] = d.ID
		}
	}
	for blank, value := range known {
		text = strings.ReplaceAll(text, blank, value)
	}
	var all []json.RawMessage
	return all, json.Unmarshal([]byte(text), &all)
}

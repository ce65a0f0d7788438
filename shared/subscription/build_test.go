package subscription_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"dangol/shared/compliance"
	"dangol/shared/platform/civil"
	. "dangol/shared/subscription"
)

func instant(s string) time.Time {
	at, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		panic(err)
	}
	return at.UTC()
}

// seoul is an instant given by the wall clock in Seoul: "2026-01-31 10:00".
func seoul(s string) time.Time {
	at, err := time.Parse("2006-01-02 15:04 -0700", s+" +0900")
	if err != nil {
		panic(err)
	}
	return at.UTC()
}

func location(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := civil.Zone(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

var anyZone = rapid.SampledFrom([]string{
	"Asia/Seoul", "America/Los_Angeles", "America/New_York", "Europe/Berlin", "Africa/Cairo", "America/Santiago",
	"America/Havana",
	"Pacific/Apia", "Pacific/Kiritimati", "Australia/Lord_Howe", "America/St_Johns", "Asia/Kathmandu", "UTC",
})

var anyInterval = rapid.Custom(func(t *rapid.T) Interval {
	unit := rapid.SampledFrom([]Unit{Day, Week, Month, Year}).Draw(t, "unit")
	return Every(rapid.IntRange(1, map[Unit]int{Day: 45, Week: 9, Month: 13, Year: 2}[unit]).Draw(t, "count"), unit)
})

// plan builds a valid plan; options change it.
func plan(kind Kind, price int64, options ...func(*Plan)) *Plan {
	p := &Plan{
		ID: "plan_" + string(kind), Version: 1, Kind: kind, Name: map[string]string{"ko": "단골", "en": "Regular"},
		Interval: Every(1, Month),
		Prices:   map[string]int64{"KRW": price}, Tax: Tax{RateBP: 1000, Included: true},
	}
	switch kind {
	case Membership:
		p.Benefits = Benefits{PercentOffBP: 500, FreeShipping: true, PointsTimes: 2}
	case Box:
		p.Editions = []Edition{{Name: "first", From: "2020-01-01", Contents: []Item{{VariantID: "var_tea", Quantity: 1}}}}
	case Replenishment:
		p.Contents = []Item{{VariantID: "var_soap", Quantity: 2}}
	}
	for _, o := range options {
		o(p)
	}
	return p
}

func every(count int, unit Unit) func(*Plan) {
	return func(p *Plan) { p.Interval = Every(count, unit) }
}
func trial(days int) func(*Plan) { return func(p *Plan) { p.TrialDays = days } }
func prepaid(n int) func(*Plan)  { return func(p *Plan) { p.Prepaid = n } }
func minimum(n int) func(*Plan)  { return func(p *Plan) { p.MinCycles = n } }
func setup(fee int64) func(*Plan) {
	return func(p *Plan) { p.SetupFees = map[string]int64{"KRW": fee} }
}
func named(id string) func(*Plan)      { return func(p *Plan) { p.ID = id } }
func silence(s Silence) func(*Plan)    { return func(p *Plan) { p.Policy.Silence = s } }
func stock(do StockAction) func(*Plan) { return func(p *Plan) { p.Policy.Stock.Do = do } }
func substitutes(id string) func(*Plan) {
	return func(p *Plan) { p.Policy.Substitutes = []Item{{VariantID: id, Quantity: 1}} }
}

func terms(p *Plan, quantity int) Terms {
	if err := p.Check(); err != nil {
		panic(err)
	}
	t, err := p.Terms("KRW", quantity)
	if err != nil {
		panic(err)
	}
	return t
}

// starting is the command that begins a subscription in Seoul.
func starting(p *Plan, options ...func(*Start)) Start {
	c := Start{
		ID: "sub_1", CustomerID: "cus_1", Region: "KR", Zone: "Asia/Seoul", AddressID: "adr_1", Terms: terms(p, 1),
		Card: Card{Token: "card_1", Brand: "visa", ExpYear: 2035, ExpMonth: 12}, Trial: p.TrialDays > 0,
	}
	for _, o := range options {
		o(&c)
	}
	return c
}

func in(region, zone string) func(*Start) { return func(c *Start) { c.Region, c.Zone = region, zone } }
func billingDay(day int) func(*Start)     { return func(c *Start) { c.BillingDay = day } }

// yes is valid consent to what the subscription asks.
func yes(s Subscription) Consent {
	n, _ := s.ConsentNotice("Visa ending in 4242", "One step in your account, until the day before",
		"You pay nothing and keep the days that are left")
	return Consent{Notice: n, Answer: compliance.ConsentAnswer{NoticeID: n.ID, Explicit: true, Separate: true,
		Channel: "web", Origin: "req_1"}}
}

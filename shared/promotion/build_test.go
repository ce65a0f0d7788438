package promotion_test

import (
	"testing"
	"time"

	"dangol/shared/catalog"
	"dangol/shared/pricing"
	"dangol/shared/promotion"
)

// noon is a moment at which every promotion made by a builder is live.
var noon = time.Date(2026, 9, 25, 3, 0, 0, 0, time.UTC)

func shop(t testing.TB) pricing.Shop {
	t.Helper()
	s, err := pricing.DefaultShop()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// line is a line of product "p-ID", variant "v-ID", in category "c-ID", that is not shipped unless shipped says so.
func line(id string, quantity int, unit int64, change ...func(*pricing.Line)) pricing.Line {
	l := pricing.Line{
		ID: id, VariantID: "v-" + id, ProductID: "p-" + id, Quantity: quantity, Unit: unit, Taxable: true,
		Categories: []string{"c-" + id, "all"}, Tags: []string{"t-" + id},
	}
	for _, c := range change {
		c(&l)
	}
	return l
}

func shipped(l *pricing.Line) { l.RequiresShipping = true }

func floor(amount int64) func(*pricing.Line) { return func(l *pricing.Line) { l.Floor = amount } }

func wasAt(amount int64) func(*pricing.Line) { return func(l *pricing.Line) { l.CompareAt = amount } }

func basket(lines ...pricing.Line) pricing.Basket {
	return pricing.Basket{Currency: "KRW", Country: "KR", Method: "standard", At: noon, CustomerID: "cus_1", Lines: lines}
}

func withCodes(b pricing.Basket, codes ...string) pricing.Basket {
	b.Codes = codes
	return b
}

type change func(*promotion.Promotion)

// promo is a live promotion of order class for the whole basket.
func promo(id string, kind promotion.Kind, terms promotion.Terms, changes ...change) promotion.Promotion {
	p := promotion.Promotion{
		ID: id, Version: 1, Name: catalog.Text{"en": "offer " + id}, Kind: kind, State: promotion.Scheduled,
		Starts: noon.AddDate(0, 0, -1), Ends: noon.AddDate(0, 0, 1), TimeZone: "Asia/Seoul", Class: promotion.Order,
		Targets: promotion.Targets{All: true}, Terms: terms,
	}
	for _, c := range changes {
		c(&p)
	}
	return p
}

func percent(id string, basisPoints int, changes ...change) promotion.Promotion {
	return promo(id, promotion.Percentage, promotion.Terms{BasisPoints: basisPoints}, changes...)
}

func won(id string, amount int64, changes ...change) promotion.Promotion {
	return promo(id, promotion.FixedAmount, promotion.Terms{Amount: krw(amount)}, changes...)
}

func freeShipping(id string, changes ...change) promotion.Promotion {
	return promo(id, promotion.FreeShipping, promotion.Terms{}, append([]change{class(promotion.Shipping)}, changes...)...)
}

func buyXGetY(id string, buy, get int, changes ...change) promotion.Promotion {
	terms := promotion.Terms{BuyXGetY: &promotion.BuyXGetYTerms{Buy: buy, Get: get, BasisPoints: 10_000}}
	return promo(id, promotion.BuyXGetY, terms, append([]change{class(promotion.Product)}, changes...)...)
}

func krw(amount int64) promotion.Amounts { return promotion.Amounts{"KRW": amount} }

func class(c promotion.Class) change { return func(p *promotion.Promotion) { p.Class = c } }

func with(classes ...promotion.Class) change {
	return func(p *promotion.Promotion) { p.CombinesWith = classes }
}

var withAll = with(promotion.Product, promotion.Order, promotion.Shipping)

func priority(n int) change { return func(p *promotion.Promotion) { p.Priority = n } }

func exclusive(p *promotion.Promotion) { p.Exclusive = true }

func skipSale(p *promotion.Promotion) { p.ExcludeSaleItems = true }

func on(lines ...string) change {
	return func(p *promotion.Promotion) {
		p.Targets = promotion.Targets{}
		for _, l := range lines {
			p.Targets.Products = append(p.Targets.Products, "p-"+l)
		}
	}
}

func code(c string) change { return func(p *promotion.Promotion) { p.Codes.Single = c } }

func from(amount int64) change {
	return func(p *promotion.Promotion) { p.Conditions.MinSubtotal = krw(amount) }
}

func atMost(amount int64) change { return func(p *promotion.Promotion) { p.MaxDiscount = krw(amount) } }

func between(starts, ends time.Time) change {
	return func(p *promotion.Promotion) { p.Starts, p.Ends = starts, ends }
}

func apply(t testing.TB, b pricing.Basket, f promotion.Facts, promotions ...promotion.Promotion) promotion.Outcome {
	t.Helper()
	return promotion.NewSet(promotions).Apply(b, shop(t), f)
}

package returns_test

import (
	"testing"
	"time"

	"dangol/functions/returns"
	"dangol/infra/testkit/apitest"
	"dangol/infra/testkit/testshop"
	"dangol/shared/catalog"
	"dangol/shared/order"
	"dangol/shared/platform/table"
)

// edit changes a product as it is in the catalog.
func (d *desk) edit(variant string, change func(*catalog.Product)) {
	d.T.Helper()
	var p catalog.Product
	if err := d.Table.Get(d.T.Context(), catalog.KeyOf(catalog.ProductOf(variant)), &p); err != nil {
		d.T.Fatal(err)
	}
	change(&p)
	if err := d.Table.Put(d.T.Context(), table.Put{Item: &p}); err != nil {
		d.T.Fatal(err)
	}
}

// waiting is an order of one soap of 60,000 won that is not shipped, and oil of 8,000 won that may be added to it.
func waiting(t *testing.T) (d *desk, o *order.Order, oil string) {
	t.Helper()
	d = open(t)
	soap := d.Sell(testshop.ProductSpec{Price: 60_000, Units: 9})
	oil = d.Sell(testshop.ProductSpec{Price: 8_000, Units: 9})
	return d, d.buy(map[string]int{soap: 1}), oil
}

func (d *desk) additionsOf(o *order.Order) string { return "/orders/" + o.ID + "/additions" }

func TestTheCatalogSaysWhatMayBeAdded(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		change   func(*catalog.Product)
		quantity int
		code     string // "" when it may be added
	}{
		{"a product that is archived", func(p *catalog.Product) { p.Status = catalog.Archived }, 1, "variant_not_sold"},
		{"a product that costs nothing", func(p *catalog.Product) {
			p.Variants[0].Prices["KRW"] = catalog.Price{}
		}, 1, "variant_not_sold"},
		{"a product without a price in won", func(p *catalog.Product) {
			p.Variants[0].Prices = map[string]catalog.Price{"USD": {Amount: 800}}
		}, 1, "variant_not_sold"},
		{"one that customers may have so many of", func(p *catalog.Product) { p.Variants[0].MaxPerCustomer = 9 }, 1,
			"variant_limited"},
		{"as many as an order may have", func(p *catalog.Product) { p.Variants[0].MaxPerOrder = 3 }, 3, ""},
		{"one more than an order may have", func(p *catalog.Product) { p.Variants[0].MaxPerOrder = 3 }, 4,
			"variant_limited"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d, o, oil := waiting(t)
			d.edit(oil, c.change)
			answer := d.keyed(d.ann()).Do("POST", d.additionsOf(o), goods(oil, c.quantity))
			if c.code == "" {
				answer.Want(201)
				return
			}
			if p := answer.WantProblem(409, c.code); p.Extra["variantId"] != oil {
				t.Errorf("the answer does not name the variant: %+v", p.Extra)
			}
			if n := d.SellableUnits(t, oil); n != 9 || d.order(o.ID).Additions != 0 {
				t.Errorf("%d in stock, %d additions; want nothing held", n, d.order(o.ID).Additions)
			}
		})
	}
}

func TestTheLimitOfAnOrderCountsWhatTheOrderHas(t *testing.T) {
	t.Parallel()
	d, o, _ := waiting(t)
	soap := o.Lines[0].VariantID
	d.edit(soap, func(p *catalog.Product) { p.Variants[0].MaxPerOrder = 2 })
	d.keyed(d.ann()).Do("POST", d.additionsOf(o), goods(soap, 2)).WantProblem(409, "variant_limited")
	if a := d.add(o, soap, 1); a.Lines[0].Quantity != 1 {
		t.Errorf("%+v", a)
	}
}

func TestAnAdditionShowsThePictureOfItsVariantOrOfItsProduct(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ own, want string }{
		{"https://cdn.example.com/red.jpg", "https://cdn.example.com/red.jpg"},
		{"", "https://cdn.example.com/product.jpg"},
	} {
		d, o, oil := waiting(t)
		d.edit(oil, func(p *catalog.Product) {
			p.Images = []catalog.Image{{URL: "https://cdn.example.com/product.jpg"}}
			p.Variants[0].Image = c.own
		})
		d.add(o, oil, 1)
		d.keyed(d.ann()).Do("POST", d.additionsOf(o)+"/1/payment", paying(8_000, "pm_card_visa")).Want(200)
		if got := d.order(o.ID).Lines[1].Image; got != c.want {
			t.Errorf("the line shows %q, want %q", got, c.want)
		}
	}
}

func TestAnOrderIsAddedToTwentyTimes(t *testing.T) {
	t.Parallel()
	d, o, oil := waiting(t)
	for range 20 {
		a := d.add(o, oil, 1)
		d.ann().Do("POST", d.additionsOf(o)+"/"+decimal(a.N)+"/cancel", nil).Want(200)
	}
	d.keyed(d.ann()).Do("POST", d.additionsOf(o), goods(oil, 1)).WantProblem(409, "too_many_additions")
	if n := d.SellableUnits(t, oil); n != 9 || d.order(o.ID).Additions != 20 {
		t.Errorf("%d in stock after %d additions", n, d.order(o.ID).Additions)
	}
}

func TestWhoAddsGoodsDecidesHowLongTheyAreHeld(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		who  func(*desk) *apitest.Client
		held time.Duration
	}{
		{"the customer, who is about to pay", (*desk).ann, returns.AdditionForCustomer},
		{"the shop, whose mail has to be read", (*desk).agent, returns.AdditionFor},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d, o, oil := waiting(t)
			var a returns.AdditionView
			d.keyed(c.who(d)).Do("POST", d.additionsOf(o), goods(oil, 1)).Want(201).Into(&a)
			if want := d.Clock.Now().Add(c.held); !a.PayBy.Equal(want) {
				t.Errorf("pay by %s, want %s", a.PayBy, want)
			}
			d.Clock.Advance(c.held - time.Second)
			d.workReturns()
			if n := d.SellableUnits(t, oil); n != 8 {
				t.Errorf("%d in stock a second before, want the one held", n)
			}
			d.Clock.Advance(time.Second)
			// Whoever pays now is too late, whether or not the job has been there.
			pay := func() {
				d.keyed(d.ann()).Do("POST", d.additionsOf(o)+"/1/payment", paying(8_000, "pm_card_visa")).
					WantProblem(409, "addition_over")
			}
			pay()
			d.workReturns()
			pay()
			if n := d.SellableUnits(t, oil); n != 9 || d.taken() != 60_000 {
				t.Errorf("%d in stock, the bank has %d", n, d.taken())
			}
		})
	}
}

func TestAnAdditionThatIsNotThereOrOverIsRefusedByEachRoute(t *testing.T) {
	t.Parallel()
	d, o, oil := waiting(t)
	at := d.additionsOf(o)
	d.ann().Do("GET", at+"/1", nil).WantProblem(404, "addition_not_found")
	d.ann().Do("POST", at+"/1/cancel", nil).WantProblem(404, "addition_not_found")
	d.keyed(d.ann()).Do("POST", at+"/1/payment", paying(8_000, "pm_card_visa")).WantProblem(404, "addition_not_found")
	d.add(o, oil, 1)
	d.client().As(apitest.Bob).Do("GET", at+"/1", nil).WantProblem(404, "order_not_found")
	d.client().As(apitest.Bob).Do("POST", at+"/1/cancel", nil).WantProblem(404, "order_not_found")
	d.keyed(d.ann()).Do("POST", at+"/1/payment", paying(8_000, "pm_card_visa")).Want(200)
	// Paid goods are returned; the addition itself cannot be given up any more.
	if p := d.ann().Do("POST", at+"/1/cancel", nil).WantProblem(409, "addition_over"); p.Extra["state"] != "paid" {
		t.Errorf("the answer says %+v", p.Extra)
	}
	if n := d.SellableUnits(t, oil); n != 8 {
		t.Errorf("%d in stock, want the one that was paid gone", n)
	}
}

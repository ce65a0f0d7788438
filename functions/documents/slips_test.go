package documents

import (
	"strings"
	"testing"
	"time"

	"dangol/shared/address"
	"dangol/shared/order"
	"dangol/shared/pricing"
)

// engraved is an order of two mugs for somebody who reads a language, with what may stand on a slip.
func engraved(language string, change func(*order.Order)) *order.Order {
	o := order.New("ord_1kjp7t0w0n1ra4y", "", order.Draft{
		Language: language, Address: &address.Address{Name: "Ann <b>", Line1: "1 Main St", City: "Austin", Region: "TX",
			Country: "US"},
		Lines: []order.Line{{
			ID: "line_1", SKU: "MUG-R", Title: "Mug & saucer", Quantity: 2, Options: []string{"red", "large"},
			Properties: map[string]string{"text": "<i>Ann</i>", "color": "gold"},
		}},
		Totals: order.Totals{Totals: pricing.Totals{Currency: "USD"}},
	}, order.Payment{}, time.Date(2026, 3, 2, 3, 0, 0, 0, time.UTC))
	if change != nil {
		change(o)
	}
	return o
}

func TestAPackingSlipSaysWhatIsPackedInTheCustomersLanguage(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		language string
		change   func(*order.Order)
		has, not []string
	}{
		{"in Korean", "ko", nil, []string{`lang="ko"`, "납품서", "받는 분"}, []string{"Ship to", "HOLD", "메모"}},
		{"in a language without words of its own", "de", nil, []string{"Packing slip", "Ship to"}, []string{"납품서"}},
		{"options, and what the shopper had put on it, in a fixed order", "en", nil,
			[]string{"Mug &amp; saucer (red, large); color: gold; text: &lt;i&gt;Ann&lt;/i&gt;", "MUG-R"}, []string{"<i>"}},
		{"an address line that is empty is left out", "en", nil, []string{"Ann &lt;b&gt;<br>1 Main St<br>Austin TX<br>US"},
			[]string{"<br><br>"}},
		{"an order on hold says so at its top", "en", func(o *order.Order) { o.Held = "check <address>" },
			[]string{"HOLD: check &lt;address&gt;"}, nil},
		{"a note of the shopper", "en", func(o *order.Order) { o.Note = "Ring <twice>" },
			[]string{"<h2>Note</h2>", "Ring &lt;twice&gt;"}, nil},
		{"an order without an address", "en", func(o *order.Order) { o.Address = nil }, nil, []string{"Ship to"}},
		{"what is in a parcel already is not packed again", "en", func(o *order.Order) {
			o.Fulfillments = []order.Fulfillment{{N: 1, Lines: []order.Part{{LineID: "line_1", Quantity: 2}}}}
		}, nil, []string{"MUG-R"}},
		{"the rest of a line", "en", func(o *order.Order) {
			o.Fulfillments = []order.Fulfillment{{N: 1, Lines: []order.Part{{LineID: "line_1", Quantity: 1}}}}
		}, []string{`<td class="n">1</td><td>MUG-R</td>`}, nil},
	} {
		got := string(slip(engraved(c.language, c.change)))
		for _, text := range c.has {
			if !strings.Contains(got, text) {
				t.Errorf("%s: %q is missing in %s", c.name, text, got)
			}
		}
		for _, text := range c.not {
			if strings.Contains(got, text) {
				t.Errorf("%s: %q is in %s", c.name, text, got)
			}
		}
	}
}

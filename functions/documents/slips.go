package documents

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"html"
	"maps"
	"slices"
	"strings"

	"dangol/shared/order"
)

// slipInput names an order.
type slipInput struct {
	OrderID string `path:"orderId" maxLength:"40" example:"ord_01k9x7d3f8q7m2k"`
}

const htmlType = "text/html; charset=utf-8"

// packingSlip prints what of an order is still to be packed, in the customer's language. 1 round trip.
func (f *Documents) packingSlip(ctx context.Context, in *slipInput) (*Printed, error) {
	o, err := f.Orders.Get(ctx, in.OrderID)
	if err != nil {
		return nil, err
	}
	return printed(htmlType, slip(o)), nil
}

// page writes an HTML page that prints. Everything that is not of ours is escaped.
type page struct{ bytes.Buffer }

// open writes the head of the page. The styles print without colors and keep an order on one page.
func (p *page) open(title, language string) {
	fmt.Fprintf(p, `<!doctype html><html lang="%s"><meta charset="utf-8"><title>%s</title><style>`,
		html.EscapeString(language),
		html.EscapeString(title))
	p.WriteString(`body{font:11pt/1.5 sans-serif;margin:2em;color:#000}h1{font-size:16pt}h2{font-size:12pt;margin-top:1.5em}` +
		`table{border-collapse:collapse;width:100%}td,th{border-bottom:1px solid #999;padding:.3em;text-align:left;vertical-align:top}` +
		`td.n,th.n{text-align:right;width:4em}.box{border:1px solid #000;width:1.2em;height:1.2em;display:inline-block}` +
		`@media print{body{margin:0}section{break-inside:avoid}}</style>`)
	fmt.Fprintf(p, "<h1>%s</h1>", html.EscapeString(title))
}

// row writes a row of a table; the first cell is a number.
func (p *page) row(cells ...string) {
	p.WriteString("<tr>")
	for i, c := range cells {
		class := ""
		if i == 0 {
			class = ` class="n"`
		}
		fmt.Fprintf(p, "<td%s>%s</td>", class, html.EscapeString(c))
	}
	p.WriteString("</tr>")
}

// words of slips by language; English for every other one.
var slipWords = map[string][3]string{
	"ko": {"납품서", "받는 분", "메모"},
	"en": {"Packing slip", "Ship to", "Note"},
}

// slip is the packing slip of an order.
func slip(o *order.Order) []byte {
	words, ok := slipWords[o.Language]
	if !ok {
		words = slipWords["en"]
	}
	var p page
	p.open(words[0]+" "+order.NumberOf(o.ID), o.Language)
	// An order on hold must not be packed; the slip says so at its top.
	if o.Held != "" {
		fmt.Fprintf(&p, "<p><strong>HOLD: %s</strong></p>", html.EscapeString(o.Held))
	}
	if a := o.Address; a != nil {
		// Empty lines of the address are left out.
		lines := slices.DeleteFunc([]string{a.Name, a.Line1, a.Line2, strings.TrimSpace(a.City + " " + a.Region),
			a.PostalCode, a.Country, a.Phone},
			func(s string) bool { return s == "" })
		for i, l := range lines {
			lines[i] = html.EscapeString(l)
		}
		fmt.Fprintf(&p, "<h2>%s</h2><p>%s</p>", words[1], strings.Join(lines, "<br>"))
	}
	p.WriteString("<table>")
	for _, part := range o.Unshipped() {
		// A line that is in the order's list of unshipped ones is always in the order.
		l, _ := o.Line(part.LineID)
		p.row(fmt.Sprint(part.Quantity), l.SKU, described(l))
	}
	p.WriteString("</table>")
	if o.Note != "" {
		fmt.Fprintf(&p, "<h2>%s</h2><p>%s</p>", words[2], html.EscapeString(o.Note))
	}
	return p.Bytes()
}

// described is a line's title with its options and what the shopper had put on it.
func described(l order.Line) string {
	text := l.Title
	if len(l.Options) > 0 {
		text += " (" + strings.Join(l.Options, ", ") + ")"
	}
	for _, name := range slices.Sorted(maps.Keys(l.Properties)) {
		text += "; " + name + ": " + l.Properties[name]
	}
	return text
}

// picked is how many orders one pick list is for.
const picked = 100

// pickList prints the units of the oldest orders that wait, together by variant and then order by order. 4 round trips
// at once for the list and 1 for the orders.
func (f *Documents) pickList(ctx context.Context, _ *struct{}) (*Printed, error) {
	waiting, err := f.Orders.InState(ctx, order.Placed, picked, "")
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(waiting.Orders))
	for i, c := range waiting.Orders {
		ids[i] = c.ID
	}
	orders, err := f.Orders.GetMany(ctx, ids)
	if err != nil {
		return nil, err
	}
	// The list may be a moment old, so the order itself decides.
	orders = slices.DeleteFunc(orders, func(o *order.Order) bool { return o.Held != "" || o.State != order.Placed })
	return printed(htmlType, pickListOf(orders)), nil
}

// pickListOf is the pick list of these orders.
func pickListOf(orders []*order.Order) []byte {
	units, lines := map[string]int{}, map[string]order.Line{}
	for _, o := range orders {
		for _, part := range o.Unshipped() {
			l, _ := o.Line(part.LineID)
			units[l.VariantID] += part.Quantity
			lines[l.VariantID] = l
		}
	}
	var p page
	p.open(fmt.Sprintf("Pick list: %d orders", len(orders)), "en")
	p.WriteString("<table>")
	// By SKU, which is how most warehouses are sorted.
	variants := slices.SortedFunc(maps.Keys(units), func(a, b string) int {
		return cmp.Or(cmp.Compare(lines[a].SKU, lines[b].SKU), cmp.Compare(a, b))
	})
	for _, v := range variants {
		l := lines[v]
		l.Properties = nil // what differs from order to order is below
		p.row(fmt.Sprint(units[v]), l.SKU, described(l))
	}
	p.WriteString("</table>")
	for _, o := range orders {
		fmt.Fprintf(&p, "<section><h2>%s</h2><table>", order.NumberOf(o.ID))
		for _, part := range o.Unshipped() {
			l, _ := o.Line(part.LineID)
			p.row(fmt.Sprint(part.Quantity), l.SKU, described(l))
		}
		p.WriteString("</table></section>")
	}
	return p.Bytes()
}

package pricing

import (
	"cmp"
	"slices"

	"dangol/shared/money"
)

// RateOf is the tax rate of goods of a class in basis points: that of the class where the country has one, else the
// standard one.
func (t Tax) RateOf(class string) int {
	if rate, special := t.Classes[class]; special && class != "" {
		return rate
	}
	return t.Rate
}

// none reports whether nothing is taxed.
func (t Tax) none() bool {
	for _, rate := range t.Classes {
		if rate > 0 {
			return false
		}
	}
	return t.Rate == 0
}

// taxed is the taxable items of a basket, summed by tax rate, the highest rate first.
type taxed []taxedAt

// taxedAt is what is taxed at one rate: the amount and the tax on it, in minor units.
type taxedAt struct {
	rate       int // basis points
	goods, tax int64
}

// add adds a line with its tax. What is not taxed carries no part of the shipping's tax.
func (t *taxed) add(rate int, goods, tax int64) {
	if rate == 0 {
		return
	}
	at, known := slices.BinarySearchFunc(*t, rate, func(g taxedAt, rate int) int { return cmp.Compare(rate, g.rate) })
	if !known {
		*t = slices.Insert(*t, at, taxedAt{rate: rate})
	}
	(*t)[at].goods += goods
	(*t)[at].tax += tax
}

// ship taxes the shipping at the rates of the items that it is charged for, shared
// out by what they cost: shipping is an ancillary service that follows the main one.
func (t taxed) ship(charged int64, of func(amount, rate int64) int64) {
	weights := make([]int64, len(t))
	for i, g := range t {
		weights[i] = g.goods
	}
	for i, share := range money.Allocate(charged, weights) {
		t[i].tax += of(share, int64(t[i].rate))
	}
}

// AddTax adds tax at a rate to the line of tax of that rate, or makes one of that name. The highest rate stays first.
func AddTax(lines []TaxLine, name string, rate int, tax int64) []TaxLine {
	if rate == 0 {
		return lines
	}
	at, known := slices.BinarySearchFunc(lines, rate, func(l TaxLine, rate int) int { return cmp.Compare(rate, l.Rate) })
	if !known {
		lines = slices.Insert(lines, at, TaxLine{Name: name, Rate: rate})
	}
	lines[at].Amount += tax
	return lines
}

// sum is the tax at all rates.
func (t taxed) sum() (total int64) {
	for _, g := range t {
		total += g.tax
	}
	return total
}

// taxOf is the tax of the country that the basket goes to. While that is not known it is the tax of the shop's home, as
// far as prices contain it: a tax on top is not added for somebody who may live where there is none.
func (s Shop) taxOf(b Basket) (t Tax, included bool) {
	if b.Country != "" {
		return s.Tax(b.Country, b.Currency)
	}
	if t, included = s.Tax(s.Home(), b.Currency); included {
		return t, true
	}
	return Tax{}, false
}

// tax taxes lines and shipping, which costs charged after its discount.
func (t *Totals) tax(b Basket, shop Shop, charged int64) {
	tax, included := shop.taxOf(b)
	if tax.none() {
		return
	}
	t.TaxIncluded, t.TaxCountry = included, tax.Country
	// Prices that contain the tax and prices that it comes
	// on top of are computed and rounded differently.
	of := money.TaxOnTop
	if included {
		of = money.TaxIncluded
	}
	var goods taxed
	for i, l := range b.Lines {
		if l.Taxable {
			rate := tax.RateOf(l.TaxClass)
			// Rounded for each line, so that a refund of one line gives back exactly its tax.
			t.Lines[i].Tax, t.Lines[i].TaxRate = of(t.Lines[i].Total, int64(rate)), rate
			goods.add(rate, t.Lines[i].Total, t.Lines[i].Tax)
		}
	}
	goods.ship(charged, of)
	t.Tax = goods.sum()
	for _, g := range goods {
		t.TaxLines = append(t.TaxLines, TaxLine{Name: tax.Name, Rate: g.rate, Amount: g.tax})
	}
}

// onTop is the tax that comes on top of what the draft costs now, see Cost.
// It is computed as Totals.tax does, line by line, so that both agree.
func (d *Draft) onTop(tax Tax, charged int64) int64 {
	var goods taxed
	for i := range d.lines {
		if l := &d.lines[i]; l.Taxable {
			rate := tax.RateOf(l.TaxClass)
			goods.add(rate, d.left[i], money.TaxOnTop(d.left[i], int64(rate)))
		}
	}
	goods.ship(charged, money.TaxOnTop)
	return goods.sum()
}

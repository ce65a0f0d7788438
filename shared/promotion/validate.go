package promotion

import (
	"fmt"
	"regexp"
	"slices"
	"sync"
	"time"
	"unicode"

	"dangol/shared/platform/problem"
)

// References is what a promotion may refer to.
type References struct {
	Currencies []string
	// Components tells the components of a variant, by id, and whether there is such a variant. Nil checks no variants.
	Components func(variantID string) (components []string, ok bool)
}

const (
	maxAmount = 1_000_000_000_000 // keeps sums over a cart far inside 64 bits
	whole     = 10_000            // basis points
	maxNames  = 1_000             // of one list of targets
)

// Compiled on first use, not at start: a function that never validates must not pay for it.
var prefixForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Z0-9]{0,10}$`) })

// isCode reports whether a merchant may give out a code: 2 to 32 letters of any script, digits, dashes and underscores,
// the first a letter or a digit.
func isCode(code string) bool {
	n := 0
	for _, r := range code {
		plain := unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)
		if !plain && (n == 0 || r != '-' && r != '_') {
			return false
		}
		n++
	}
	// The normalized form has no dashes; of "--" nothing would be left.
	return n >= 2 && n <= 32 && len([]rune(NormalizeCode(code))) >= 2
}

// Validate says what is wrong with a promotion, field by field, by JSON pointer; nothing when it can be planned. Codes
// of fields: required, not_used, too_small, too_large, unknown, unknown_currency, unknown_variant, circular, twice,
// not_in_order, form.
func (p *Promotion) Validate(k References) []problem.Field {
	c := &checks{p: p, known: k}
	c.frame()
	c.conditions()
	c.codes()
	c.terms()
	return c.Fields
}

// Bounds of the texts of a promotion, in characters.
const (
	maxGroup  = 60
	maxReason = 1000
)

// checks collects what is wrong.
type checks struct {
	p     *Promotion
	known References
	problem.Fields
}

// amounts checks an amount of each currency.
func (c *checks) amounts(a Amounts, least int64, pointer string) {
	for currency, amount := range a {
		at := pointer + "/" + currency
		c.Require(slices.Contains(c.known.Currencies, currency), at, "unknown_currency", "one of %v", c.known.Currencies)
		c.Require(amount >= least, at, "too_small", "at least %d", least)
		c.Require(amount <= maxAmount, at, "too_large", "at most %d", int64(maxAmount))
	}
}

// frame checks what promotions of all kinds have.
func (c *checks) frame() {
	p := c.p
	c.Require(p.Name.In() != "", "/name", "required", "a name in one language at least")
	c.Require(slices.Contains(Kinds, p.Kind), "/kind", "unknown", "one of %v", Kinds)
	c.Require(slices.Contains(States, p.State), "/state", "unknown", "one of %v", States)
	c.Require(!p.Starts.IsZero(), "/starts", "required", "a moment")
	c.Require(p.Ends.IsZero() || p.Ends.After(p.Starts), "/ends", "not_in_order", "later than starts")
	_, err := time.LoadLocation(p.TimeZone)
	c.Require(err == nil && p.TimeZone != "" && p.TimeZone != "Local", "/timeZone", "unknown",
		"an IANA time zone such as Asia/Seoul")
	c.Text(p.Group, 0, maxGroup, "/group")
	c.Text(p.Reason, 0, maxReason, "/reason")
	c.Between(p.Priority, -1_000_000, 1_000_000, "/priority")
	c.class()
	for i, class := range p.CombinesWith {
		at := fmt.Sprintf("/combinesWith/%d", i)
		c.Require(slices.Contains([]Class{Product, Order, Shipping}, class), at, "unknown", "product, order or shipping")
		c.Require(slices.Index(p.CombinesWith, class) == i, at, "twice", "each once")
	}
	// It applies alone, so naming classes would promise what does not happen.
	c.Require(!p.Exclusive || len(p.CombinesWith) == 0, "/combinesWith", "not_used", "empty for an exclusive promotion")
	c.amounts(p.MaxDiscount, 1, "/maxDiscount")
	c.amounts(p.Budget.Spend, 1, "/budget/spend")
	c.Between(p.Budget.Uses, 0, 1_000_000_000, "/budget/uses")
	c.Between(p.LimitPerCustomer, 0, 1_000_000, "/limitPerCustomer")
	c.targets()
}

// class checks that the class is one that the kind can have.
func (c *checks) class() {
	switch class := c.p.Class; c.p.Kind {
	case FreeShipping:
		c.Require(class == Shipping, "/class", "unknown", "shipping, as the kind")
	case OrderPrice:
		c.Require(class == Order, "/class", "unknown", "order, as the kind")
	case Percentage:
		c.Require(slices.Contains([]Class{Product, Order, Shipping}, class), "/class", "unknown",
			"product, order or shipping")
	case BuyXGetY, FixedPrice, SetPrice, SalePrice, Drop:
		c.Require(class == Product, "/class", "unknown", "product, as the kind")
	default:
		c.Require(class == Product || class == Order, "/class", "unknown", "product or order")
	}
}

// targets checks that something is targeted, in the way the kind wants it.
func (c *checks) targets() {
	t := c.p.Targets
	if c.p.Kind == SetPrice {
		c.Require(t.Empty(), "/targets", "not_used", "empty: a set names its goods itself")
		return
	}
	c.Require(!t.Empty(), "/targets", "required", "all, or one product, variant, category or tag at least")
	if c.p.Kind == Drop {
		// Categories and tags change; who may buy a limited edition must not change with them.
		named := !t.All && len(t.Categories)+len(t.Tags) == 0
		c.Require(named, "/targets", "not_used", "a limited edition names its products or variants")
	}
	c.lists(t, "/targets")
}

// lists checks the names that targets consist of.
func (c *checks) lists(t Targets, pointer string) {
	names := len(t.Products) + len(t.Variants) + len(t.Categories) + len(t.Tags)
	c.Require(!t.All || names == 0, pointer+"/all", "not_used", "all, or lists, not both")
	for i, id := range t.Variants {
		c.variant(id, fmt.Sprintf("%s/variants/%d", pointer, i))
	}
	for name, list := range map[string][]string{
		"products": t.Products, "variants": t.Variants, "categories": t.Categories, "tags": t.Tags,
	} {
		c.names(pointer+"/"+name, list)
	}
}

// names checks a list of names, each of which stands once.
func (c *checks) names(pointer string, list []string) {
	c.Require(len(list) <= maxNames, pointer, "too_large", "at most %d", maxNames)
	for i, s := range list {
		c.Require(s != "", fmt.Sprintf("%s/%d", pointer, i), "required", "not empty")
		c.Require(slices.Index(list, s) == i, fmt.Sprintf("%s/%d", pointer, i), "twice", "each once")
	}
}

// conditions checks minimums and audience. Sale prices and drops are shown to
// everybody before there is a basket, so most conditions cannot hold for them.
func (c *checks) conditions() {
	con := c.p.Conditions
	c.amounts(con.MinSubtotal, 1, "/conditions/minSubtotal")
	c.Between(con.MinQuantity, 0, 1_000_000, "/conditions/minQuantity")
	basket := len(con.MinSubtotal) > 0 || con.MinQuantity > 0 || con.Anywhere
	c.Require(slices.Contains([]Audience{Everybody, Accounts, Members}, con.Audience), "/conditions/audience", "unknown",
		"account or member")
	c.Require(len(con.Plans) == 0 || con.Audience == Members, "/conditions/plans", "not_used",
		"none without the audience member")
	c.names("/conditions/plans", con.Plans)
	person := con.Audience != Everybody || con.FirstOrder || len(con.Segments)+len(con.Customers) > 0
	switch c.p.Kind {
	case SalePrice:
		c.Require(!basket && !person, "/conditions", "not_used", "none: a catalog price is for everyone")
		c.Require(c.p.LimitPerCustomer == 0, "/limitPerCustomer", "not_used", "0: a catalog price is for everyone")
		c.Require(len(c.p.MaxDiscount) == 0, "/maxDiscount", "not_used", "none: a catalog price has no order")
		c.Require(!c.p.Exclusive, "/exclusive", "not_used", "false: the cheapest sale price shows")
		c.Require(c.p.Budget.none(), "/budget", "not_used", "none: a catalog price has no use that could be counted")
	case Drop:
		c.Require(!basket && !con.FirstOrder, "/conditions", "not_used",
			"a limited edition has no minimum and no first order")
		c.Require(c.p.Budget.none(), "/budget", "not_used", "none: the stock is the budget")
	}
}

// codes checks how shoppers come to the promotion: by themselves, by one code, or by one of a batch.
func (c *checks) codes() {
	codes := c.p.Codes
	c.Between(c.p.LimitPerCode, 0, 1_000_000_000, "/limitPerCode")
	c.Require(c.p.LimitPerCode == 0 || !codes.Automatic(), "/limitPerCode", "not_used", "0 without a code")
	if c.p.Kind == SalePrice || c.p.Kind == Drop {
		c.Require(codes.Automatic(), "/codes", "not_used", "none: it is for everyone")
	}
	c.Require(codes.Single == "" || codes.Batch == nil, "/codes", "not_used", "single or batch, not both")
	if codes.Single != "" {
		c.Require(isCode(codes.Single), "/codes/single", "form", "2 to 32 letters, digits, dashes and underscores")
	}
	if b := codes.Batch; b != nil {
		c.Require(prefixForm().MatchString(b.Prefix), "/codes/batch/prefix", "form", "at most 10 capitals and digits")
		c.Between(b.Size, 1, MaxBatch, "/codes/batch/size")
		c.Require(len(b.Secret) >= 16, "/codes/batch/secret", "too_small", "16 random bytes at least")
	}
}

// CodeConflicts says which code of the promotion another one has at the same time, be it one of a batch. Prefixes of
// batches may be the same: their secrets keep them apart.
func (p *Promotion) CodeConflicts(others []Promotion) []problem.Field {
	c := &checks{p: p}
	for i := range others {
		o := &others[i]
		if o.ID == p.ID || !overlap(p.Starts, p.Ends, o.Starts, o.Ends) {
			continue
		}
		c.Require(!o.Codes.has(p.Codes.Single), "/codes/single", "twice", "%s has this code at the same time", o.ID)
		c.Require(p.Codes.Batch == nil || !p.Codes.has(o.Codes.Single), "/codes/batch", "twice",
			"%s has a code of this batch at the same time", o.ID)
	}
	return c.Fields
}

// has reports whether a shopper who enters the code would mean this promotion.
func (c Codes) has(code string) bool {
	if code == "" || c.Automatic() {
		return false
	}
	if c.Batch != nil {
		_, ok := c.Batch.Index(code)
		return ok
	}
	return NormalizeCode(c.Single) == NormalizeCode(code)
}

// overlap reports whether two spans share a moment; a zero end is never.
func overlap(s1, e1, s2, e2 time.Time) bool {
	return (e1.IsZero() || s2.Before(e1)) && (e2.IsZero() || s1.Before(e2))
}

package products

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// Reader is embedded in what shoppers read: in which language they want it.
type Reader struct {
	Language string `query:"language" maxLength:"35" doc:"Language tag; goes before Accept-Language." example:"ko"`
	Accept   string `header:"Accept-Language" maxLength:"500"`
}

// languages returns the languages to try, best first: those asked for that the shop speaks, then the shop's own.
func (c *Products) languages(r Reader) []string {
	accepts := accepted(r.Accept)
	// The query goes before the header, because a shopper chose it and the browser did not.
	if r.Language != "" {
		accepts = append([]string{strings.ToLower(r.Language)}, accepts...)
	}
	var known []string
	add := func(l string) {
		if slices.Contains(c.shop.Languages, l) && !slices.Contains(known, l) {
			known = append(known, l)
		}
	}
	for _, l := range accepts {
		// The whole tag first, so that a shop with zh-Hant and zh-Hans tells them apart.
		primary, _, _ := strings.Cut(l, "-") // ko-KR reads ko
		add(l)
		add(primary)
	}
	// The shop's own follow, so that there is always a first one.
	for _, l := range c.shop.Languages {
		add(l)
	}
	return known
}

// maxAccepted bounds how much of an Accept-Language header is looked at: real ones name a handful.
const maxAccepted = 16

// accepted reads an Accept-Language header (RFC 9110, 12.5.4): tags by falling weight, those of weight 0 left out.
func accepted(header string) []string {
	type weighted struct {
		tag string
		q   float64
	}
	var all []weighted
	for part := range strings.SplitSeq(header, ",") {
		tag, parameter, _ := strings.Cut(part, ";")
		q := 1.0
		if value, ok := strings.CutPrefix(strings.TrimSpace(parameter), "q="); ok {
			var err error
			// A weight that is no number makes only its own tag invalid.
			if q, err = strconv.ParseFloat(value, 64); err != nil {
				continue
			}
		}
		if tag = strings.ToLower(strings.TrimSpace(tag)); tag != "" && q > 0 && len(all) < maxAccepted {
			all = append(all, weighted{tag, q})
		}
	}
	// Stable: of equal weights the first named goes first.
	slices.SortStableFunc(all, func(a, b weighted) int { return cmp.Compare(b.q, a.q) })
	tags := make([]string, len(all))
	for i, w := range all {
		tags[i] = w.tag
	}
	return tags
}

package customer

import (
	"context"
	"strings"

	"dangol/shared/platform/format"
	"dangol/shared/platform/table"
)

// index puts the profile where the lists look for it.
func (p *Profile) index() {
	p.List, p.ListAt = listKey, strings.ToLower(p.Email)+"#"+p.ID
	p.Names, p.NameAt = "", ""
	if key := nameKey(p.Name); key != "" {
		p.Names, p.NameAt = namesKey, key+"#"+p.ID
	}
	p.Card.Value = Summary{ID: p.ID, Email: p.Email, Name: p.Name, Since: p.Since}
}

// nameKey is how a name is compared: folded, and without spaces, which Korean names are written with and without.
func nameKey(name string) string { return strings.Join(strings.Fields(format.Fold(name)), "") }

// A cursor begins with the list that it goes on in.
const (
	inNames = "n."
	inMails = "m."
)

// Find lists customers whose name or mail address begins with a text: those by name first, each once. Without a text it
// lists all by mail address. 1 round trip, 2 on the page where the names end, 0.5 RCU per 4 KB each. Errors:
// table.ErrCursor.
func (s Store) Find(ctx context.Context, begins string, limit int, after table.Cursor) ([]Summary, table.Cursor,
	error) {
	found := []Summary{}
	name, rest := nameKey(begins), string(after)
	inner, byName := strings.CutPrefix(rest, inNames)
	if rest == "" {
		byName = name != ""
	}
	if byName {
		page, err := s.page(ctx, table.Query{
			Index: table.ByTwo, Where: "#gsi2pk = :list AND begins_with(#gsi2sk, :begins)",
			With: map[string]any{":list": namesKey, ":begins": name}, Limit: limit, After: table.Cursor(inner),
		}, &found, func(Summary) bool { return true })
		if err != nil {
			return nil, "", err
		}
		if page.Next != "" {
			return found, inNames + page.Next, nil
		}
		if len(found) == limit {
			return found, inMails, nil
		}
		inner = ""
	} else {
		mails, ok := strings.CutPrefix(rest, inMails)
		if inner = mails; rest != "" && !ok {
			return nil, "", table.ErrCursor
		}
	}
	// Who was found by name is not listed again by mail address.
	page, err := s.page(ctx, byMail(begins, limit-len(found), table.Cursor(inner)), &found, func(c Summary) bool {
		return name == "" || !strings.HasPrefix(nameKey(c.Name), name)
	})
	if err != nil || page.Next == "" {
		return found, "", err
	}
	return found, inMails + page.Next, nil
}

// byMail is the query of the list by mail address.
func byMail(begins string, limit int, after table.Cursor) table.Query {
	q := table.Query{
		Index: table.ByOne, Where: "#gsi1pk = :list", With: map[string]any{":list": listKey}, Limit: limit, After: after,
	}
	if begins = strings.ToLower(begins); begins != "" {
		q.Where += " AND begins_with(#gsi1sk, :begins)"
		q.With[":begins"] = begins
	}
	return q
}

// page appends the cards of one query that keep lets through.
func (s Store) page(ctx context.Context, q table.Query, to *[]Summary, keep func(Summary) bool) (table.Page, error) {
	page, err := s.Table.Query(ctx, q)
	if err != nil {
		return page, err
	}
	for _, item := range page.Items {
		var in IndexKeys
		if err := item.Decode(&in); err != nil {
			return page, err
		}
		if keep(in.Card.Value) {
			*to = append(*to, in.Card.Value)
		}
	}
	return page, nil
}

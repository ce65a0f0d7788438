// Package texts is what the shop says to people, one catalog for each language: mails, titles of push messages, and the
// pages behind the links of mails. It links no template package, so that functions which render nothing stay small.
package texts

import (
	"embed"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"
)

//go:embed *.json
var files embed.FS

// Languages are those that there is a catalog of; people with any other read the last of them.
var Languages = []string{"ko", "en"}

// Catalog is all texts of one language, by key: <language>.json with nested keys joined by dots. {name} in a text
// is filled in. A new language is one more file and its code in Languages.
type Catalog struct {
	language string
	texts    map[string]string
}

// catalogs are read when they are first needed.
var catalogs = func() map[string]func() (*Catalog, error) {
	all := map[string]func() (*Catalog, error){}
	for _, language := range Languages {
		all[language] = sync.OnceValues(func() (*Catalog, error) { return readCatalog(language) })
	}
	return all
}()

// Of returns the texts of the language that a tag such as "ko" or "en-US" asks for.
func Of(tag string) (*Catalog, error) { return catalogs[Language(tag)]() }

// Language is the language of Languages that a tag asks for.
func Language(tag string) string {
	primary, _, _ := strings.Cut(strings.ToLower(tag), "-")
	if slices.Contains(Languages, primary) {
		return primary
	}
	return Languages[len(Languages)-1]
}

func readCatalog(language string) (*Catalog, error) {
	raw, err := files.ReadFile(language + ".json")
	if err != nil {
		return nil, fmt.Errorf("texts: %w", err)
	}
	var nested map[string]any
	if err := json.Unmarshal(raw, &nested); err != nil {
		return nil, fmt.Errorf("texts: %s.json: %w", language, err)
	}
	c := &Catalog{language: language, texts: map[string]string{}}
	return c, c.flatten("", nested)
}

func (c *Catalog) flatten(prefix string, nested map[string]any) error {
	for key, value := range nested {
		switch v := value.(type) {
		case string:
			c.texts[prefix+key] = v
		case map[string]any:
			if err := c.flatten(prefix+key+".", v); err != nil {
				return err
			}
		default:
			return fmt.Errorf("texts: %s.json: %s%s is neither a text nor a group", c.language, prefix, key)
		}
	}
	return nil
}

// Keys lists the keys in order.
func (c *Catalog) Keys() []string { return slices.Sorted(maps.Keys(c.texts)) }

// Has reports whether there is a text.
func (c *Catalog) Has(key string) bool { return c.texts[key] != "" }

// Text returns a text with its placeholders filled in; pairs are names and values. Values are put on one line. Error:
// an unknown key, or a placeholder without a value.
func (c *Catalog) Text(key string, pairs ...string) (string, error) {
	text, known := c.texts[key]
	if !known {
		return "", fmt.Errorf("texts: no text %q in %s", key, c.language)
	}
	if len(pairs)%2 == 1 {
		return "", fmt.Errorf("texts: text %q: a placeholder without a value", key)
	}
	// A value that contains braces is not filled in again: each placeholder is replaced once, from left to right.
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(text, "{")
		out.WriteString(before)
		if !found {
			return out.String(), nil
		}
		name, after, closed := strings.Cut(rest, "}")
		value, ok := valueOf(pairs, name)
		if !closed || !ok {
			return "", fmt.Errorf("texts: text %q in %s: no value for {%s}", key, c.language, name)
		}
		out.WriteString(OneLine(value))
		text = after
	}
}

func valueOf(pairs []string, name string) (string, bool) {
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i] == name {
			return pairs[i+1], true
		}
	}
	return "", false
}

// Any is Text for templates, whose values need not be texts.
func (c *Catalog) Any(key string, pairs ...any) (string, error) {
	values := make([]string, len(pairs))
	for i, p := range pairs {
		values[i] = fmt.Sprint(p)
	}
	return c.Text(key, values...)
}

// Placeholders lists the names in braces of a text, in order.
func (c *Catalog) Placeholders(key string) (names []string) {
	for part := range strings.SplitSeq(c.texts[key], "{") {
		if name, _, ok := strings.Cut(part, "}"); ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Instant writes a time to the minute: "2026년 3월 1일 (일) 21:00", "Sun, 1 Mar 2026, 21:00 KST".
func (c *Catalog) Instant(at time.Time) (string, error) {
	return c.Text("dates.instant", append(c.parts(at), "time", at.Format("15:04"), "zone", at.Format("MST"))...)
}

// Day writes a date YYYY-MM-DD for people; what is none stays as it is.
func (c *Catalog) Day(date string) (string, error) {
	at, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return date, nil
	}
	return c.Text("dates.day", c.parts(at)...)
}

// OneLine makes one line of a text: control characters and runs of space become one space. Characters that turn the
// direction of the text go too, because they can make an address or an amount read backwards.
func OneLine(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069'
	}), " ")
}

// Days writes the days from a first one to the one before to as a range, the last day included: "10 Jan - 9 Feb 2027".
// The year is written once where both are in it, and a single day is no range.
func (c *Catalog) Days(from, to string) (string, error) {
	first, err := time.Parse(time.DateOnly, from)
	if err != nil {
		return from, nil
	}
	end, err := time.Parse(time.DateOnly, to)
	if err != nil {
		return c.Day(from)
	}
	last := end.AddDate(0, 0, -1)
	if !last.After(first) {
		return c.Day(from)
	}
	key := "dates.range_years"
	if first.Year() == last.Year() {
		key = "dates.range"
	}
	var values []string
	for prefix, at := range map[string]time.Time{"from_": first, "to_": last} {
		parts := c.parts(at)
		for i := 0; i < len(parts); i += 2 {
			values = append(values, prefix+parts[i], parts[i+1])
		}
	}
	return c.Text(key, values...)
}

// InstantIn is Instant on the wall clock of the reader's zone, with the zone's name.
func (c *Catalog) InstantIn(at time.Time, zone string, otherwise *time.Location) (string, error) {
	z, err := time.LoadLocation(zone)
	if err != nil || zone == "" {
		z = otherwise
	}
	at = at.In(z)
	return c.Text("dates.instant_zone", append(c.parts(at), "time", at.Format("15:04"), "zone", at.Format("MST"))...)
}

func (c *Catalog) parts(at time.Time) []string {
	month := strings.Fields(c.texts["dates.months"])[at.Month()-1]
	short := []rune(month)
	return []string{
		"year", strconv.Itoa(at.Year()), "month", strconv.Itoa(int(at.Month())), "day", strconv.Itoa(at.Day()), "month_long",
		month,
		"month_name", string(short[:min(3, len(short))]), "weekday", strings.Fields(c.texts["dates.weekdays"])[at.Weekday()],
	}
}

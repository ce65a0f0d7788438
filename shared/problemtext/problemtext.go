// Package problemtext is what shoppers are told when the API refuses something: one text for each problem code and
// language. What a problem says to developers is its detail, which is English and more exact.
package problemtext

import (
	"embed"
	"encoding/json"
	"strings"
	"sync"
)

//go:embed *.json
var files embed.FS

// Languages are those that there are texts in; the last is for people who read none of them.
var Languages = []string{"ko", "en"}

// catalogs are read when a problem is first written: most invocations write none.
var catalogs = sync.OnceValue(func() map[string]map[string]string {
	all := map[string]map[string]string{}
	for _, language := range Languages {
		texts := map[string]string{}
		// A file that is missing or broken leaves its language without texts, which the test of this package notices.
		if raw, err := files.ReadFile(language + ".json"); err == nil {
			_ = json.Unmarshal(raw, &texts)
		}
		all[language] = texts
	}
	return all
})

// For is the text of a code in the first language that an Accept-Language header, or a single tag such as "ko-KR",
// names and the shop has. "" for a code that has none.
func For(code, accept string) string { return catalogs()[language(accept)][code] }

// language reads an Accept-Language header in its order. Weights are not compared: browsers send the languages sorted.
func language(accept string) string {
	for part := range strings.SplitSeq(strings.ToLower(accept), ",") {
		tag, _, _ := strings.Cut(part, ";")
		primary, _, _ := strings.Cut(strings.TrimSpace(tag), "-")
		for _, l := range Languages {
			if l == primary {
				return l
			}
		}
	}
	return Languages[len(Languages)-1]
}

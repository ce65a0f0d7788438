// Package example has the FAQ of the demo shop, 60 entries in Korean and English with five phrasings each, and
// questions that it does not answer. The laptop is filled with it; tests and figures measure the search with it.
package example

import (
	_ "embed"
	"encoding/json"
	"fmt"

	"dangol/shared/faq"
)

//go:embed entries.json
var entries []byte

//go:embed unrelated.json
var unrelated []byte

// Entries are the FAQ, in the order in which it is shown.
func Entries() []faq.FAQEntry {
	var all []faq.FAQEntry
	decode(entries, &all)
	return all
}

// Unrelated are questions by language that no entry answers.
func Unrelated() map[string][]string {
	var all map[string][]string
	decode(unrelated, &all)
	return all
}

//go:embed fresh.json
var fresh []byte

// Fresh are questions by language and by the entry that answers them, written after the phrasings by somebody who knew
// them. They were looked at when the search was finished, so they are no proof for how customers ask.
func Fresh() map[string]map[string]string {
	var all map[string]map[string]string
	decode(fresh, &all)
	return all
}

func decode(data []byte, into any) {
	if err := json.Unmarshal(data, into); err != nil {
		panic(fmt.Sprintf("the demo FAQ: %v", err)) // the files are part of the program
	}
}

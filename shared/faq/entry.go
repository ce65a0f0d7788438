// Package faq finds the entry of a FAQ that answers a question. It has no dictionary and no model: Korean is cut into
// syllables and pairs of syllables, English into stemmed words, and BM25 ranks the phrasings that each entry carries.
// On a public set of Korean paraphrases words between spaces put the right entry first in .59 of the questions,
// syllables and pairs in .85; a morphological dictionary does no better and takes 212 MB. The index is one block of
// bytes that is searched where it lies, so loading it costs a checksum.
package faq

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"dangol/shared/platform/format"
	"dangol/shared/platform/problem"
)

// FAQEntry is one question of the FAQ with its answer, by language (BCP 47, for example "ko").
type FAQEntry struct {
	ID       string             `json:"id" pattern:"^[a-z0-9-]{1,60}$" dynamodbav:"id"`
	Category string             `json:"category" pattern:"^[a-z0-9-]{1,40}$" dynamodbav:"category"`
	Texts    map[string]FAQText `json:"texts" dynamodbav:"texts"`
	// Action is what the bot offers to do beside the answer.
	Action string `json:"action,omitempty" enum:",order_status,start_return,skip_delivery,cancel_subscription" dynamodbav:"action,omitempty"`
}

// FAQText is an entry in one language. Phrasings are other ways to ask the same; customers' own words are worth more
// than a better ranking. Answer is light markdown.
type FAQText struct {
	Question  string   `json:"question" minLength:"2" maxLength:"200" dynamodbav:"question"`
	Phrasings []string `json:"phrasings,omitempty" maxItems:"30" dynamodbav:"phrasings,omitempty"`
	Answer    string   `json:"answer" minLength:"2" maxLength:"4000" dynamodbav:"answer"`
}

// MaxEntries is how many entries one FAQ may have.
const MaxEntries = 2000

// MaxOrder is the last place that an entry can be given in the list.
const MaxOrder = 100_000

// Bounds of an entry in one language, as the tags of FAQText say: characters, and phrasings.
const (
	maxQuestion  = 200
	maxAnswer    = 4000
	maxPhrasings = 30
)

// Actions are what the bot can offer to do beside an answer; the empty one is nothing.
var Actions = []string{"", "order_status", "start_return", "skip_delivery", "cancel_subscription"}

// Languages are the languages that a FAQ can have.
var Languages = []string{"ko", "en"}

// ValidateEntries checks a whole FAQ. It returns one problem.Field for each thing that is wrong, with its pointer.
func ValidateEntries(entries []FAQEntry) []problem.Field {
	var wrong problem.Fields
	if len(entries) > MaxEntries {
		return []problem.Field{{Pointer: "/entries", Code: "too_many", Message: fmt.Sprintf("at most %d", MaxEntries)}}
	}
	seen := map[string]bool{}
	for i, e := range entries {
		at := fmt.Sprintf("/entries/%d", i)
		if seen[e.ID] {
			wrong.Add(at+"/id", "duplicate", "this id is used twice")
		}
		seen[e.ID] = true
		wrong = append(wrong, e.Validate(at)...)
	}
	return wrong
}

// Validate checks one entry whose JSON pointer is at.
func (e FAQEntry) Validate(at string) []problem.Field {
	var wrong problem.Fields
	wrong.Note(format.Name(at+"/id", e.ID, 1, 60, format.Lower("-")))
	wrong.Note(format.Name(at+"/category", e.Category, 1, 40, format.Lower("-")))
	wrong.OneOf(e.Action, at+"/action", Actions...)
	if len(e.Texts) == 0 {
		wrong.Add(at+"/texts", "required", "at least one language")
	}
	for language, text := range e.Texts {
		if !slices.Contains(Languages, language) {
			wrong.Add(at+"/texts/"+language, "not_allowed", "one of %s", strings.Join(Languages, ", "))
			continue
		}
		// A question without letters has no terms and could never be found.
		if len(tokens(text.Question, language)) == 0 {
			wrong.Add(at+"/texts/"+language+"/question", "invalid", "must contain letters")
		}
		here := at + "/texts/" + language
		wrong.Text(text.Question, 2, maxQuestion, here+"/question")
		wrong.Text(text.Answer, 2, maxAnswer, here+"/answer")
		wrong.Count(len(text.Phrasings), 0, maxPhrasings, here+"/phrasings")
		for n, phrasing := range text.Phrasings {
			wrong.Text(phrasing, 2, maxQuestion, here+"/phrasings/"+strconv.Itoa(n))
		}
	}
	return wrong
}

// In is the entry's text in a language, else in the first of Languages that it has.
func (e FAQEntry) In(language string) (FAQText, string) {
	if text, ok := e.Texts[language]; ok {
		return text, language
	}
	for _, other := range Languages {
		if text, ok := e.Texts[other]; ok {
			return text, other
		}
	}
	return FAQText{}, ""
}

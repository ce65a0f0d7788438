// Package moderation checks the text of reviews, questions and answers before they are stored: swear words, personal
// data, links, repeated characters. Each finding has the words it is about, so the author can mend exactly those. It is
// pure, and it never sees the stars.
package moderation

import (
	"slices"
	"strings"

	"dangol/shared/review"
	"dangol/shared/textscan"
)

// Field is a text to check with the name it is reported under.
type Field struct{ Name, Text string }

// Check returns what is wrong with the texts, in the order of the reasons of the policy within each field.
func Check(fields ...Field) (found []review.Finding) {
	for _, f := range fields {
		text := textscan.Fold(f.Text)
		for _, check := range []struct {
			reason review.Reason
			find   func(textscan.Text) []textscan.Span
		}{
			{review.Profanity, textscan.Profanity},
			{review.PersonalData, personalData},
			{review.Links, textscan.Links},
			{review.RepeatedCharacters, textscan.Repeated},
		} {
			if spans := check.find(text); len(spans) > 0 {
				found = append(found, review.Finding{Reason: check.reason, Field: f.Name, Marks: marks(text, spans)})
			}
		}
	}
	return found
}

// personalData finds mail addresses, phone numbers, Korean resident registration numbers and card numbers.
func personalData(text textscan.Text) []textscan.Span {
	found := textscan.MailAddresses(text)
	for _, n := range textscan.Numbers(text) {
		// Thirteen digits without a hyphen are more often the bar code of a product.
		if len(n.Digits) != 13 || strings.Contains(text.Original(n.Span), "-") {
			found = append(found, n.Span)
		}
	}
	slices.SortFunc(found, func(a, b textscan.Span) int { return a.Start - b.Start })
	return found
}

// CanInsist reports whether an author may send a text with these findings to a moderator as it is. Personal data may be
// somebody else's, so it has to be taken out first.
func CanInsist(found []review.Finding) bool {
	for _, f := range found {
		if f.Reason == review.PersonalData {
			return false
		}
	}
	return true
}

// Find marks every place where a word that a moderator names stands in a text, however it is written.
func Find(text, word string) []review.Mark {
	f := textscan.Fold(text)
	return marks(f, textscan.Find(f, word))
}

// marks shows spans with their original text.
func marks(text textscan.Text, spans []textscan.Span) (all []review.Mark) {
	for _, s := range spans {
		all = append(all, review.Mark{Start: s.Start, End: s.End, Text: text.Original(s)})
	}
	return all
}

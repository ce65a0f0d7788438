package faq

import "slices"

// Quality is how well a FAQ answers questions whose wording it has not seen, in one language.
type Quality struct {
	Questions  int // phrasings held back, one of each entry at a time
	Top1, Top3 int // the right entry came first, or among the first three
	// What Decide made of them.
	AnsweredRight, AnsweredWrong, AskedRight, AskedWrong, HandedOver int
	// Questions that no entry answers: the unrelated ones, and each entry's questions with the entry itself left out.
	Unrelated, UnrelatedHandedOver, UnrelatedAnswered int
	Removed, RemovedHandedOver, RemovedAnswered       int
}

// Measure holds back each entry's n-th phrasing in turn, builds the index from the others and asks.
func Measure(entries []FAQEntry, unrelated []string, language string, t Thresholds) Quality {
	var q Quality
	entries = only(entries, language)
	// Each entry is asked with one of its phrasings left out, so that it is not found by its own
	// words.
	for n := range phrasings(entries, language) {
		index, held := without(entries, language, n)
		for id, question := range held {
			q.ask(index, t, id, question, language)
		}
	}
	whole, err := Load(Build(entries))
	if err != nil {
		return q // Load accepts what Build makes
	}
	for _, question := range unrelated {
		q.Unrelated++
		switch verdict, _ := t.Decide(whole.Search(question, language, choices)); verdict {
		case Unknown:
			q.UnrelatedHandedOver++
		case Sure:
			q.UnrelatedAnswered++
		}
	}
	// Questions whose entry was removed show how often the bot would answer wrongly.
	for i, e := range entries {
		index, err := Load(Build(slices.Concat(entries[:i], entries[i+1:])))
		if err != nil {
			continue
		}
		q.Removed++
		switch verdict, _ := t.Decide(index.Search(e.Texts[language].Question, language, choices)); verdict {
		case Unknown:
			q.RemovedHandedOver++
		case Sure:
			q.RemovedAnswered++
		}
	}
	return q
}

// MeasureFresh asks the whole FAQ questions in words that it does not have: id of the entry that answers -> question.
func MeasureFresh(entries []FAQEntry, questions map[string]string, language string, t Thresholds) Quality {
	var q Quality
	index, err := Load(Build(entries))
	if err != nil {
		return q // Load accepts what Build makes
	}
	for id, question := range questions {
		q.ask(index, t, id, question, language)
	}
	return q
}

// only is the part of the FAQ that is written in a language.
func only(entries []FAQEntry, language string) []FAQEntry {
	var part []FAQEntry
	for _, e := range entries {
		if text, ok := e.Texts[language]; ok {
			e.Texts = map[string]FAQText{language: text}
			part = append(part, e)
		}
	}
	return part
}

// ask counts what the index makes of one question.
func (q *Quality) ask(index *Index, t Thresholds, id, question, language string) {
	hits := index.Search(question, language, choices)
	q.Questions++
	place := slices.IndexFunc(hits, func(h Hit) bool { return h.ID == id })
	if place == 0 {
		q.Top1++
	}
	if place >= 0 {
		q.Top3++
	}
	switch verdict, _ := t.Decide(hits); {
	case verdict == Unknown:
		q.HandedOver++
	case verdict == Sure && place == 0:
		q.AnsweredRight++
	case verdict == Sure:
		q.AnsweredWrong++
	case place >= 0:
		q.AskedRight++
	default:
		q.AskedWrong++
	}
}

// phrasings is how many ways to ask the entry with the most has, the question itself included.
func phrasings(entries []FAQEntry, language string) int {
	most := 0
	for _, e := range entries {
		if text, ok := e.Texts[language]; ok {
			most = max(most, 1+len(text.Phrasings))
		}
	}
	return most
}

// without builds the index without the n-th phrasing of each entry that has one to spare, and returns what was held
// back by id.
func without(entries []FAQEntry, language string, n int) (*Index, map[string]string) {
	held := map[string]string{}
	kept := make([]FAQEntry, len(entries))
	for i, e := range entries {
		kept[i] = e
		text, ok := e.Texts[language]
		if !ok || len(text.Phrasings) == 0 || n > len(text.Phrasings) {
			continue
		}
		all := append([]string{text.Question}, text.Phrasings...)
		held[e.ID] = all[n]
		rest := slices.Delete(slices.Clone(all), n, n+1)
		kept[i].Texts = map[string]FAQText{language: {Question: rest[0], Phrasings: rest[1:], Answer: text.Answer}}
	}
	index, err := Load(Build(kept))
	if err != nil {
		index = &Index{} // Load accepts what Build makes
	}
	return index, held
}

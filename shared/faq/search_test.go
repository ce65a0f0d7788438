package faq_test

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"
	"unicode"

	"pgregory.net/rapid"

	"dangol/shared/faq"
)

// hangul are the composed syllables.
var hangul = &unicode.RangeTable{R16: []unicode.Range16{{Lo: 0xAC00, Hi: 0xD7A3, Stride: 1}}}

// load is the index of entries.
func load(t interface{ Fatal(...any) }, entries ...faq.FAQEntry) *faq.Index {
	index, err := faq.Load(faq.Build(entries))
	if err != nil {
		t.Fatal(err)
	}
	return index
}

// entry is an entry in one language.
func entry(id, language, question, answer string, phrasings ...string) faq.FAQEntry {
	return faq.FAQEntry{ID: id, Category: "c", Texts: map[string]faq.FAQText{
		language: {Question: question, Answer: answer, Phrasings: phrasings},
	}}
}

// drawn draws a FAQ that a merchant may write: of few words, so that they meet, and of answers that may have no letter.
func drawn(t *rapid.T) []faq.FAQEntry {
	words := rapid.SampledFrom([]string{"배송", "환불", "쿠폰", "주차", "포장", "언제", "refund", "parcel", "size", "7"})
	text := func(label string) string {
		return fmt.Sprint(rapid.SliceOfN(words, 1, 4).Draw(t, label))
	}
	var all []faq.FAQEntry
	for n := range rapid.IntRange(1, 6).Draw(t, "entries") {
		answer := rapid.SampledFrom([]string{"👍👍", "--", "네, 무료", "7 days"}).Draw(t, "answer")
		all = append(all, entry(fmt.Sprintf("e-%d", n), "ko", text("question"), answer, text("phrasing")))
	}
	return all
}

func TestEveryEntryOfAnyFAQIsFoundByItsQuestion(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		entries := drawn(t)
		if wrong := faq.ValidateEntries(entries); len(wrong) > 0 {
			t.Fatalf("a merchant may not write this: %v", wrong)
		}
		index := load(t, entries...)
		for _, e := range entries {
			question := e.Texts["ko"].Question
			if faq.LanguageOf(question) != "ko" {
				continue // asked in English, it is looked up among the English texts
			}
			hits := index.Search(question, "ko", len(entries))
			if !slices.Contains(ids(hits), e.ID) {
				t.Fatalf("%q finds %v, not %s", question, ids(hits), e.ID)
			}
			for i, h := range hits {
				if math.IsNaN(h.Score) || math.IsInf(h.Score, 0) || !(h.Confidence > 0 && h.Confidence <= 1) {
					t.Fatalf("%q: hit %d is %+v", question, i, h)
				}
			}
		}
	})
}

// One answer without a letter, and no other: the field of answers says nothing, and the others decide.
func TestAnswersWithoutLettersKeepNothingFromBeingFound(t *testing.T) {
	t.Parallel()
	index := load(t, entry("gift", "ko", "선물 포장이 되나요", "👍👍"), entry("park", "ko", "주차장이 있나요", "--"))
	hits := index.Search("선물 포장이 되나요", "ko", 3)
	if len(hits) == 0 || hits[0].ID != "gift" {
		t.Fatalf("found %v", hits)
	}
	if verdict, _ := faq.Default.Decide(hits); verdict != faq.Sure {
		t.Errorf("asked in its own words it is %q: %+v", verdict, hits)
	}
}

func TestAShorterListIsTheBeginningOfALongerOne(t *testing.T) {
	t.Parallel()
	index := demo(t)
	rapid.Check(t, func(t *rapid.T) {
		asked := rapid.SampledFrom([]string{"배송", "환불은 언제", "쿠폰", "how long does shipping take", "refund", "구독 해지"}).Draw(t,
			"asked")
		n := rapid.IntRange(0, 20).Draw(t, "n")
		for name, find := range map[string]func(string, string, int) []faq.Hit{
			"search": index.Search, "suggest": index.Suggest,
		} {
			short, long := ids(find(asked, "ko", n)), ids(find(asked, "ko", n+5))
			if len(short) > n || !slices.Equal(short, long[:len(short)]) {
				t.Fatalf("%s %q: %v, then %v", name, asked, short, long)
			}
			slices.Sort(long)
			if len(slices.Compact(long)) != len(long) {
				t.Fatalf("%s %q names one twice: %v", name, asked, long)
			}
		}
	})
}

func TestOfEqualEntriesTheFirstOfTheFAQComesFirst(t *testing.T) {
	t.Parallel()
	same := func(id string) faq.FAQEntry { return entry(id, "ko", "주차장이 있나요", "없습니다") }
	hits := load(t, same("b"), same("a"), same("c")).Search("주차장이 있나요", "ko", 3)
	if !slices.Equal(ids(hits), []string{"b", "a", "c"}) || hits[0].Score != hits[2].Score {
		t.Errorf("%v", hits)
	}
	// Two that are the same are a question of which is meant.
	if verdict, choices := faq.Default.Decide(hits); verdict != faq.Unsure || len(choices) != 3 {
		t.Errorf("%s of %d", verdict, len(choices))
	}
}

func TestAnEntryIsShownInTheShoppersLanguageWhereItHasIt(t *testing.T) {
	t.Parallel()
	both := entry("both", "ko", "주차장이 있나요", "없습니다")
	both.Texts["en"] = faq.FAQText{Question: "Is there parking", Answer: "No"}
	index := load(t, both, entry("ko-only", "ko", "선물 포장이 되나요", "됩니다"),
		entry("en-only", "en", "Do you ship abroad", "Yes"))
	for _, test := range []struct {
		asked, language   string
		id, shown, answer string
	}{
		{"주차장", "ko", "both", "ko", "없습니다"},
		{"주차장", "en", "both", "en", "No"},
		{"parking", "ko", "both", "ko", "없습니다"},
		{"선물 포장", "en", "ko-only", "ko", "됩니다"},
		{"ship abroad", "ko", "en-only", "en", "Yes"},
		{"주차장", "fr", "both", "ko", "없습니다"}, // a language that nothing is written in
	} {
		hits := index.Search(test.asked, test.language, 1)
		if len(hits) != 1 || hits[0].ID != test.id || hits[0].Language != test.shown || hits[0].Answer.Answer != test.answer {
			t.Errorf("%q for a reader of %s: %+v", test.asked, test.language, hits)
		}
	}
	if n := len(index.Entries("en", "")); n != 2 {
		t.Errorf("%d entries in English", n)
	}
	if n := len(index.Entries("fr", "")); n != 0 {
		t.Errorf("%d entries in a language that nothing is written in", n)
	}
	for language, want := range map[string]string{"ko": "ko", "en": "en", "fr": "ko", "": "ko"} {
		if _, got := both.In(language); got != want {
			t.Errorf("the text for %q is in %q", language, got)
		}
	}
	if text, language := (faq.FAQEntry{}).In("ko"); language != "" || text.Question != "" {
		t.Errorf("an entry without texts has %+v", text)
	}
}

func TestTheBoundsOfAnEntry(t *testing.T) {
	t.Parallel()
	letters := func(n int) string {
		out := make([]rune, n)
		for i := range out {
			out[i] = '배' // three bytes each: bounds count characters
		}
		return string(out)
	}
	for _, test := range []struct {
		name    string
		change  func(*faq.FAQText)
		pointer string
	}{
		{"a question of 2", func(x *faq.FAQText) { x.Question = letters(2) }, ""},
		{"a question of 1", func(x *faq.FAQText) { x.Question = letters(1) }, "/e/texts/ko/question"},
		{"a question of 200", func(x *faq.FAQText) { x.Question = letters(200) }, ""},
		{"a question of 201", func(x *faq.FAQText) { x.Question = letters(201) }, "/e/texts/ko/question"},
		{"an answer of 4,000", func(x *faq.FAQText) { x.Answer = letters(4000) }, ""},
		{"an answer of 4,001", func(x *faq.FAQText) { x.Answer = letters(4001) }, "/e/texts/ko/answer"},
		{"30 phrasings", func(x *faq.FAQText) { x.Phrasings = slices.Repeat([]string{"배송"}, 30) }, ""},
		{"31 phrasings", func(x *faq.FAQText) { x.Phrasings = slices.Repeat([]string{"배송"}, 31) }, "/e/texts/ko/phrasings"},
		{"a phrasing of 201", func(x *faq.FAQText) { x.Phrasings = []string{"배송", letters(201)} },
			"/e/texts/ko/phrasings/1"},
	} {
		text := faq.FAQText{Question: "배송비", Answer: "무료"}
		test.change(&text)
		e := entry("a", "ko", "", "")
		e.Texts["ko"] = text
		wrong := e.Validate("/e")
		if test.pointer == "" && len(wrong) > 0 || test.pointer != "" &&
			(len(wrong) != 1 || wrong[0].Pointer != test.pointer) {
			t.Errorf("%s: %v", test.name, wrong)
		}
	}
	for _, id := range []string{"", "Upper", "a b", "배송", "a_b", "a/b", fmt.Sprintf("%061d", 0)} {
		e := entry(id, "ko", "배송비", "무료")
		if wrong := e.Validate("/e"); len(wrong) != 1 || wrong[0].Pointer != "/e/id" {
			t.Errorf("the id %q: %v", id, wrong)
		}
	}
	e := entry("a", "ko", "배송비", "무료")
	e.Action = "erase_everything"
	if wrong := e.Validate("/e"); len(wrong) != 1 || wrong[0].Pointer != "/e/action" {
		t.Errorf("an action that does not exist: %v", wrong)
	}
}

func TestGroupsHaveEveryQuestionOnce(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 11, 30, 1, 0, 0, 0, time.UTC)
	asked := rapid.Custom(func(t *rapid.T) faq.Miss {
		return faq.Miss{
			Question: rapid.SampledFrom([]string{"주차장이 있나요", "주차 되나요", "강아지 사료", "사료 파나요", "dog food", "", "?"}).Draw(t,
				"question"),
			Language: rapid.SampledFrom(faq.Languages).Draw(t, "language"),
			At:       start.Add(time.Duration(rapid.IntRange(0, 100).Draw(t, "minute")) * time.Minute),
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		misses := rapid.SliceOf(asked).Draw(t, "misses")
		count, last := 0, map[string]time.Time{}
		for i, g := range faq.Grouped(misses) {
			count += g.Count
			last[g.Language] = later(last[g.Language], g.LastAt)
			if len(g.Examples) == 0 || len(g.Examples) > 5 || len(g.Examples) > g.Count || g.Examples[0] != g.Question {
				t.Fatalf("group %d: %+v", i, g)
			}
			seen := slices.Clone(g.Examples)
			slices.Sort(seen)
			if len(slices.Compact(seen)) != len(g.Examples) {
				t.Fatalf("an example twice: %v", g.Examples)
			}
		}
		want := map[string]time.Time{}
		for _, m := range misses {
			want[m.Language] = later(want[m.Language], m.At)
		}
		if count != len(misses) || !last["ko"].Equal(want["ko"]) || !last["en"].Equal(want["en"]) {
			t.Fatalf("%d of %d questions, the last at %v, want %v", count, len(misses), last, want)
		}
	})
}

// later is the later of two times.
func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func TestGroupsStandByTheirSizeAndDoNotMixLanguages(t *testing.T) {
	t.Parallel()
	var misses []faq.Miss
	for n := range 8 {
		misses = append(misses, faq.Miss{Question: fmt.Sprintf("dog food number %d", n%7), Language: "en"})
	}
	misses = append(misses, faq.Miss{Question: "dog food number 1", Language: "ko"},
		faq.Miss{Question: "주차장", Language: "ko"}, faq.Miss{Question: "주차장!", Language: "ko"})
	groups := faq.Grouped(misses)
	var got []string
	for _, g := range groups {
		got = append(got, fmt.Sprintf("%s %s %d (%d)", g.Language, g.Question, g.Count, len(g.Examples)))
	}
	want := []string{"en dog food number 0 8 (5)", "ko 주차장 2 (2)", "ko dog food number 1 1 (1)"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

package faq_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"dangol/shared/faq"
	"dangol/shared/faq/example"
)

// demo is the demo shop's FAQ.
func demo(t testing.TB) *faq.Index {
	t.Helper()
	index, err := faq.Load(faq.Build(example.Entries()))
	if err != nil {
		t.Fatal(err)
	}
	return index
}

func TestTheDemoFAQIsComplete(t *testing.T) {
	t.Parallel()
	entries := example.Entries()
	if wrong := faq.ValidateEntries(entries); len(wrong) > 0 || len(entries) != 60 {
		t.Errorf("%d entries, %v", len(entries), wrong)
	}
	for _, e := range entries {
		for _, language := range faq.Languages {
			if text := e.Texts[language]; len(text.Phrasings) != 4 {
				t.Errorf("%s has %d phrasings besides the question in %s", e.ID, len(text.Phrasings), language)
			}
		}
	}
}

// The phrasings of the demo FAQ were written to share few words, so these figures are a lower bound.
func TestQuestionsWithWordingsHeldBackFindTheirEntry(t *testing.T) {
	t.Parallel()
	share := func(n, of int) float64 { return float64(n) / float64(of) }
	for language, least := range map[string]struct{ top1, top3, handedOver float64 }{
		"ko": {0.56, 0.76, 0.80}, "en": {0.54, 0.76, 0.70},
	} {
		q := faq.Measure(example.Entries(), example.Unrelated()[language], language, faq.Default)
		t.Logf("%s: %+v", language, q)
		if q.Questions != 300 || q.Unrelated != 30 || q.Removed != 60 {
			t.Fatalf("%s: measured %+v", language, q)
		}
		if got := share(q.Top1, q.Questions); got < least.top1 {
			t.Errorf("%s: first in %.2f", language, got)
		}
		if got := share(q.Top3, q.Questions); got < least.top3 {
			t.Errorf("%s: among the first three in %.2f", language, got)
		}
		if got := share(q.AnsweredWrong, q.Questions); got > 0.05 {
			t.Errorf("%s: a wrong answer as if it were sure in %.2f", language, got)
		}
		if got := share(q.UnrelatedAnswered, q.Unrelated); got > 0.04 {
			t.Errorf("%s: an unrelated question answered in %.2f", language, got)
		}
		if got := share(q.UnrelatedHandedOver, q.Unrelated); got < least.handedOver {
			t.Errorf("%s: an unrelated question handed over only in %.2f", language, got)
		}
	}
}

// Words that were written after the phrasings: with 60 questions a figure is good to about .06.
func TestQuestionsInFreshWordsFindTheirEntry(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, e := range example.Entries() {
		for _, text := range e.Texts {
			for _, asked := range append([]string{text.Question}, text.Phrasings...) {
				known[asked] = true
			}
		}
	}
	for _, language := range faq.Languages {
		questions := example.Fresh()[language]
		for id, question := range questions {
			if known[question] {
				t.Errorf("%s: the FAQ has %q", id, question)
			}
		}
		q := faq.MeasureFresh(example.Entries(), questions, language, faq.Default)
		t.Logf("%s: %+v", language, q)
		if q.Questions != 60 || q.Top1 < 33 || q.Top3 < 43 || q.AnsweredWrong > 3 {
			t.Errorf("%s: %+v", language, q)
		}
	}
}

func TestEveryPhrasingOfTheFAQIsAnsweredByItsEntry(t *testing.T) {
	t.Parallel()
	index := demo(t)
	for _, e := range example.Entries() {
		for _, language := range faq.Languages {
			text := e.Texts[language]
			for _, asked := range append([]string{text.Question}, text.Phrasings...) {
				if hits := index.Search(asked, language, 3); len(hits) == 0 || hits[0].ID != e.ID {
					t.Errorf("%q: %v, want %s", asked, hits, e.ID)
				}
			}
		}
	}
}

func TestMistypedQuestionsFindTheirEntry(t *testing.T) {
	t.Parallel()
	index := demo(t)
	for _, test := range []struct{ name, asked, language, want string }{
		{"a letter of a syllable", "반푼하고 싶어요", "ko", "return-how"},
		{"without spaces", "배송비는얼마인가요", "ko", "shipping-cost"},
		{"with spaces where none belong", "비밀 번호 를 잊어 버렸어요", "ko", "password"},
		{"the keyboard left on English", "qkswjddl dksehlsms rj dkslrh qksvnagkrh tlvdjdy", "ko", "return-how"},
		{"two letters swapped", "I forgot my pasword", "en", "password"},
		{"a letter too many", "how do i use a couppon", "en", "coupon-use"},
		{"upper case and punctuation", "HOW MUCH IS SHIPPING???", "en", "shipping-cost"},
		{"decomposed Hangul, as macOS sends it", "\u1107\u1161\u11ab\u1111\u116e\u11b7하고 싶어요", "ko", "return-how"},
		{"an English shopper asks in Korean", "반품하고 싶어요", "en", "return-how"},
	} {
		hits := index.Search(test.asked, test.language, 3)
		if len(hits) == 0 || hits[0].ID != test.want || hits[0].Language != test.language {
			t.Errorf("%s: %v, want %s", test.name, hits, test.want)
		}
	}
}

func TestKeysTypedOnTheOtherKeyboard(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		typed, want string
		ok          bool
	}{
		{"ghksqnf", "환불", true}, {"qothdql djfak", "배송비 얼마", true}, {"ekfrrhrl", "닭고기", true}, {"Rhc", "꽃", false},
		{"dlfrek", "읽다", true}, {"rkqtwl", "값지", true}, {"dhkTekd", "왔당", true}, {"shipping", "", false},
		{"refund", "", false},
	} {
		got, ok := faq.FromKeyboard(test.typed)
		if ok != test.ok || ok && got != test.want {
			t.Errorf("%s: %q %v, want %q %v", test.typed, got, ok, test.want, test.ok)
		}
	}
}

func TestSuggestionsFollowTheTyping(t *testing.T) {
	t.Parallel()
	index := demo(t)
	for _, test := range []struct{ typed, language, want string }{
		{"배송ㅂ", "ko", "shipping-cost"}, {"배송비", "ko", "shipping-cost"}, {"유통ㄱ", "ko", "expiry"}, {"ㅅㅔ", "ko", "sale-when"},
		{"비밀벼", "ko", "password"},
		{"멤버", "ko", "membership-what"},
		{"forgot pass", "en", "password"}, {"free tri", "en", "membership-trial"}, {"custo", "en", "customs"},
		{"ingred", "en", "ingredients"},
	} {
		hits := index.Suggest(test.typed, test.language, 5)
		if !slices.ContainsFunc(hits, func(h faq.Hit) bool { return h.ID == test.want }) {
			t.Errorf("%q suggests %v, not %s", test.typed, ids(hits), test.want)
		}
	}
	for _, nothing := range []string{"", " ", "?!"} {
		if hits := index.Suggest(nothing, "ko", 5); len(hits) > 0 {
			t.Errorf("%q suggests %v", nothing, ids(hits))
		}
	}
}

func ids(hits []faq.Hit) []string {
	var all []string
	for _, h := range hits {
		all = append(all, h.ID)
	}
	return all
}

func TestDecide(t *testing.T) {
	t.Parallel()
	hit := func(id string, score, confidence float64) faq.Hit {
		return faq.Hit{Answer: faq.Answer{ID: id}, Score: score, Confidence: confidence}
	}
	limits := faq.Thresholds{Answer: 0.5, Ask: 0.3, Margin: 0.2}
	for _, test := range []struct {
		name string
		hits []faq.Hit
		want faq.Verdict
		n    int
	}{
		{"nothing found", nil, faq.Unknown, 0},
		{"far ahead and like the question", []faq.Hit{hit("a", 10, 0.7), hit("b", 7, 0.5)}, faq.Sure, 1},
		{"the only one", []faq.Hit{hit("a", 10, 0.7)}, faq.Sure, 1},
		{"two that are close", []faq.Hit{hit("a", 10, 0.7), hit("b", 9.9, 0.69)}, faq.Unsure, 2},
		{"not much like the question", []faq.Hit{hit("a", 4, 0.4), hit("b", 1, 0.1), hit("c", 1, 0.1), hit("d", 1, 0.1)},
			faq.Unsure, 3},
		{"hardly like the question", []faq.Hit{hit("a", 2, 0.29)}, faq.Unknown, 0},
	} {
		if got, hits := limits.Decide(test.hits); got != test.want || len(hits) != test.n {
			t.Errorf("%s: %s of %d, want %s of %d", test.name, got, len(hits), test.want, test.n)
		}
	}
}

func TestTheSameEntriesGiveTheSameBytes(t *testing.T) {
	t.Parallel()
	first := faq.Build(example.Entries())
	for range 3 {
		if !bytes.Equal(first, faq.Build(example.Entries())) {
			t.Fatal("two builds differ")
		}
	}
}

func TestLoadRefusesWhatIsNotAWholeIndex(t *testing.T) {
	t.Parallel()
	whole := faq.Build(example.Entries()[:3])
	rapid.Check(t, func(t *rapid.T) {
		broken := slices.Clone(whole)
		if rapid.Bool().Draw(t, "cut") {
			broken = broken[:rapid.IntRange(0, len(broken)-1).Draw(t, "length")]
		} else {
			broken[rapid.IntRange(0, len(broken)-1).Draw(t, "at")] ^= byte(rapid.IntRange(1, 255).Draw(t, "bits"))
		}
		if _, err := faq.Load(broken); !errors.Is(err, faq.ErrCorrupt) {
			t.Fatalf("loaded: %v", err)
		}
	})
}

func TestNoQuestionBreaksTheSearch(t *testing.T) {
	t.Parallel()
	index := demo(t)
	rapid.Check(t, func(t *rapid.T) {
		asked := rapid.String().Draw(t, "asked")
		if rapid.Bool().Draw(t, "korean") {
			asked = rapid.StringOf(rapid.RuneFrom([]rune("배송비환불 ㅂㅏa1ㅎ반품'’!"))).Draw(t, "asked in Korean")
		}
		for _, hits := range [][]faq.Hit{index.Search(asked, "ko", 3), index.Suggest(asked, "en", 3)} {
			for i, h := range hits {
				if h.Confidence < 0 || h.Confidence > 1 || i > 0 && h.Score > hits[i-1].Score {
					t.Fatalf("hits %v", hits)
				}
			}
		}
	})
	if hits := index.Search(strings.Repeat("배송 ", 100_000), "ko", 3); len(hits) == 0 {
		t.Error("a long question finds nothing")
	}
	empty, err := faq.Load(faq.Build(nil))
	if err != nil || len(empty.Search("배송", "ko", 3)) > 0 || len(empty.Suggest("배", "ko", 3)) > 0 ||
		len(empty.Entries("ko", "")) > 0 {
		t.Errorf("an empty FAQ: %v", err)
	}
}

func TestEntriesAreFoundByIDAndCategory(t *testing.T) {
	t.Parallel()
	index := demo(t)
	if a, ok := index.Entry("restock", "en"); !ok || a.Language != "en" || a.Question == "" || a.Answer == "" {
		t.Errorf("restock is %+v", a)
	}
	if _, ok := index.Entry("nothing", "en"); ok {
		t.Error("an entry that does not exist was found")
	}
	if n := len(index.Entries("ko", "returns")); n != 10 {
		t.Errorf("%d entries on returns", n)
	}
}

func TestValidateSaysWhatIsWrongWithEntries(t *testing.T) {
	t.Parallel()
	good := faq.FAQEntry{ID: "a", Category: "b", Texts: map[string]faq.FAQText{"ko": {Question: "배송비", Answer: "무료"}}}
	for _, test := range []struct {
		name    string
		entries []faq.FAQEntry
		pointer string
	}{
		{"an id twice", []faq.FAQEntry{good, good}, "/entries/1/id"},
		{"no category", []faq.FAQEntry{{ID: "a", Texts: good.Texts}}, "/entries/0/category"},
		{"no language", []faq.FAQEntry{{ID: "a", Category: "b"}}, "/entries/0/texts"},
		{"a language that is not known", []faq.FAQEntry{{ID: "a", Category: "b",
			Texts: map[string]faq.FAQText{"fr": {}}}}, "/entries/0/texts/fr"},
		{"a question without letters", []faq.FAQEntry{{ID: "a", Category: "b",
			Texts: map[string]faq.FAQText{"ko": {Question: "??", Answer: "무료"}}}}, "/entries/0/texts/ko/question"},
		{"no answer", []faq.FAQEntry{{ID: "a", Category: "b",
			Texts: map[string]faq.FAQText{"ko": {Question: "배송"}}}}, "/entries/0/texts/ko/answer"},
		{"an empty phrasing", []faq.FAQEntry{{ID: "a", Category: "b",
			Texts: map[string]faq.FAQText{"ko": {Question: "배송", Answer: "무료", Phrasings: []string{""}}}}},
			"/entries/0/texts/ko/phrasings/0"},
		{"too many", make([]faq.FAQEntry, faq.MaxEntries+1), "/entries"},
	} {
		if wrong := faq.ValidateEntries(test.entries); len(wrong) != 1 || wrong[0].Pointer != test.pointer {
			t.Errorf("%s: %v", test.name, wrong)
		}
	}
}

// thousand is a FAQ of 1,000 entries: the demo's over and over, each with a word of its own.
func thousand() []faq.FAQEntry {
	var all []faq.FAQEntry
	for n := 0; len(all) < 1000; n++ {
		for _, e := range example.Entries() {
			e.ID = fmt.Sprintf("%s-%d", e.ID, n)
			texts := map[string]faq.FAQText{}
			for language, text := range e.Texts {
				text.Question += fmt.Sprintf(" %c%c%d", '가'+n*37, '나'+n*53, n)
				texts[language] = text
			}
			e.Texts = texts
			all = append(all, e)
		}
	}
	return all[:1000]
}

func TestLoadingDecodesNothing(t *testing.T) {
	data := faq.Build(thousand())
	if len(data) > 8<<20 {
		t.Errorf("the index of 1,000 entries has %d bytes", len(data))
	}
	if n := testing.AllocsPerRun(10, func() {
		if _, err := faq.Load(data); err != nil {
			t.Fatal(err)
		}
	}); n > 20 {
		t.Errorf("loading allocates %.0f times", n)
	}
}

func BenchmarkLoad(b *testing.B) {
	data := faq.Build(thousand())
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := faq.Load(data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSearch(b *testing.B) {
	for _, size := range []struct {
		name    string
		entries []faq.FAQEntry
	}{{"60 entries", example.Entries()}, {"1000 entries", thousand()}} {
		index, err := faq.Load(faq.Build(size.entries))
		if err != nil {
			b.Fatal(err)
		}
		for _, asked := range []string{"반품 배송비는 누가 내나요?", "who pays for return shipping", "반푼 배쇵비"} {
			b.Run(size.name+"/"+asked, func(b *testing.B) {
				for b.Loop() {
					index.Search(asked, "ko", 3)
				}
			})
		}
	}
}

package main

import (
	"fmt"
	"maps"
	"runtime"
	"slices"
	"time"

	"dangol/shared/faq"
	"dangol/shared/faq/example"
)

// faqLoads is how often the index is loaded and a question is asked, for a figure that one pause does not decide.
const faqLoads = 2_000

// faqFigures prints how long the FAQ's index takes to load and to answer, what it holds in memory besides its bytes,
// and how well it answers the demo shop's questions in wordings that it has not seen.
func faqFigures() error {
	large := enlarged(example.Entries(), 1_000)
	fmt.Printf("\n%-14s %10s %10s %14s %12s %12s\n", "FAQ", "index KB", "load us", "load memory KB", "query p50 us",
		"query p99 us")
	for _, size := range []struct {
		name    string
		entries []faq.FAQEntry
	}{{"60 entries", example.Entries()}, {"1,000 entries", large}} {
		data := faq.Build(size.entries)
		load, memory, err := loading(data)
		if err != nil {
			return err
		}
		index, err := faq.Load(data)
		if err != nil {
			return err
		}
		took := asking(index, example.Entries())
		fmt.Printf("%-14s %10d %10.1f %14.1f %12.0f %12.0f\n", size.name, len(data)/1024,
			float64(load.Nanoseconds())/1000, memory/1024, us(took[len(took)/2]), us(took[len(took)*99/100]))
	}
	fmt.Printf("\n%-10s %9s %6s %6s %14s %14s %12s %22s %24s\n", "wordings", "questions", "top 1", "top 3",
		"answered right",
		"answered wrong", "handed over", "unrelated handed over", "unrelated answered wrong")
	for _, language := range faq.Languages {
		faqQuality(language+" held", faq.Measure(example.Entries(), example.Unrelated()[language], language, faq.Default))
		faqQuality(language+" fresh",
			faq.MeasureFresh(example.Entries(), example.Fresh()[language], language, faq.Default))
	}
	return nil
}

// faqQuality prints what became of questions: held back from the FAQ, or written when the search was done.
func faqQuality(name string, q faq.Quality) {
	share := func(n, of int) float64 { return float64(n) / float64(max(of, 1)) }
	fmt.Printf("%-10s %9d %6.2f %6.2f %14.2f %14.2f %12.2f %22.2f %24.2f\n", name, q.Questions,
		share(q.Top1, q.Questions), share(q.Top3, q.Questions), share(q.AnsweredRight, q.Questions),
		share(q.AnsweredWrong, q.Questions), share(q.HandedOver, q.Questions),
		share(q.UnrelatedHandedOver, q.Unrelated), share(q.UnrelatedAnswered, q.Unrelated))
}

func us(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 }

// loading is how long a load takes and how many bytes it allocates.
func loading(data []byte) (each time.Duration, memory float64, err error) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	began := time.Now()
	for range faqLoads {
		if _, err := faq.Load(data); err != nil {
			return 0, 0, err
		}
	}
	each = time.Since(began) / faqLoads
	runtime.ReadMemStats(&after)
	return each, float64(after.TotalAlloc-before.TotalAlloc) / faqLoads, nil
}

// asking is how long questions take, the fastest first: every phrasing of the demo shop's FAQ, in turn.
func asking(index *faq.Index, entries []faq.FAQEntry) []time.Duration {
	var took []time.Duration
	for len(took) < faqLoads {
		for _, e := range entries {
			for _, language := range slices.Sorted(maps.Keys(e.Texts)) {
				began := time.Now()
				index.Search(e.Texts[language].Question, language, 3)
				took = append(took, time.Since(began))
			}
		}
	}
	slices.Sort(took)
	return took
}

// enlarged repeats entries under other ids, each copy with its number among the words, until there are n.
func enlarged(entries []faq.FAQEntry, n int) []faq.FAQEntry {
	var all []faq.FAQEntry
	for copies := 0; len(all) < n; copies++ {
		for _, e := range entries {
			e.ID = fmt.Sprintf("%s-%d", e.ID, copies)
			texts := map[string]faq.FAQText{}
			for language, text := range e.Texts {
				text.Question = fmt.Sprintf("%s %d", text.Question, copies)
				texts[language] = text
			}
			e.Texts = texts
			all = append(all, e)
		}
	}
	return all[:n]
}

package review_test

import (
	"encoding/json"
	"encoding/xml"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"dangol/shared/platform/problem"
	"dangol/shared/review"
)

func TestClean(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, text, want string }{
		{"plain Korean stays", "향이 좋아요", "향이 좋아요"},
		{"separated Hangul is composed", "\u1112\u1163\u11bc\u110b\u1175", "향이"},
		{"NUL and controls go", "a\x00b\x07c", "abc"},
		{"right-to-left overrides go", "good \u202eeliforp\u202c", "good eliforp"},
		{"zero-width space and byte order mark go", "\ufeffgo\u200bod", "good"},
		{"Hangul fillers go", "\u3164좋아요\u3164", "좋아요"},
		{"joined emoji stay", "👩\u200d👧", "👩\u200d👧"},
		{"no more than one empty line", "a\r\n\n\n\n\nb", "a\n\nb"},
		{"stacked marks are cut", "e" + strings.Repeat("\u0335", 30), "e" + strings.Repeat("\u0335", 4)},
		{"HTML is text", "<script>alert(1)</script>", "<script>alert(1)</script>"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := review.Clean(tt.text); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestCleanTextStaysAsItIsWhenCleanedAgain(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		once := review.Clean(text)
		if !utf8.ValidString(once) || strings.ContainsRune(once, 0) {
			t.Fatalf("got %q", once)
		}
		if twice := review.Clean(once); twice != once {
			t.Fatalf("once %q, twice %q", once, twice)
		}
	})
}

func TestWrongContentIsNamedFieldByField(t *testing.T) {
	t.Parallel()
	good := review.Content{Stars: 5, Title: "t", Text: "text", Language: "ko",
		Attributes: map[string]string{"skin_type": "dry"}}
	for _, tt := range []struct {
		name    string
		change  func(*review.Content)
		pointer string
	}{
		{"no stars", func(c *review.Content) { c.Stars = 0 }, "/stars"},
		{"six stars", func(c *review.Content) { c.Stars = 6 }, "/stars"},
		{"no text", func(c *review.Content) { c.Text = " \u200b\n" }, "/text"},
		{"100,000 characters", func(c *review.Content) { c.Text = strings.Repeat("가", 100_000) }, "/text"},
		{"a long title", func(c *review.Content) { c.Title = strings.Repeat("t", 101) }, "/title"},
		{"no language", func(c *review.Content) { c.Language = "" }, "/language"},
		{"an attribute that the shop does not have",
			func(c *review.Content) { c.Attributes = map[string]string{"shoe": "1"} }, "/attributes"},
		{"a value that it does not have", func(c *review.Content) { c.Attributes = map[string]string{"skin_type": "x"} },
			"/attributes/skin_type"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := good
			tt.change(&c)
			_, err := c.Normal()
			if fields := problem.From(err).Fields; len(fields) != 1 || fields[0].Pointer != tt.pointer {
				t.Errorf("got %v, want %s", fields, tt.pointer)
			}
		})
	}
	if _, err := good.Normal(); err != nil {
		t.Errorf("good content is refused: %v", err)
	}
}

func TestMarkupIsHarmlessInEveryForm(t *testing.T) {
	t.Parallel()
	card := review.ReviewSummary{ID: "rev_1", Title: "</script><b>", Text: "<script>alert('x')</script> & \"",
		Author: "<i>", Language: "en"}
	linked, err := json.Marshal(review.Linked("https://shop.example.com/p", "Soap", review.Tally{"n5": 1},
		[]review.ReviewSummary{card},
		func(review.ReviewSummary) string { return "" }))
	if err != nil {
		t.Fatal(err)
	}
	feed, err := review.FeedPage("Shop", []review.ReviewSummary{card},
		func(string) string { return "https://shop.example.com/p" })
	if err != nil {
		t.Fatal(err)
	}
	for form, body := range map[string]string{"JSON-LD": string(linked), "feed": string(feed)} {
		if strings.Contains(body, "<script") || strings.Contains(body, "</script") || strings.Contains(body, "<b>") {
			t.Errorf("the %s has markup of the review: %s", form, body)
		}
	}
	var back struct {
		Content string `xml:"review>content"`
	}
	if err := xml.Unmarshal(feed, &back); err != nil || back.Content != card.Text {
		t.Errorf("the feed reads back %q, %v", back.Content, err)
	}
}

func TestDisclosuresTravelWithTheReview(t *testing.T) {
	t.Parallel()
	r := review.Review{Content: review.Content{Stars: 1, Text: "bad", Language: "en"}, State: review.Published,
		Verified: true}
	r.Reward = &review.Reward{Kind: "review", Form: "coupon", Amount: 500, Currency: "KRW"}
	card := r.Card()
	linked := review.Linked("https://x", "Soap", r.Tally(), []review.ReviewSummary{card},
		func(c review.ReviewSummary) string {
			if c.Rewarded != nil {
				return "rewarded"
			}
			return ""
		})
	if got := linked.Reviews[0].Body; got != "[rewarded] bad" {
		t.Errorf("JSON-LD has %q", got)
	}
	feed, err := review.FeedPage("Shop", []review.ReviewSummary{card, {ID: "old", Imported: "judgeme"}},
		func(string) string { return "https://x" })
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]int{
		"<is_incentivized_review>true<": 1, "<is_incentivized_review>false<": 1, "<is_verified_purchase>true<": 1,
		"is_verified_purchase>false": 0,
	} {
		if got := strings.Count(string(feed), text); got != want {
			t.Errorf("the feed has %q %d times, want %d:\n%s", text, got, want, feed)
		}
	}
}

func TestAuthorName(t *testing.T) {
	t.Parallel()
	for full, want := range map[string]string{"김하늘": "김**", "": "", "Jane Doe": "J***", "하": "하*"} {
		if got := review.AuthorName(full); got != want {
			t.Errorf("%q: got %q, want %q", full, got, want)
		}
	}
}

func TestReasonsThatCanBeMendedReturnTheReview(t *testing.T) {
	t.Parallel()
	finding := func(rs ...review.Reason) (all []review.Finding) {
		for _, r := range rs {
			all = append(all, review.Finding{Reason: r})
		}
		return all
	}
	if got := review.Outcome(finding(review.Profanity, review.OffTopic)); got != review.Returned {
		t.Errorf("got %s", got)
	}
	if got := review.Outcome(finding(review.Profanity, review.Spam)); got != review.Rejected {
		t.Errorf("got %s", got)
	}
	for _, p := range review.Policies {
		if p.Text["en"] == "" || p.Text["ko"] == "" {
			t.Errorf("%s has no text", p.Reason)
		}
	}
}

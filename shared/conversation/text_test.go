package conversation_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"dangol/shared/conversation"
	"dangol/shared/faq"
)

func TestWhatIsMaskedBeforeStoring(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, text, want string
		found            []conversation.Masked
	}{
		{"a card number", "4242424242424242", "************4242", []conversation.Masked{conversation.CardNumber}},
		{"with hyphens", "카드 5555-5555-5555-4444 요", "카드 ****-****-****-4444 요",
			[]conversation.Masked{conversation.CardNumber}},
		{"with spaces and full-width digits", "３７８２ 822463 10005", "**** ****** *0005",
			[]conversation.Masked{conversation.CardNumber}},
		{"a number that fails the check digit", "4242424242424241", "4242424242424241", nil},
		{"an order number", "1M806-74SQE-Q33R1", "1M806-74SQE-Q33R1", nil},
		{"a tracking number of 12 digits", "123456789012", "123456789012", nil},
		{"a telephone number", "010-1234-5678", "010-1234-5678", nil},
		{"a resident registration number", "900101-1234567 입니다", "900101-******* 입니다",
			[]conversation.Masked{conversation.ResidentNumber}},
		{"without a hyphen, born after 2000", "0102033234567", "010203*******",
			[]conversation.Masked{conversation.ResidentNumber}},
		{"thirteen digits that are no date", "991399-1234567", "991399-1234567", nil},
		{"a card number after another number", "2 4242 4242 4242 4242", "2 **** **** **** 4242",
			[]conversation.Masked{conversation.CardNumber}},
		{"two at once", "900101-1234567, 4242424242424242", "900101-*******, ************4242",
			[]conversation.Masked{conversation.ResidentNumber, conversation.CardNumber}},
		{"profanity", "야 이 씨발 뭐야", "야 이 ** 뭐야", []conversation.Masked{conversation.Profanity}},
		{"with signs between", "씨.1발", "****", []conversation.Masked{conversation.Profanity}},
		{"in English, only whole words", "what the FUCK, Scunthorpe shitake", "what the ****, Scunthorpe shitake",
			[]conversation.Masked{conversation.Profanity}},
		{"a word that only contains one", "시발점이 어디예요", "시발점이 어디예요", nil},
		{"words that meet in one", "출시발표는 언제고 다시발송해 주시나요", "출시발표는 언제고 다시발송해 주시나요", nil},
	} {
		got, found := conversation.Mask(test.text)
		if got != test.want || !slices.Equal(found, test.found) {
			t.Errorf("%s: %q %v, want %q %v", test.name, got, found, test.want, test.found)
		}
	}
}

func TestNoCardNumberSurvivesMasking(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		digits := rapid.StringMatching(`[1-9][0-9]{11,17}`).Draw(t, "digits")
		number := digits + checkDigit(digits)
		if strings.Count(number, number[:1]) == len(number) {
			return
		}
		shown := ""
		for i, d := range number {
			if i > 0 && i%4 == 0 {
				shown += rapid.SampledFrom([]string{"", " ", "-", "."}).Draw(t, "separator")
			}
			shown += string(d)
		}
		text := rapid.SampledFrom([]string{"", "카드 번호는 ", "no:"}).Draw(t,
			"before") + shown + rapid.SampledFrom([]string{"", " 입니다", "."}).Draw(t, "after")
		masked, found := conversation.Mask(text)
		if len(found) == 0 || strings.Contains(strings.NewReplacer(" ", "", "-", "", ".", "").Replace(masked), number) {
			t.Fatalf("%q became %q, %v", text, masked, found)
		}
		if utf8.RuneCountInString(masked) != utf8.RuneCountInString(text) {
			t.Fatalf("%q became %q", text, masked)
		}
	})
}

// checkDigit completes a number so that the Luhn check holds.
func checkDigit(digits string) string {
	sum := 0
	for i := range len(digits) {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 0 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return string(rune('0' + (10-sum%10)%10))
}

func TestLightMarkdown(t *testing.T) {
	t.Parallel()
	type s = conversation.Span
	for _, test := range []struct {
		text string
		want []s
	}{
		{"plain", []s{{Text: "plain"}}},
		{"a **b** *c* `d`", []s{{Text: "a "}, {Text: "b", Bold: true}, {Text: " "}, {Text: "c", Ital: true}, {Text: " "},
			{Text: "d", Code: true}}},
		{"2 * 3 * 4 and **open", []s{{Text: "2 "}, {Text: " 3 ", Ital: true}, {Text: " 4 and **open"}}},
		{"[help](https://a.example/b?c=d)", []s{{Text: "help", Link: "https://a.example/b?c=d"}}},
		{"see https://a.example/b. 그리고",
			[]s{{Text: "see "}, {Text: "https://a.example/b", Link: "https://a.example/b"}, {Text: ". 그리고"}}},
		{"https://a.example를 보세요", []s{{Text: "https://a.example", Link: "https://a.example"}, {Text: "를 보세요"}}},
		{"[x](javascript:alert(1))", []s{{Text: "[x](javascript:alert(1))"}}},
		{"[x](data:text/html,a)", []s{{Text: "[x](data:text/html,a)"}}},
		{"[x](http://a.example)", []s{{Text: "[x](http://a.example)"}}},
		{"[bank](https://bank@evil.example)", []s{{Text: "[bank]("}, {Text: ""}}},
		{"<script>alert(1)</script>", []s{{Text: "<script>alert(1)</script>"}}},
		{"[call](tel:+82212345678)", []s{{Text: "call", Link: "tel:+82212345678"}}},
	} {
		got := joinPlain(conversation.Spans(test.text))
		if test.text == "[bank](https://bank@evil.example)" {
			if slices.ContainsFunc(got, func(s conversation.Span) bool { return s.Link != "" }) {
				t.Errorf("%q became a link: %+v", test.text, got)
			}
			continue
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%q: %+v", test.text, got)
		}
	}
}

// joinPlain puts neighboring spans without differences together.
func joinPlain(spans []conversation.Span) []conversation.Span {
	var out []conversation.Span
	for _, s := range spans {
		if n := len(out); n > 0 && s.Link == "" && !s.Code {
			last := out[n-1]
			if last.Link == "" && !last.Code && last.Bold == s.Bold && last.Ital == s.Ital {
				out[n-1].Text += s.Text
				continue
			}
		}
		out = append(out, s)
	}
	return out
}

func TestEveryLinkIsSafeAndNothingIsLost(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.SampledFrom([]rune("ab*`[]()h:/ \n가"))).Draw(t, "text")
		if rapid.Bool().Draw(t, "link") {
			text += "[a](" + rapid.SampledFrom([]string{"https://a.example", "javascript:a", "HTTPS://A.example", "https:///x",
				"mailto:a@b.c"}).Draw(t, "to") + ")"
		}
		var shown strings.Builder
		for _, s := range conversation.Spans(text) {
			shown.WriteString(s.Text)
			if s.Link != "" && !conversation.SafeLink(s.Link) {
				t.Fatalf("%q has the link %q", text, s.Link)
			}
		}
		for _, r := range "ab가" {
			want := strings.Count(text, string(r))
			if got := strings.Count(shown.String(), string(r)); !strings.Contains(text, "](") && got != want {
				t.Fatalf("%q is shown as %q", text, shown.String())
			}
		}
	})
}

func TestTextsAreCleaned(t *testing.T) {
	t.Parallel()
	if got := conversation.Clean(" a\x00\u202eb\n\tc\x1b[0m\xff "); got != "ab\n\tc[0m" {
		t.Errorf("%q", got)
	}
}

func TestWhenTheBotHandsOver(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		in   conversation.Signals
		want conversation.Reason
	}{
		{"an ordinary question", conversation.Signals{Text: "배송비는 얼마인가요?", Sure: true}, ""},
		{"a question about refunds", conversation.Signals{Text: "환불은 언제 되나요?", Sure: true}, ""},
		{"asks for a person", conversation.Signals{Text: "상담원 연결해 주세요"}, conversation.AsksPerson},
		{"in English", conversation.Signals{Text: "Can I talk to a HUMAN, please?"}, conversation.AsksPerson},
		{"a word that only contains one", conversation.Signals{Text: "the humane society", Sure: true}, ""},
		{"a complaint", conversation.Signals{Text: "정말 최악이네요", Sure: true}, conversation.Complaint},
		{"demands a refund", conversation.Signals{Text: "당장 환불해 주세요", Sure: true}, conversation.Refund},
		{"in English", conversation.Signals{Text: "I want my money back!"}, conversation.Refund},
		{"the law comes before the refund", conversation.Signals{Text: "환불해 주지 않으면 고소합니다"}, conversation.Legal},
		{"privacy", conversation.Signals{Text: "개인정보 유출된 거 아닌가요"}, conversation.Privacy},
		{"a first question without an answer", conversation.Signals{Text: "음"}, ""},
		{"the second", conversation.Signals{Text: "음", Failed: 1}, conversation.FailedTwice},
		{"the second, but now it is found", conversation.Signals{Text: "배송비", Failed: 1, Sure: true}, ""},
		{"a VIP whose question the bot cannot answer", conversation.Signals{Text: "음", VIP: true}, conversation.VIP},
		{"a VIP whose question it can", conversation.Signals{Text: "배송비", VIP: true, Sure: true}, ""},
		{"an open recovery case", conversation.Signals{Text: "배송비", OpenCase: true, Sure: true}, conversation.OpenCase},
	} {
		if got, _ := conversation.HandoverReason(test.in); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
	if conversation.Legal.Priority() <= conversation.AsksPerson.Priority() {
		t.Error("legal questions must come first")
	}
}

func TestWhatTheBotDoes(t *testing.T) {
	t.Parallel()
	entry := func(id, action string) faq.Answer {
		return faq.Answer{ID: id, Question: "Q " + id, Answer: "A " + id, Action: action}
	}
	lookUp := func(id string) (faq.Answer, bool) { return entry(id, ""), id != "gone" }
	hits := []faq.Hit{{Answer: entry("a", "")}, {Answer: entry("b", "")}, {Answer: entry("c", "")}}
	track := []faq.Hit{{Answer: entry("track", "order_status")}}
	for _, test := range []struct {
		name    string
		asked   conversation.Asked
		want    func(conversation.Reply) bool
		buttons int
	}{
		{"a sure hit is answered with its source", conversation.Asked{Text: "x", Verdict: faq.Sure, Hits: hits[:1]},
			func(r conversation.Reply) bool {
				return r.Entry == "a" && r.Helped && strings.Contains(r.Text, "A a") && strings.Contains(r.Text, "Q a")
			}, 2},
		{"an unsure one is asked back", conversation.Asked{Text: "x", Verdict: faq.Unsure, Hits: hits},
			func(r conversation.Reply) bool { return !r.Helped && r.Entry == "" && r.HandOver == "" }, 5},
		{"a second unsure one goes to a person",
			conversation.Asked{Text: "x", Verdict: faq.Unsure, Hits: hits, Signals: conversation.Signals{Failed: 1}},
			func(r conversation.Reply) bool { return r.HandOver == conversation.FailedTwice && r.Unanswered }, 0},
		{"without a hit it says so and hands over", conversation.Asked{Text: "x", Verdict: faq.Unknown},
			func(r conversation.Reply) bool {
				return r.HandOver == conversation.Unanswerable && r.Unanswered && r.Text != ""
			}, 0},
		{"a greeting is greeted", conversation.Asked{Text: "안녕하세요!", Verdict: faq.Unknown},
			func(r conversation.Reply) bool { return r.Helped && r.HandOver == "" }, 1},
		{"a customer is shown the order at once",
			conversation.Asked{Text: "x", Verdict: faq.Sure, Hits: track, Customer: true},
			func(r conversation.Reply) bool { return r.Do == conversation.OrderStatus }, 0},
		{"a guest is told how", conversation.Asked{Text: "x", Verdict: faq.Sure, Hits: track},
			func(r conversation.Reply) bool { return r.Do == "" && r.Entry == "track" }, 3},
		{"a guest cannot press a customer's button", conversation.Asked{Pressed: "action:order_status"},
			func(r conversation.Reply) bool { return r.Do == "" && r.HandOver == "" && r.Text != "" }, 1},
		{"an action that does not exist", conversation.Asked{Pressed: "action:refund_everything", Customer: true},
			func(r conversation.Reply) bool { return r.Do == "" }, 6},
		{"a chosen entry", conversation.Asked{Pressed: "faq:b"},
			func(r conversation.Reply) bool { return r.Entry == "b" && r.Helped }, 2},
		{"a chosen entry that is gone", conversation.Asked{Pressed: "faq:gone"},
			func(r conversation.Reply) bool { return r.Entry == "" }, 1},
		{"none of these", conversation.Asked{Pressed: "none"},
			func(r conversation.Reply) bool { return !r.Helped && r.Unanswered }, 1},
		{"none of these, again", conversation.Asked{Pressed: "none", Signals: conversation.Signals{Failed: 1}},
			func(r conversation.Reply) bool { return r.HandOver == conversation.FailedTwice }, 0},
		{"a person", conversation.Asked{Pressed: "person"},
			func(r conversation.Reply) bool { return r.HandOver == conversation.AsksPerson }, 0},
		{"that helped", conversation.Asked{Pressed: "helped:a"}, func(r conversation.Reply) bool { return r.Helped }, 0},
	} {
		for _, language := range []string{"ko", "en"} {
			test.asked.Language = language
			got := conversation.Respond(test.asked, lookUp)
			if !test.want(got) || len(got.Buttons) != test.buttons {
				t.Errorf("%s in %s: %+v", test.name, language, got)
			}
		}
	}
}

func TestTimesAsPeopleSayThem(t *testing.T) {
	t.Parallel()
	if got := conversation.SayTime(monday, team(), "ko"); got != "11월 30일(월) 오전 10:00" {
		t.Errorf("%q", got)
	}
	if got := conversation.SayTime(monday, team(), "en"); got != "Mon 30 Nov, 10:00 AM KST" {
		t.Errorf("%q", got)
	}
}

package moderation_test

import (
	"testing"

	"pgregory.net/rapid"

	"dangol/shared/review"
	"dangol/shared/review/moderation"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, text string
		reason     review.Reason // "" for no finding
		mark       string
	}{
		{"praise", "향이 은은하고 거품이 부드러워요. 3개월째 쓰고 있어요!", "", ""},
		{"complaint", "배송이 너무 늦고 불량이 왔어요. 환불해 주세요.", "", ""},
		{"English complaint", "It arrived broken and late. Classic mess, what a class act.", "", ""},
		{"Korean swear word", "진짜 씨발 뭐냐", review.Profanity, "씨발"},
		{"with something between the letters", "씨 - 발 뭐야", review.Profanity, "씨 - 발"},
		{"inside a harmless word", "여행의 시발점이 된 비누", "", ""},
		{"English swear word", "What a SHIT product", review.Profanity, "SHIT"},
		{"with Cyrillic letters", "what a \u0455h\u0456t", review.Profanity, "\u0455h\u0456t"},
		{"in full-width letters", "ＦＵＣＫ this", review.Profanity, "ＦＵＣＫ"},
		{"spelled out", "f.u.c.k this", review.Profanity, "f.u.c.k"},
		{"part of another word", "Scunthorpe shiitake", "", ""},
		{"mobile number", "문의는 010-1234-5678 로", review.PersonalData, "010-1234-5678"},
		{"mobile number without hyphens", "01012345678 주세요", review.PersonalData, "01012345678"},
		{"number in full-width digits", "０１０ １２３４ ５６７８", review.PersonalData, "０１０ １２３４ ５６７８"},
		{"number with the country code", "+82 10-1234-5678", review.PersonalData, "82 10-1234-5678"},
		{"mail address", "mail me: hong.gildong@example.com thanks", review.PersonalData, "hong.gildong@example.com"},
		{"resident registration number", "제 번호 900101-1234567", review.PersonalData, "900101-1234567"},
		{"card number", "4242 4242 4242 4242", review.PersonalData, "4242 4242 4242 4242"},
		{"a price and a size", "12,000원에 250 ml 2개 샀어요. 2026.11.29 도착", "", ""},
		{"link", "사이트 https://evil.example.com/x 보세요", review.Links, "https://evil.example.com/x"},
		{"link without a scheme", "cheap-soap.shop에서 더 싸요", review.Links, "cheap-soap.shop"},
		{"script address", "javascript:alert(1)", review.Links, "javascript:"},
		{"sentence without a space after its end", "정말 좋아요.또 살게요", "", ""},
		{"repeated characters", "아아아아아아아아아아아 좋", review.RepeatedCharacters, "아아아아아아아아아아아"},
		{"laughing after a sentence", "향이 정말 좋고 거품도 풍성해요 ㅋㅋㅋㅋㅋㅋ", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			found := moderation.Check(moderation.Field{Name: "text", Text: tt.text})
			if tt.reason == "" {
				if len(found) > 0 {
					t.Fatalf("found %+v", found)
				}
				return
			}
			if len(found) != 1 || found[0].Reason != tt.reason || found[0].Field != "text" || found[0].Marks[0].Text != tt.mark {
				t.Fatalf("found %+v, want %s on %q", found, tt.reason, tt.mark)
			}
		})
	}
}

func TestMarksStandWhereTheyPoint(t *testing.T) {
	t.Parallel()
	pieces := []string{"좋아요 ", "씨발", " 010-1234-5678 ", "🙂", "https://a.example.com ", "fuck ", "ＡＢ", "ﬁ", "\u0456"}
	rapid.Check(t, func(t *rapid.T) {
		text := ""
		for range rapid.IntRange(1, 8).Draw(t, "pieces") {
			text += rapid.SampledFrom(pieces).Draw(t, "piece")
		}
		letters := []rune(text)
		for _, f := range moderation.Check(moderation.Field{Name: "text", Text: text}) {
			for _, m := range f.Marks {
				if m.Start < 0 || m.End > len(letters) || m.Start >= m.End || string(letters[m.Start:m.End]) != m.Text {
					t.Fatalf("mark %+v in %q", m, text)
				}
			}
		}
	})
}

func TestPersonalDataMustBeTakenOut(t *testing.T) {
	t.Parallel()
	if !moderation.CanInsist([]review.Finding{{Reason: review.Profanity}}) {
		t.Error("a word on the list cannot be argued about")
	}
	if moderation.CanInsist([]review.Finding{{Reason: review.Profanity}, {Reason: review.PersonalData}}) {
		t.Error("a phone number can be insisted on")
	}
}

package mail_test

import (
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
	"pgregory.net/rapid"

	"dangol/shared/mail"
	"dangol/shared/money"
)

var update = flag.Bool("update", false, "write testdata anew")

var brand = mail.Brand{
	Name: "온결 Ongyeol", URL: "https://shop.example.com", Color: "#1f4d3a", Contact: "help@example.com",
	Imprint: []string{"주식회사 온결 · 대표 홍길동", "서울특별시 성동구 왕십리로 83"},
}

func templates(t interface {
	Helper()
	Fatal(...any)
}) *mail.Templates {
	t.Helper()
	seoul, err := time.LoadLocation("Asia/Seoul")
	if err != nil {
		t.Fatal(err)
	}
	all, err := mail.NewTemplates(brand, seoul)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

var at = time.Date(2026, 2, 28, 15, 30, 0, 0, time.UTC) // 1 March in Seoul

func krw(n int64) money.Money { return money.Of(n, "KRW") }

func soap() mail.Line {
	return mail.Line{Title: "쑥 비누", Options: []string{"100 g", "무향"}, Quantity: 2}
}

func lines(totals ...int64) []mail.Line {
	all := []mail.Line{soap(), {Title: "Camellia oil & <b>serum</b>", Quantity: 1,
		Properties: map[string]string{"각인": "하늘 & <b>바다</b>", "gift note": "축하해요"}}}
	for i := range totals {
		all[i].Total = krw(totals[i])
	}
	return all
}

// cases are the contents of the golden files, by name of the file.
var cases = map[string]mail.Content{
	"order_confirmation": mail.OrderConfirmation{
		Number: "1K9X7-D3F8Q-7M2KA", Name: "김하늘", Lines: lines(24_000, 18_000), Subtotal: krw(42_000), Discount: krw(4_200),
		Shipping: krw(3_000), Tax: krw(3_709), TaxIncluded: true, Total: krw(40_800), PlacedAt: at,
		ShipTo: "김하늘, 서울특별시 성동구 왕십리로 83, 04769", ShippingMethod: "일반 배송", Payment: "visa 4242",
	},
	"order_confirmation_usd": mail.OrderConfirmation{
		Number: "1K9X7-D3F8Q-7M2KA", Lines: []mail.Line{{Title: "Mugwort soap", Quantity: 1, Total: money.Of(1250, "USD")}},
		Subtotal: money.Of(1250, "USD"), Discount: money.Of(0, "USD"), Shipping: money.Of(0, "USD"),
		Tax:   money.Of(103, "USD"),
		Total: money.Of(1353, "USD"), PlacedAt: at,
	},
	"order_shipped": mail.OrderShipped{
		Number: "1K9X7-D3F8Q-7M2KA", Name: "김하늘", Carrier: "CJ대한통운", TrackingNumber: "6000-1234-5678",
		TrackingURL: "https://trace.example.com/?no=600012345678&lang=ko", Lines: lines(), Complete: true, ShippedAt: at,
	},
	"order_shipped_partly": mail.OrderShipped{
		Number: "1K9X7-D3F8Q-7M2KA", Carrier: "Own courier", TrackingURL: "javascript:alert(1)", Lines: lines()[:1],
		ShippedAt: at,
	},
	"order_delivered": mail.OrderDelivered{Number: "1K9X7-D3F8Q-7M2KA", Name: "김하늘", Lines: lines(),
		Complete: true, DeliveredAt: at},
	"order_canceled": mail.OrderCanceled{Number: "1K9X7-D3F8Q-7M2KA", Name: "김하늘", Lines: lines(),
		Total: krw(40_800), Refund: krw(40_800)},
	"order_canceled_by_shop": mail.OrderCanceled{Number: "1K9X7-D3F8Q-7M2KA", ByShop: true, Lines: lines(),
		Total: krw(40_800), Refund: krw(0)},
	"checkout_refunded":         mail.CheckoutRefunded{Name: "김하늘", Amount: krw(40_800), Taken: true, Reason: "expired"},
	"checkout_refunded_release": mail.CheckoutRefunded{Amount: krw(40_800), Reason: "canceled"},
	"subscription_consent": mail.SubscriptionNotice{
		Kind: "consent_request", Situation: "keep", SubscriptionID: "sub_1", Plan: "단골 멤버십", Name: "김하늘", Date: "2026-12-05",
		Amount: krw(9_900),
		Old:    krw(7_900),
		Method: "visa 4242",
	},
	"subscription_failed": mail.SubscriptionNotice{
		Kind: "payment_failed", Situation: "retry", SubscriptionID: "sub_1", Plan: "단골 멤버십", Date: "2026-12-05",
		Amount: krw(9_900), Method: "visa 4242", Retry: at, Zone: "America/New_York", BenefitsStop: "2026-12-12",
		PayBy: "2026-12-18",
	},
	"subscription_cardholder_needed": mail.SubscriptionNotice{
		Kind: "payment_failed", SubscriptionID: "sub_1", Plan: "단골 멤버십", Date: "2026-12-05", Amount: krw(9_900),
		Method: "visa 4242", Situation: "shopper",
	},
	"subscription_out_of_stock": mail.SubscriptionNotice{
		Kind: "out_of_stock", SubscriptionID: "sub_1", Plan: "단골 상자", Date: "2027-03-22", Situation: "substitute",
	},
	"subscription_gift": mail.SubscriptionGift{
		SubscriptionID: "sub_1", Plan: "단골 상자", Name: "민", From: "김하늘", Message: "생일 축하해!\n매달 하나씩", Cycles: 6,
		Until: "2027-03-01",
		Token: "sub_1.0123456789ABCDEF",
	},
	"subscription_credit_note": mail.SubscriptionCreditNote{
		Number: "CN-2026-000003", SubscriptionID: "sub_1", Plan: "단골 멤버십", Name: "김하늘", Reason: "canceled",
		Amount: krw(6_600),
		ToCard: krw(6_000), ToCredit: krw(600), Tax: krw(600),
	},
	"subscription_receipt": mail.SubscriptionReceipt{
		Number: "INV-2026-000012", SubscriptionID: "sub_1", Plan: "단골 멤버십", Name: "김하늘",
		Lines: []mail.ReceiptLine{
			{Kind: "upgrade", Plan: "단골 멤버십", Quantity: 2, From: "2026-12-05", To: "2027-01-05", Amount: krw(9_900)},
			{Kind: "unused", Plan: "작은 멤버십", Quantity: 1, From: "2026-12-05", To: "2026-12-20", Amount: krw(-2_000)},
			{Kind: "setup", Plan: "단골 멤버십", Quantity: 1, Amount: krw(2_000)},
		},
		Subtotal: krw(9_900), CreditUsed: krw(900), Tax: krw(900), Total: krw(9_000), Method: "visa 4242",
	},
	"service_notice_return": mail.ServiceNotice{
		Kind: "return_completed-refund", Number: "1K9X7-D3F8Q-7M2KA", Name: "김하늘", Lines: lines()[:1],
		Facts: []mail.NoticeFact{
			{Name: "to_payments", Amount: krw(21_000)}, {Name: "fees", Amount: krw(3_000)}, {Name: "not_accepted", Text: "1"},
		}, Path: "/account/returns/ret_1",
	},
	"service_notice_approved": mail.ServiceNotice{
		Kind: "return_approved-own", Number: "1K9X7-D3F8Q-7M2KA", Name: "김하늘", Lines: lines()[:1],
		Facts: []mail.NoticeFact{{Name: "resolution", Word: "store_credit"}, {Name: "send_by", At: at}},
		Path:  "/account/returns/ret_1",
	},
	"service_notice_answer": mail.ServiceNotice{
		Kind: "review_answered", Message: "불편을 드려 죄송합니다.\n<b>전액</b> 환불해 드리겠습니다.",
		Facts: []mail.NoticeFact{{Name: "offer", Word: "refund"}}, Path: "/account/reviews/rev_1",
	},
	"service_notice_reasons": mail.ServiceNotice{
		Kind: "review_returned", Reasons: []mail.Localized{{"ko": "링크가 있습니다.", "en": "The text has a link."}},
		Path: "/account/reviews/rev_1",
	},
	"account_sign_up":         mail.AccountMail{Kind: mail.AccountSignUp, Code: "{####}"},
	"account_forgot_password": mail.AccountMail{Kind: mail.AccountForgotPassword, Code: "{####}"},
	"account_verify_address":  mail.AccountMail{Kind: mail.AccountVerifyAddress, Code: "{####}"},
	"account_log_in":          mail.AccountMail{Kind: mail.AccountLogIn, Code: "{####}"},
	"account_invite": mail.AccountMail{Kind: mail.AccountInvite, Code: "{####}", Username: "{username}",
		Languages: []string{"ko", "en"}},
	"conversation_transcript": mail.ConversationMail{
		Kind: "transcript", Name: "김하늘", Left: 12, Answer: true, Messages: []mail.ConversationMessage{
			{Who: "shopper", Text: "배송비는 얼마인가요?\n<b>급해요</b>", At: at},
			{Who: "bot", Text: "3,000원입니다.", At: at},
			{Who: "system", Text: "지은 상담원이 연결되었습니다.", At: at},
			{Who: "agent", Name: "지은", Text: "안녕하세요.\n\n무엇을 도와드릴까요?", Files: []string{"가격표.pdf"}, At: at},
		},
	},
	"conversation_messages": mail.ConversationMail{
		Kind: "messages", Messages: []mail.ConversationMessage{{Who: "agent", Files: []string{"a.png"}, At: at}},
	},
	"conversation_code": mail.ConversationMail{Kind: "address_code", Name: "김하늘", Code: "012345"},
	"payment_failed":    mail.PaymentFailed{Number: "1K9X7-D3F8Q-7M2KA", Name: "김하늘", Lines: lines(), Total: krw(40_800)},
}

func TestMailsReadAsTheGoldenArchives(t *testing.T) {
	t.Parallel()
	byTemplate := map[string][]string{}
	for name, content := range cases {
		byTemplate[content.Template()] = append(byTemplate[content.Template()], name)
	}
	for template, names := range byTemplate {
		t.Run(template, func(t *testing.T) {
			t.Parallel()
			slices.Sort(names)
			var got txtar.Archive
			for _, name := range names {
				got.Files = append(got.Files, written(t, name, cases[name])...)
			}
			golden(t, template, &got)
		})
	}
	for _, c := range mail.Contents {
		if byTemplate[c.Template()] == nil {
			t.Errorf("%s has no golden archive", c.Template())
		}
	}
	archives, _ := filepath.Glob("testdata/*.txtar")
	if len(archives) != len(byTemplate)+len(mail.ComposedKinds()) {
		t.Errorf("%d archives for %d kinds of mail", len(archives), len(byTemplate)+len(mail.ComposedKinds()))
	}
}

// frame is that of an advertising mail.
var frame = mail.Frame{
	Advertising: true, Unsubscribe: "https://shop.example.com/outreach/unsubscribe/k1.x.y",
	Preferences: "https://shop.example.com/preferences#k1.x.y",
	Why:         "https://shop.example.com/why#k1.x.y", Pixel: "https://shop.example.com/o/k1.x.y", ConsentAt: at,
}

func TestComposedMailsReadAsTheGoldenArchives(t *testing.T) {
	t.Parallel()
	for _, kind := range mail.ComposedKinds() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			var got txtar.Archive
			for _, language := range mail.Languages {
				c, err := mail.Compose(language, kind, "brand", brand.Name, "date", day(language), "channel", channel(language))
				if err != nil {
					t.Fatal(err)
				}
				c.URL, c.Name = "https://shop.example.com/r/k1.x.y", "김하늘"
				if strings.HasSuffix(kind, "_code") || kind == "birthday" {
					c.Coupon, c.Until = "HANEUL-7QK2M", "2026-03-31"
				}
				if strings.HasPrefix(kind, "cart_") || strings.HasPrefix(kind, "win_back") {
					c.Products = []mail.Product{{Title: "쑥 비누 & <b>솔</b>", URL: "https://shop.example.com/p/1", Price: krw(9_000),
						Was: krw(12_000)}}
				}
				around := frame
				switch {
				case strings.HasPrefix(kind, "consent_"):
					around = mail.Frame{Consent: true}
				case kind == "review_follow_up": // of a transactional series
					around = mail.Frame{}
				}
				m, err := templates(t).WriteIn(language, c, around)
				got.Files = append(got.Files, files(t, kind+"."+language, m, err)...)
			}
			golden(t, kind, &got)
		})
	}
}

// day is a day as consent mails name it.
func day(language string) string {
	return map[string]string{"ko": "2026년 3월 1일", "en": "1 March 2026"}[language]
}

// channel is a channel as consent mails name it.
func channel(language string) string {
	return map[string]string{"ko": "이메일", "en": "e-mail"}[language]
}

// written is a mail in all languages.
func written(t *testing.T, name string, content mail.Content) (all []txtar.File) {
	t.Helper()
	for _, language := range mail.Languages {
		m, err := templates(t).Write(language, content)
		if m.Tags["template"] != content.Template() {
			t.Errorf("tags %v", m.Tags)
		}
		all = append(all, files(t, name+"."+language, m, err)...)
	}
	return all
}

func files(t *testing.T, name string, m mail.Message, err error) []txtar.File {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return []txtar.File{
		{Name: name + ".txt", Data: []byte("Subject: " + m.Subject + "\n\n" + m.Text)},
		{Name: name + ".html", Data: []byte(m.HTML)},
	}
}

func golden(t *testing.T, template string, got *txtar.Archive) {
	t.Helper()
	file := filepath.Join("testdata", template+".txtar")
	if *update {
		if err := os.WriteFile(file, txtar.Format(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(txtar.Format(got))); diff != "" {
		t.Errorf("%s differs; look at it and run with -update\n%s", file, diff)
	}
}

func TestLanguageFallsBackToEnglish(t *testing.T) {
	t.Parallel()
	for tag, want := range map[string]string{"ko": "ko", "ko-KR": "ko", "KO": "ko", "en-US": "en", "fr": "en", "": "en"} {
		m, err := templates(t).Write(tag, cases["checkout_refunded"])
		if err != nil || !strings.Contains(m.HTML, `<html lang="`+want+`">`) {
			t.Errorf("%q: %v, want %s\n%s", tag, err, want, m.HTML)
		}
	}
}

// TestAMailWithAHoleInItIsAnError empties each field in turn. The ones a mail can do without are listed.
func TestAMailWithAHoleInItIsAnError(t *testing.T) {
	t.Parallel()
	optional := map[string]bool{
		"Name": true, "Discount": true, "Shipping": true, "Tax": true, "TaxIncluded": true, "TrackingNumber": true,
		"TrackingURL": true,
		"Complete":    true, "ByShop": true, "Refund": true, "Taken": true, "Reason": true,
		"Date": true, "Old": true, "Method": true, "Retry": true, "CreditUsed": true,
		"Charges": true, "NextPlan": true, "PayBy": true, "BenefitsStop": true, "Zone": true,
		"From": true, "Message": true, "Facts": true, "Reasons": true, "ShipTo": true, "ShippingMethod": true,
		"Payment": true, "Left": true, "Answer": true,
	}
	for name, content := range cases {
		of := reflect.TypeOf(content)
		for i := range of.NumField() {
			holed := reflect.New(of).Elem()
			holed.Set(reflect.ValueOf(content))
			holed.Field(i).SetZero()
			_, err := templates(t).Write("ko", holed.Interface().(mail.Content))
			field := of.Field(i).Name
			switch {
			// a notice may be about no money
			case of == reflect.TypeFor[mail.SubscriptionNotice]() && field == "Amount" && err == nil:
			// only an invitation names the account, and a language is needed only where there are several
			case of == reflect.TypeFor[mail.AccountMail]() && (field == "Languages" || field == "Username") && err == nil:
			// a code has no messages, and messages no code
			case of == reflect.TypeFor[mail.ConversationMail]() && (field == "Code" || field == "Messages") && err == nil:
			// a notice may be about no order and no units
			case of == reflect.TypeFor[mail.ServiceNotice]() && (field == "Number" || field == "Lines") && err == nil:
			case optional[field] && err != nil:
				t.Errorf("%s without %s: %v", name, field, err)
			case !optional[field] && (err == nil || !strings.Contains(strings.ToLower(err.Error()), strings.ToLower(field))):
				t.Errorf("%s without %s: %v, want an error that names it", name, field, err)
			}
		}
	}
	for name, broken := range map[string]mail.Content{
		"a line without a title":    mail.OrderDelivered{Number: "1", Lines: []mail.Line{{Quantity: 1}}, DeliveredAt: at},
		"a line of nothing":         mail.OrderDelivered{Number: "1", Lines: []mail.Line{{Title: "x"}}, DeliveredAt: at},
		"a currency that is none":   mail.CheckoutRefunded{Amount: money.Of(1, "WON")},
		"a number of nothing but ␠": mail.OrderDelivered{Number: "  ", Lines: lines(), DeliveredAt: at},
	} {
		if m, err := templates(t).Write("en", broken); err == nil {
			t.Errorf("%s was written:\n%s", name, m.Text)
		}
	}
}

// nasty is what people and attackers type.
var nasty = []string{
	`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `</title></style><b>`, "김하늘 👩🏽‍🦰🎁", "{{.Brand.Name}}",
	"a\r\nBcc: eve@example.com",
	"line\u2028separator", "tab\tand\x00nul", strings.Repeat("가나다라마바사 ", 2_000), "'; DROP TABLE orders; --", "&lt;b&gt;",
	"\u202eright to left",
}

func TestWhatPeopleTypedStaysText(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.SampledFrom(nasty), rapid.String()).Draw(t, "text")
		content := mail.OrderShipped{
			Number: "1K9X7", Name: text, Carrier: "x" + text, TrackingNumber: text, TrackingURL: "https://e.example/" + text,
			Lines: []mail.Line{{Title: "x" + text, Options: []string{text}, Properties: map[string]string{text: text},
				Quantity: 1}}, Complete: true, ShippedAt: at,
		}
		m, err := templates(t).Write(rapid.SampledFrom(mail.Languages).Draw(t, "language"), content)
		if err != nil {
			t.Fatal(err)
		}
		if strings.ContainsFunc(m.Subject, unicode.IsControl) {
			t.Fatalf("control character in the subject %q", m.Subject)
		}
		plain := content
		plain.Name, plain.Carrier, plain.TrackingNumber, plain.TrackingURL = "n", "c", "t", "https://e.example/"
		plain.Lines = []mail.Line{{Title: "t", Options: []string{"o"}, Properties: map[string]string{"p": "v"}, Quantity: 1}}
		want, err := templates(t).Write("en", plain)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := elements(t, m.HTML), elements(t, want.HTML); !lessThan(got, want) {
			t.Fatalf("elements %v, want those of a harmless mail %v\n%s", got, want, m.HTML)
		}
		if got, want := strings.Count(m.Text, "\n"), strings.Count(want.Text, "\n"); got > want {
			t.Fatalf("%d lines of text, want at most %d:\n%s", got, want, m.Text)
		}
	})
}

var (
	tagForm     = regexp.MustCompile(`<([a-zA-Z][a-zA-Z0-9]*)([^>]*)>`)
	handlerForm = regexp.MustCompile(`(?i)\son[a-z]+\s*=|href="\s*javascript:`)
)

// elements counts the elements of a document and fails on a script or an event handler. It takes whatever a browser
// could take for the beginning of one.
func elements(t *rapid.T, document string) map[string]int {
	t.Helper()
	count := map[string]int{}
	for _, tag := range tagForm.FindAllStringSubmatch(document, -1) {
		count[strings.ToLower(tag[1])]++
		if handlerForm.MatchString(tag[2]) {
			t.Fatalf("%s", tag[0])
		}
	}
	return count
}

// lessThan reports whether no element is in a more often than in b. Empty fields make fewer.
func lessThan(a, b map[string]int) bool {
	for name, n := range a {
		if n > b[name] {
			return false
		}
	}
	return true
}

func TestMailFitsWhatGmailShows(t *testing.T) {
	t.Parallel()
	content := cases["order_confirmation"].(mail.OrderConfirmation)
	content.Lines = nil
	for range 100 {
		content.Lines = append(content.Lines,
			mail.Line{Title: strings.Repeat("가", 60), Options: []string{"100 g"}, Quantity: 1, Total: krw(1_000)})
	}
	m, err := templates(t).Write("ko", content)
	if err != nil {
		t.Fatal(err)
	}
	if len(m.HTML) > 102<<10 {
		t.Errorf("a mail of 100 lines has %d bytes; Gmail clips at 102 KB", len(m.HTML))
	}
}

func TestBrandIsChecked(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*mail.Brand){
		"no name":          func(b *mail.Brand) { b.Name = "" },
		"no address":       func(b *mail.Brand) { b.URL = "" },
		"no contact":       func(b *mail.Brand) { b.Contact = "" },
		"a color in words": func(b *mail.Brand) { b.Color = "red" },
		"a color with CSS": func(b *mail.Brand) { b.Color = "#123456;x" },
	} {
		b := brand
		change(&b)
		if _, err := mail.NewTemplates(b, time.UTC); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

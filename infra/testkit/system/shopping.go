package system

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
)

// Product puts a product with one variant on sale. It returns the ids of both.
func (s *Shop) Product(units int, variant map[string]any) (productID, variantID string) {
	s.T.Helper()
	v := map[string]any{"prices": map[string]any{"KRW": map[string]any{"amount": 12_000}}, "available": units}
	for name, value := range variant {
		v[name] = value
	}
	a := s.Do(s.Merchant(), "POST", "/products", map[string]any{
		"handle": Unique("soap"), "status": "active", "title": map[string]string{"ko": "비누", "en": "Soap"}, "type": "soap",
		"variants": []any{v},
	})
	return a.Field(s.T, "id"), a.Field(s.T, "variants.0.id")
}

// Purse is a shopper with a cart: a guest with its token, or a customer.
type Purse struct {
	Caller
	Cart, Email string
}

// GuestWith is a new guest whose cart is ready for checkout.
func (s *Shop) GuestWith(variantID string, quantity int) Purse {
	s.T.Helper()
	made := s.Do(Guest, "POST", "/carts", map[string]string{"currency": "KRW"})
	p := Purse{Caller: Guest.With("Cart-Token", made.Field(s.T, "token")), Cart: made.Field(s.T, "cart.id")}
	return s.fill(p, variantID, quantity)
}

// CustomerWith is a customer whose cart is ready for checkout.
func (s *Shop) CustomerWith(subject, variantID string, quantity int) Purse {
	s.T.Helper()
	return s.fill(Purse{Caller: s.As(subject), Cart: "mine"}, variantID, quantity)
}

func (s *Shop) fill(p Purse, variantID string, quantity int) Purse {
	s.T.Helper()
	p.Email = Unique("shopper") + "@example.com"
	path := "/carts/" + p.Cart
	a := s.Do(p.Caller, "POST", path+"/lines", map[string]any{"variantId": variantID, "quantity": quantity})
	s.Do(p.Caller, "PUT", path+"/contact", map[string]string{"email": p.Email})
	s.Do(p.Caller, "PUT", path+"/address",
		map[string]string{"name": "김하늘", "line1": "왕십리로 83", "postalCode": "04769", "country": "KR"})
	s.Do(p.Caller, "PUT", path+"/shipping-method", map[string]string{"methodId": "standard"})
	p.Cart = a.Field(s.T, "id")
	return p
}

// Buy starts the checkout of a cart with a key of its own.
func (s *Shop) Buy(p Purse, method string) Answer {
	s.T.Helper()
	return s.Try(p.With("Idempotency-Key", Unique("key-for-the-checkout")), "POST", "/carts/"+p.Cart+"/checkout",
		map[string]string{
			"paymentMethod": method, "returnUrl": "https://shop.example.com/back",
		})
}

// Order is a placed order of a new guest.
func (s *Shop) Order() (p Purse, orderID string) {
	s.T.Helper()
	_, variant := s.Product(10, nil)
	p = s.GuestWith(variant, 1)
	return p, s.Buy(p, "pm_card_visa").Field(s.T, "orderId")
}

// Plan puts a plan up: a monthly membership for 9,900 won unless change says otherwise.
func (s *Shop) Plan(change map[string]any) string {
	s.T.Helper()
	plan := map[string]any{
		"kind": "membership", "name": map[string]string{"ko": "단골 멤버십", "en": "Regular"},
		"interval": map[string]any{"unit": "month", "count": 1},
		"prices":   map[string]int{"KRW": 9_900}, "tax": map[string]any{"rateBp": 1000, "included": true},
	}
	for name, value := range change {
		plan[name] = value
	}
	return s.Do(s.Merchant(), "POST", "/plans", plan).Field(s.T, "id")
}

// Subscribe subscribes to a plan with a card. Mails go to <name>@example.com.
func (s *Shop) Subscribe(c Caller, plan, card string) Answer {
	s.T.Helper()
	return s.Do(c.With("Idempotency-Key", Unique("key-for-the-subscription")), "POST", "/subscriptions", map[string]any{
		"planId": plan, "currency": "KRW", "paymentMethod": card, "region": "KR", "zone": "Asia/Seoul", "language": "ko",
		"email": c.Name + "@example.com", "name": "김하늘",
		"address": map[string]string{"name": "김하늘", "line1": "왕십리로 83", "country": "KR"},
	})
}

// Approve passes the bank's challenge as a browser would.
func Approve(t testing.TB, url string) {
	t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Post(url, "application/x-www-form-urlencoded", strings.NewReader("decision=approve"))
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusSeeOther {
		t.Fatalf("the challenge page answered %s", answer.Status)
	}
}

// Sale is the body of a sale price of one product, a fifth off; change has fields that differ.
func Sale(product, starts, ends string, change map[string]any) map[string]any {
	body := map[string]any{
		"name": map[string]string{"ko": "주말 세일", "en": "Weekend sale"}, "kind": "sale_price", "starts": starts, "ends": ends,
		"targets": map[string]any{"products": []string{product}}, "terms": map[string]any{"basisPoints": 2_000},
	}
	for name, value := range change {
		body[name] = value
	}
	return body
}

// Publish writes a promotion and publishes it, whatever the guard says.
func (s *Shop) Publish(body map[string]any) string {
	s.T.Helper()
	id := s.Do(s.Merchant(), "POST", "/promotions", body).Field(s.T, "id")
	s.Do(s.Merchant(), "POST", "/promotions/"+id+"/publish", `{"reason":"a test"}`)
	return id
}

// Give gives a plan away, to min@example.com of a name that nobody else has, and returns the subscription and the token
// of the mail.
func (s *Shop) Give(c Caller, plan string, change map[string]any) (id, token string) {
	s.T.Helper()
	recipient := Unique("min") + "@example.com"
	gift := map[string]any{"recipient": recipient, "name": "민", "message": "생일 축하해"}
	body := map[string]any{
		"planId": plan, "currency": "KRW", "paymentMethod": "pm_card_visa", "region": "KR", "zone": "Asia/Seoul",
		"language": "ko",
		"email":    c.Name + "@example.com", "name": "김하늘", "gift": gift,
	}
	for name, value := range change {
		if name == "on" {
			gift["on"] = value
			continue
		}
		body[name] = value
	}
	made := s.Do(c.With("Idempotency-Key", Unique("key-for-the-present")), "POST", "/subscriptions", body)
	s.AdvanceBy(time.Hour) // the mail goes out when the sweeper has found it
	return made.Field(s.T, "id"), s.GiftToken(recipient)
}

var linkForm = regexp.MustCompile(`/gift#(\S+)`)

// GiftToken is the secret in the latest mail to somebody, "" without a mail.
func (s *Shop) GiftToken(email string) string {
	for _, m := range s.Mail().Messages(email) {
		if link := linkForm.FindStringSubmatch(m.Text); link != nil {
			return link[1]
		}
	}
	return ""
}

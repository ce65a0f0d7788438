package subscriptions_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"dangol/events"
	"dangol/functions/subscriptions"
	"dangol/infra/testkit/apitest"
	"dangol/infra/testkit/testshop"
	"dangol/shared/platform/table"
	"dangol/shared/subscription"
	"dangol/shared/subscription/service"
)

// giftTokens are the secrets in the links of a gift's mails, in the order in which the mails were sent.
func (s *shop) giftTokens(t *testing.T, id string) (tokens []string) {
	t.Helper()
	var notices []service.StoredNotice
	err := s.Table.All(t.Context(), table.Query{
		Where: "#pk = :pk", With: map[string]any{":pk": service.KeyOf(id).PK},
	}, func(item table.Item) error {
		var n service.StoredNotice
		if err := item.Decode(&n); err != nil || n.Event == nil ||
			n.Event.Type != (events.SubscriptionGiftAnnounced{}).EventType() {
			return err
		}
		notices = append(notices, n)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(notices, func(a, b service.StoredNotice) int { return a.At.Compare(b.At) })
	for _, n := range notices {
		var mail events.SubscriptionGiftAnnounced
		if err := json.Unmarshal([]byte(n.Event.Data), &mail); err != nil {
			t.Fatal(err)
		}
		tokens = append(tokens, mail.Token)
	}
	return tokens
}

// given is a gift from Ann with the token of its mail.
func (s *shop) given(t *testing.T) (v subscriptions.Subscription, token string) {
	t.Helper()
	s.give(map[string]any{"recipient": "min@example.com", "message": "생일 축하해"}).Want(201).Into(&v)
	s.Until(t.Context(), s.Clock.Now()) // billing sends the first mail
	tokens := s.giftTokens(t, v.ID)
	if len(tokens) != 1 {
		t.Fatalf("%d mails announce the gift", len(tokens))
	}
	return v, tokens[0]
}

func claim(token string, fields map[string]any) map[string]any {
	body := map[string]any{"token": token, "email": "min@example.com", "language": "ko"}
	for name, value := range fields {
		body[name] = value
	}
	return body
}

func TestAGiftIsClaimedByTheFirstWhoHasTheLink(t *testing.T) {
	t.Parallel()
	s := open(t)
	v, token := s.given(t)
	bob, carol := s.guest.As(apitest.Bob), s.guest.As(apitest.Merchant)
	var seen subscriptions.Gift
	look := s.guest.Do("POST", "/gifts/look", map[string]string{"token": token}).Want(200).Into(&seen)
	if seen.From != "김하늘" || seen.Message != "생일 축하해" || seen.Claimed || seen.Cycles != 3 || seen.NeedsPlace {
		t.Errorf("the link shows %s", look.Body)
	}
	var mine, again subscriptions.Gift
	bob.Do("POST", "/gifts/claim", claim(token, nil)).Want(200).Into(&mine)
	bob.Do("POST", "/gifts/claim", claim(token, nil)).Want(200).Into(&again)
	if !mine.Claimed || mine.Opens != "2026-03-02" || again.Version != mine.Version || mine.Benefits.PercentOffBP != 0 {
		t.Errorf("claimed %+v, again %+v", mine, again)
	}
	carol.Do("POST", "/gifts/claim", claim(token, nil)).WantProblem(409, "gift_claimed")
	var list struct{ Gifts []subscriptions.GiftSummary }
	bob.Do("GET", "/gifts", nil).Want(200).Into(&list)
	if len(list.Gifts) != 1 || list.Gifts[0].ID != v.ID || list.Gifts[0].From != "김하늘" {
		t.Errorf("Bob's gifts: %+v", list.Gifts)
	}
	s.ann().Do("GET", "/gifts", nil).Want(200).Into(&list)
	if len(list.Gifts) != 0 {
		t.Errorf("the giver has gifts: %+v", list.Gifts)
	}
	s.Check(t)
}

func TestOfManyWhoClaimAGiftAtOnceOneHasIt(t *testing.T) {
	t.Parallel()
	s := open(t)
	v, token := s.given(t)
	statuses := make(chan int, 4)
	for n := range cap(statuses) {
		who := apitest.Bob
		who.Subject = fmt.Sprintf("cust-friend-%d", n)
		go func() { statuses <- s.guest.As(who).Do("POST", "/gifts/claim", claim(token, nil)).Status }()
	}
	count := map[int]int{}
	for range cap(statuses) {
		count[<-statuses]++
	}
	if count[200] != 1 || count[409]+count[503] != cap(statuses)-1 {
		t.Errorf("answers by status: %v", count)
	}
	if r := s.Of(t, v.ID); r.Sub.Gift.ClaimedBy == "" {
		t.Error("nobody has the gift")
	}
	s.Check(t)
}

func TestTheRecipientDecidesAndTheGiverNoLonger(t *testing.T) {
	t.Parallel()
	s := open(t)
	v, token := s.given(t)
	bob := s.guest.As(apitest.Bob)
	bob.Do("POST", "/gifts/claim", claim(token, map[string]any{"zone": "Europe/Berlin", "region": "DE"})).Want(200)
	s.change(v.ID, `{"do":"pause","until":"2026-08-01"}`).WantProblem(409, "recipient_decides")
	s.ann().Do("POST", "/subscriptions/"+v.ID+"/quote", `{"do":"move","zone":"Asia/Tokyo"}`).
		WantProblem(409, "recipient_decides")
	own := s.read(v.ID)
	for _, name := range []string{"pause", "change_date", "move"} {
		if slices.Contains(own.Allows, name) {
			t.Errorf("the giver is shown %s", name)
		}
	}
	paths := "/gifts/" + v.ID
	bob.Do("POST", paths+"/changes", `{"do":"upgrade","planId":"x"}`).Want(422)
	bob.With("If-Match", `"1"`).Do("POST", paths+"/changes", `{"do":"pause","until":"2026-07-20"}`).
		WantProblem(412, "version_mismatch")
	var after subscriptions.Gift
	bob.Do("POST", paths+"/changes", map[string]any{"do": "move", "zone": "Asia/Tokyo", "region": "JP"}).
		Want(200).Into(&after)
	if r := s.Of(t, v.ID); r.Sub.Anchor.Zone != "Asia/Tokyo" || r.Sub.Region != "JP" {
		t.Errorf("it is in %s, %s", r.Sub.Anchor.Zone, r.Sub.Region)
	}
	for _, path := range []string{"", "/history", "/invoices"} {
		bob.Do("GET", "/subscriptions/"+v.ID+path, nil).WantProblem(404, "subscription_not_found")
	}
	s.ann().Do("GET", paths, nil).WantProblem(404, "gift_not_found")
	s.Check(t)
}

func TestOnlyTheLinkOfTheNewestMailOpensAGift(t *testing.T) {
	t.Parallel()
	s := open(t)
	v, first := s.given(t)
	s.Clock.Advance(time.Minute)
	s.ann().Do("POST", "/subscriptions/"+v.ID+"/gift/mail", map[string]string{"recipient": "min@example.org"}).
		Want(200).Into(&v)
	if v.Gift.Recipient != "min@example.org" || v.Gift.Mails != 2 {
		t.Errorf("announced %+v", v.Gift)
	}
	s.guest.Do("POST", "/gifts/look", map[string]string{"token": first}).WantProblem(404, "gift_not_found")
	tokens := s.giftTokens(t, v.ID)
	s.guest.Do("POST", "/gifts/look", map[string]string{"token": tokens[1]}).Want(200)
	s.ann().Do("POST", "/subscriptions/"+v.ID+"/gift/mail", map[string]string{"recipient": "nobody"}).Want(422)
	s.guest.As(apitest.Bob).Do("POST", "/gifts/claim", claim(tokens[1], nil)).Want(200)
	s.ann().Do("POST", "/subscriptions/"+v.ID+"/gift/mail", nil).WantProblem(409, "gift_claimed")
}

func TestAClaimNamesWhatIsWrongWithIt(t *testing.T) {
	t.Parallel()
	s := open(t)
	_, token := s.given(t)
	bob := s.guest.As(apitest.Bob)
	for pointer, fields := range map[string]map[string]any{
		"/email":    {"email": "Min <min@example.com>"},
		"/region":   {"region": "XX"},
		"/zone":     {"zone": "Asia/Nowhere"},
		"/language": {"language": "xx"},
		"/address/postalCode": {"address": map[string]any{
			"name": "a", "line1": "b", "country": "KR", "postalCode": "1"},
		},
	} {
		bob.Do("POST", "/gifts/claim", claim(token, fields)).WantField(pointer)
	}
	s.give(map[string]any{"recipient": "min@example.com", "language": "xx"}).WantField("/gift/language")
	bob.Do("POST", "/gifts/claim", claim(token, nil)).Want(200)
}

func TestAGiftOfParcelsIsClaimedWithAnAddressThatTheGiverDoesNotSee(t *testing.T) {
	t.Parallel()
	s := open(t)
	soap := s.Sell(testshop.ProductSpec{Price: 9_000, Units: 50})
	var p subscriptions.PlanDocument
	s.guest.As(apitest.Merchant).Do("POST", "/plans", map[string]any{
		"kind": "replenishment", "name": map[string]string{"ko": "비누", "en": "Soap"}, "prepaid": 2,
		"interval": map[string]any{"unit": "month", "count": 1}, "prices": map[string]int{"KRW": 9_000},
		"tax":      map[string]any{"rateBp": 1000, "included": true},
		"contents": []map[string]any{{"variantId": soap, "quantity": 1}},
	}).Want(201).Into(&p)
	body := s.request(p.ID, "pm_card_visa")
	body["gift"] = map[string]any{"recipient": "min@example.com"}
	var v subscriptions.Subscription
	s.ann().With("Idempotency-Key", "a-gift-of-soap-0123456789").Do("POST", "/subscriptions", body).Want(201).Into(&v)
	s.Until(t.Context(), s.Clock.Now())
	token, bob := s.giftTokens(t, v.ID)[0], s.guest.As(apitest.Bob)
	var seen subscriptions.Gift
	s.guest.Do("POST", "/gifts/look", map[string]string{"token": token}).Want(200).Into(&seen)
	if !seen.NeedsPlace {
		t.Error("the link does not say that an address is needed")
	}
	bob.Do("POST", "/gifts/claim", claim(token, nil)).WantField("/address")
	home := map[string]any{"name": "민", "line1": "올림픽로 300", "country": "KR", "postalCode": "05551"}
	var mine subscriptions.Gift
	bob.Do("POST", "/gifts/claim", claim(token, map[string]any{"address": home})).Want(200).Into(&mine)
	if mine.Address == nil || mine.Address.Line1 != "올림픽로 300" || mine.NeedsPlace {
		t.Errorf("the recipient's address is %+v", mine.Address)
	}
	if own := s.read(v.ID); own.Address != nil || own.State != subscription.Active {
		t.Errorf("the giver reads %+v", own.Address)
	}
	bob.Do("POST", "/gifts/"+v.ID+"/changes", `{"do":"skip_next"}`).Want(200).Into(&mine)
	if !mine.SkipNext {
		t.Error("the next parcel is not skipped")
	}
	s.Until(t.Context(), s.Clock.Now().Add(time.Hour))
	s.Check(t)
}

package runner_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"dangol/infra/topology"
	"dangol/shared/platform/api"
)

// belongings are one shopper's things, made afresh for every call so that no call spoils the next.
type belongings struct {
	owner                                         purse
	product, variant, cart, line, checkout, order string
	number, promotion                             string
	other                                         purse // a guest's cart, to be merged
	plan, subscription, notice, fingerprint       string
	gift                                          string // its token
	refund                                        string
}

// request is how a route is called rightly.
type request struct {
	// body of a request that is right, with {name} for ids.
	body any
	// needs makes what the route is about.
	needs func(*shop) belongings
	// owned routes answer 404 to everybody but the owner (and those who work for the shop, where operators is set).
	owned, operators bool
}

func ownCart(s *shop) belongings {
	product, variant := s.product(10, nil)
	owner := s.customerWith(unique("ann"), variant, 1)
	cart := s.do(owner.caller, "GET", "/carts/mine", nil)
	s.do(owner.caller, "PUT", "/carts/mine/codes", `{"codes":["X"]}`)
	return belongings{owner: owner, product: product, variant: variant, cart: owner.cart, line: cart.field(s.t, "lines.0.id")}
}

func guestCart(s *shop) belongings {
	_, variant := s.product(10, nil)
	return belongings{other: s.guestWith(variant, 1)}
}

func ownCheckout(s *shop) belongings {
	b := ownCart(s)
	b.checkout = s.buy(b.owner, "pm_card_threeDSecure2Required").field(s.t, "id")
	return b
}

func ownOrder(s *shop) belongings {
	b := ownCart(s)
	b.order = s.buy(b.owner, "pm_card_visa").field(s.t, "orderId")
	b.number = s.do(b.owner.caller, "GET", "/orders/"+b.order, nil).field(s.t, "number")
	return b
}

func guestOrder(s *shop) belongings {
	other, order := s.order()
	return belongings{other: other, number: s.do(other.caller, "GET", "/orders/"+order, nil).field(s.t, "number")}
}

func shippedOrder(s *shop) belongings {
	b := ownOrder(s)
	s.do(s.agent(), "POST", "/orders/"+b.order+"/fulfillments", map[string]string{"carrier": "cj", "trackingNumber": "1"})
	return b
}

func someProduct(s *shop) belongings {
	product, variant := s.product(10, nil)
	return belongings{product: product, variant: variant}
}

func someDraft(s *shop) belongings {
	b := someProduct(s)
	b.promotion = s.do(s.merchant(), "POST", "/promotions", sale(b.product, "2026-12-04T10:00", "2026-12-06T24:00", nil)).field(s.t, "id")
	return b
}

func somePublished(s *shop) belongings {
	b := someDraft(s)
	s.do(s.merchant(), "POST", "/promotions/"+b.promotion+"/publish", `{"reason":"a test"}`)
	return b
}

func somePaused(s *shop) belongings {
	b := somePublished(s)
	s.do(s.merchant(), "POST", "/promotions/"+b.promotion+"/pause", nil)
	return b
}

func someCodeless(s *shop) belongings {
	b := someProduct(s)
	draft := sale(b.product, "2026-12-04T10:00", "2026-12-06T24:00", map[string]any{"kind": "percentage"})
	b.promotion = s.do(s.merchant(), "POST", "/promotions", draft).field(s.t, "id")
	return b
}

func someCodes(s *shop) belongings {
	b := someCodeless(s)
	s.do(s.merchant(), "POST", "/promotions/"+b.promotion+"/codes", `{"size":3}`)
	return b
}

// planned is the body of a promotion that is right.
const planned = `{"name":{"ko":"세일"},"kind":"percentage","starts":"2027-02-05T10:00","ends":"2027-02-05T24:00",` +
	`"targets":{"products":["{id}"]},"terms":{"basisPoints":1000}}`

func somePlan(s *shop) belongings { return belongings{plan: s.plan(nil)} }

func ownSubscription(s *shop) belongings {
	b := somePlan(s)
	b.owner.caller = s.as(unique("eve"))
	b.subscription = s.subscribe(b.owner.caller, b.plan, "pm_card_visa").field(s.t, "id")
	return b
}

func ownTrial(s *shop) belongings {
	b := belongings{plan: s.plan(map[string]any{"trialDays": 14})}
	b.owner.caller = s.as(unique("eve"))
	b.subscription = s.subscribe(b.owner.caller, b.plan, "pm_card_visa").field(s.t, "id")
	notice := s.do(b.owner.caller, "GET", "/subscriptions/"+b.subscription+"/consent", nil)
	b.notice, b.fingerprint = notice.field(s.t, "id"), notice.field(s.t, "fingerprint")
	return b
}

// ownGift is a gift whose giver is the owner.
func ownGift(s *shop) belongings {
	b := belongings{plan: s.plan(map[string]any{"prepaid": 3})}
	b.owner.caller = s.as(unique("eve"))
	b.subscription, b.gift = s.give(b.owner.caller, b.plan, nil)
	return b
}

// claimedGift is a gift whose recipient is the owner.
func claimedGift(s *shop) belongings {
	b := ownGift(s)
	b.owner.caller = s.as(unique("min"))
	s.do(b.owner.caller, "POST", "/gifts/claim", map[string]string{"token": b.gift, "email": "min@example.com", "language": "ko"})
	return b
}

func nothing(*shop) belongings { return belongings{} }

const planBody = `{"kind":"membership","name":{"ko":"단골 {unique}"},"interval":{"unit":"month","count":1},"prices":{"KRW":9900},"tax":{"rateBp":1000,"included":true}}`

// requests has every operation of the system. A route that is missing here fails the test.
var requests = map[string]request{
	"listProducts": {needs: nothing}, "getProduct": {needs: someProduct}, "listCategories": {needs: nothing},
	"listAllProducts": {needs: nothing}, "getProductForEdit": {needs: someProduct}, "getPriceHistory": {needs: someProduct},
	"createProduct":  {needs: nothing, body: `{"title":{"ko":"새 비누 {unique}"},"variants":[{"prices":{"KRW":{"amount":100}}}]}`},
	"replaceProduct": {needs: someProduct, body: `{"title":{"ko":"비누 {unique}"},"variants":[{"prices":{"KRW":{"amount":100}}}]}`},
	"archiveProduct": {needs: someProduct}, "getStock": {needs: someProduct},
	"setStock":       {needs: someProduct, body: `{"available":7}`},
	"adjustStock":    {needs: someProduct, body: `{"delta":1,"reason":"counted"}`},
	"importProducts": {needs: nothing, body: "Handle,Title,Variant Price\nimported-{unique},Soap,100\n"},
	"exportProducts": {needs: nothing},

	"createCart": {needs: nothing, body: `{"currency":"KRW"}`},
	"getCart":    {needs: ownCart, owned: true}, "addLine": {needs: ownCart, owned: true, body: `{"variantId":"{variantId}","quantity":1}`},
	"setLine": {needs: ownCart, owned: true, body: `{"quantity":2}`}, "removeLine": {needs: ownCart, owned: true},
	"setCodes": {needs: ownCart, owned: true, body: `{"codes":["X"]}`}, "removeCode": {needs: ownCart, owned: true},
	"setContact":        {needs: ownCart, owned: true, body: `{"email":"a@example.com"}`},
	"setAddress":        {needs: ownCart, owned: true, body: `{"name":"A","line1":"B","country":"KR"}`},
	"setShippingMethod": {needs: ownCart, owned: true, body: `{"methodId":"standard"}`},
	"setCurrency":       {needs: ownCart, owned: true, body: `{"currency":"KRW"}`},
	"setNote":           {needs: ownCart, owned: true, body: `{"note":"hello"}`}, "acceptPrices": {needs: ownCart, owned: true},
	"mergeCart": {needs: guestCart, body: `{"cartId":"{guestCart}","token":"{guestToken}"}`},

	"chooseGifts": {needs: ownCart, owned: true, body: `{"variantIds":["{variantId}"]}`},

	"createPromotion": {needs: someProduct, body: planned}, "listPromotions": {needs: nothing}, "planPromotion": {needs: someProduct, body: planned},
	"previewPromotion": {needs: someProduct, body: `{"lines":[{"variantId":"{variantId}","quantity":1}]}`}, "reportDiscounts": {needs: nothing},
	"getPromotion": {needs: somePublished}, "replacePromotion": {needs: someDraft, body: planned}, "deletePromotion": {needs: someDraft},
	"publishPromotion": {needs: someDraft, body: `{"reason":"a test"}`}, "pausePromotion": {needs: somePublished},
	"resumePromotion": {needs: somePaused}, "endPromotion": {needs: somePublished}, "dryRunPromotion": {needs: someDraft},
	"createCodes": {needs: someCodeless, body: `{"size":3}`}, "getCodes": {needs: someCodes}, "reportPromotion": {needs: somePublished},
	"listSeasons": {needs: nothing},

	"startCheckout": {needs: ownCart, owned: true, body: `{"paymentMethod":"pm_card_visa"}`},
	"getCheckout":   {needs: ownCheckout, owned: true, operators: true}, "confirmCheckout": {needs: ownCheckout, owned: true, operators: true},
	"cancelCheckout": {needs: ownCheckout, owned: true, operators: true}, "paymentWebhook": {needs: nothing, body: `{}`},

	"listMyOrders": {needs: nothing}, "getOrder": {needs: ownOrder, owned: true, operators: true},
	"lookupOrder": {needs: guestOrder, body: `{"number":"{number}","email":"{email}"}`},
	"listOrders":  {needs: nothing}, "cancelOrder": {needs: ownOrder, owned: true, operators: true, body: `{"reason":"changed my mind"}`},
	"fulfilOrder":        {needs: ownOrder, body: `{"carrier":"cj","trackingNumber":"1"}`},
	"deliverFulfillment": {needs: shippedOrder}, "addOrderNote": {needs: ownOrder, body: `{"text":"called"}`},
	"listPlans": {needs: nothing}, "getPlan": {needs: somePlan}, "createPlan": {needs: nothing, body: planBody},
	"replacePlan": {needs: somePlan, body: planBody}, "archivePlan": {needs: somePlan},
	"proposePlan": {needs: ownSubscription, body: `{"from":"2027-03-01"}`}, "getSubscriptionReport": {needs: ownSubscription},
	"subscribe":       {needs: somePlan, body: `{"planId":"{planId}","currency":"KRW","paymentMethod":"pm_card_visa","region":"KR","zone":"Asia/Seoul","language":"ko","email":"a@example.com"}`},
	"getMyMembership": {needs: nothing}, "listMySubscriptions": {needs: nothing}, "getSubscription": {needs: ownSubscription, owned: true},
	"getSubscriptionHistory": {needs: ownSubscription, owned: true}, "listInvoices": {needs: ownSubscription, owned: true},
	"quoteSubscriptionChange": {needs: ownSubscription, owned: true, body: `{"do":"cancel"}`},
	"changeSubscription":      {needs: ownSubscription, owned: true, body: `{"do":"pause","until":"2027-02-01"}`},
	"cancelSubscription":      {needs: ownSubscription, owned: true}, "reactivateSubscription": {needs: ownSubscription, owned: true},
	"payNow": {needs: ownSubscription, owned: true}, "updatePaymentMethod": {needs: ownSubscription, owned: true, body: `{"paymentMethod":"pm_card_visa"}`},
	"getConsentNotice": {needs: ownTrial, owned: true},
	"answerConsent":    {needs: ownTrial, owned: true, body: `{"noticeId":"{notice}","fingerprint":"{fingerprint}","answer":"yes","explicit":true,"separate":true}`},

	"lookAtGift": {needs: ownGift, body: `{"token":"{gift}"}`}, "claimGift": {needs: ownGift, body: `{"token":"{gift}","email":"a@example.com","language":"ko"}`},
	"listMyGifts": {needs: nothing}, "getGift": {needs: claimedGift, owned: true},
	"changeGift": {needs: claimedGift, owned: true, body: `{"do":"move","zone":"Asia/Seoul","region":"KR"}`}, "mailGift": {needs: ownGift, owned: true},

	"listCreditNotes": {needs: refusedRefund, owned: true}, "getCreditNote": {needs: refusedRefund, owned: true},
	"listAllCreditNotes": {needs: nothing}, "getAnyCreditNote": {needs: refusedRefund}, "listOpenRefunds": {needs: nothing},
	"retryRefund": {needs: refusedRefund}, "settleRefund": {needs: refusedRefund, body: `{"reference":"transfer"}`},

	"explainCancellation": {needs: ownSubscription, owned: true, body: `{"reason":"too many"}`},

	"getOpenAPI": {needs: nothing}, "getDocs": {needs: nothing},
}

// verdict is what a caller is told, as far as permission goes.
type verdict string

const (
	allowed   verdict = "allowed"
	unknown   verdict = "401"
	forbidden verdict = "403"
	hidden    verdict = "404"
)

// expected is what each kind of caller has to be told.
func expected(r api.Route, q request, who string) verdict {
	forged := who == "forged"
	switch r.Access {
	case api.Public:
		return allowed
	case api.Signed:
		return unknown
	case api.Shopper:
		return expectedOfShopper(q, who)
	}
	switch {
	case forged || who == "guest" || who == "guest with a token of another cart":
		return unknown
	case r.Access == api.Customer && q.owned && who != "owner":
		return hidden
	case r.Access == api.Customer:
		return allowed
	case r.Access == api.Agent && (who == "agent" || who == "merchant"), r.Access == api.MerchantIs && who == "merchant":
		return allowed
	default:
		return forbidden
	}
}

func expectedOfShopper(q request, who string) verdict {
	switch {
	case who == "forged":
		return unknown
	case !q.owned || who == "owner":
		return allowed
	case q.operators && (who == "agent" || who == "merchant"):
		return allowed
	default:
		return hidden
	}
}

func verdictOf(status int) verdict {
	switch status {
	case http.StatusUnauthorized:
		return unknown
	case http.StatusForbidden:
		return forbidden
	case http.StatusNotFound:
		return hidden
	default:
		return allowed
	}
}

func TestEveryRouteWithEveryKindOfCaller(t *testing.T) {
	t.Parallel()
	s := open(t)
	_, variant := s.product(1_000, nil)
	stranger := s.guestWith(variant, 1)
	callers := map[string]func(belongings) caller{
		"guest":                              func(belongings) caller { return guest },
		"guest with a token of another cart": func(belongings) caller { return stranger.caller },
		"other customer":                     func(belongings) caller { return s.as("bob") },
		"owner":                              func(b belongings) caller { return b.owner.caller },
		"agent":                              func(belongings) caller { return s.agent() },
		"merchant":                           func(belongings) caller { return s.merchant() },
		"forged":                             func(belongings) caller { return forged(s.merchant()) },
	}
	for _, f := range topology.Dangol.Functions {
		if f.API == nil {
			continue
		}
		for _, route := range f.API.Routes() {
			q, ok := requests[route.ID]
			if !ok {
				t.Errorf("%s %s (%s) is not walked: add it to requests", route.Method, route.Path, route.ID)
				continue
			}
			for who, as := range callers {
				b := q.needs(s)
				if who == "owner" && b.owner.headers == nil {
					b.owner.caller = s.as("carol") // nothing to own here: a customer like any other
				}
				a := s.send(as(b), route, q, b)
				if got, want := verdictOf(a.status), expected(route, q, who); got != want && !(want == hidden && got == unknown) {
					t.Errorf("%s %s as %s: %d %s, want %s", route.Method, route.Path, who, a.status, strings.TrimSpace(a.body), want)
				}
				if a.status >= 500 {
					t.Errorf("%s %s as %s: %d %s", route.Method, route.Path, who, a.status, a.body)
				}
				if a.status >= 400 && a.header.Get("Content-Type") != "application/problem+json" {
					t.Errorf("%s %s as %s: a %d that is no problem+json: %s", route.Method, route.Path, who, a.status, a.body)
				}
			}
		}
	}
}

// forged breaks the signature of a token.
func forged(c caller) caller {
	token := c.headers["Authorization"]
	half := len(token) - 20
	return caller{name: "forged", headers: map[string]string{"Authorization": token[:half] + strings.Repeat("A", 20)}}
}

// send fills in a route and its body for somebody's belongings and sends it.
func (s *shop) send(c caller, route api.Route, q request, b belongings) answer {
	if b.promotion == "" {
		b.promotion = "promo_x" // of nobody; only names a choice of gifts
	}
	fill := strings.NewReplacer(
		"{cartId}", b.cart, "{lineId}", b.line, "{checkoutId}", b.checkout, "{orderId}", b.order, "{variantId}", b.variant,
		"{guestCart}", b.other.cart, "{guestToken}", b.other.headers["Cart-Token"], "{number}", b.number, "{promotionId}", b.promotion, "{email}", b.other.email,
		"{id}", b.product, "{code}", "X", "{n}", "1", "{provider}", "sandbox", "{unique}", unique("n"),
		"{planId}", b.plan, "{subscriptionId}", b.subscription, "{notice}", b.notice, "{fingerprint}", b.fingerprint,
		"{gift}", b.gift, "{refundId}", b.refund,
	)
	path := fill.Replace(route.Path)
	if strings.Contains(path, "{") {
		s.t.Fatalf("nothing fills %s", path)
	}
	if route.Keyed == api.KeyRequired {
		c = c.with("Idempotency-Key", unique("key-for-walking-it"))
	}
	switch route.ID {
	case "importProducts":
		c, path = c.with("Content-Type", "text/csv"), path+"?currency=KRW"
	case "listOrders":
		path += "?state=placed"
	case "listAllCreditNotes":
		path += "?year=2026"
	case "getSubscriptionReport":
		path += "?from=2026-11-01T00:00:00Z&to=2026-12-01T00:00:00Z"
	case "replaceProduct", "archiveProduct", "replacePromotion":
		c = c.with("If-Match", "*")
	}
	if q.body == nil {
		return s.try(c, route.Method, path, nil)
	}
	return s.try(c, route.Method, path, fill.Replace(fmt.Sprint(q.body)))
}

func TestRequestsNameOnlyRoutesThatExist(t *testing.T) {
	t.Parallel()
	var ids []string
	for _, f := range topology.Dangol.Functions {
		if f.API != nil {
			for _, r := range f.API.Routes() {
				ids = append(ids, r.ID)
			}
		}
	}
	for id := range requests {
		if !slices.Contains(ids, id) {
			t.Errorf("%s is walked and does not exist", id)
		}
	}
}

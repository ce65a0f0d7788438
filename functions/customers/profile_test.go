package customers_test

import (
	"slices"
	"strings"
	"testing"

	"dangol/functions/customers"
	"dangol/infra/testkit/apitest"
	"dangol/infra/testkit/system"
	"dangol/infra/testkit/testsubscriptions"
	"dangol/shared/customer"
	"dangol/shared/platform/table"
)

// An order goes the whole way: what the checkout knew is in the event, in the mail and in the profile.
func TestAnOrderMakesAProfileAndAConfirmationThatSaysWhatWasBought(t *testing.T) {
	t.Parallel()
	s := system.Open(t)
	_, variant := s.Product(3, nil)
	sub := system.Unique("fay")
	fay := s.CustomerWith(sub, variant, 1)
	s.Buy(fay, "pm_card_visa")
	s.RunUntilIdle()

	profile := s.Do(s.As(sub), "GET", "/me/profile", nil)
	if profile.Field(t, "email") != fay.Email || profile.Field(t, "name") != "김하늘" {
		t.Errorf("the profile is %s", profile.Body)
	}
	mails := s.Mail().Messages(fay.Email)
	if len(mails) == 0 {
		t.Fatal("no confirmation was sent")
	}
	for _, want := range []string{"왕십리로 83", "04769", "visa 4242", "일반 배송"} {
		if !strings.Contains(mails[0].Text, want) || !strings.Contains(mails[0].HTML, want) {
			t.Errorf("the confirmation does not show %q:\n%s", want, mails[0].Text)
		}
	}
}

func TestACustomerChangesNameAndLanguage(t *testing.T) {
	t.Parallel()
	d := open(t)
	ann := d.guest.As(apitest.Ann)
	var p customers.Profile
	ann.Do("PUT", "/me/profile", map[string]any{"name": " 김하늘 ", "language": "en"}).Want(200).Into(&p)
	if p.Name != "김하늘" || p.Language != "en" {
		t.Errorf("%+v", p)
	}
	ann.Do("PUT", "/me/profile", map[string]any{"language": "ko"}).Want(200).Into(&p)
	if p.Name != "김하늘" || p.Language != "ko" {
		t.Errorf("what was left out has changed: %+v", p)
	}
	// The next order does not take back what the customer has written.
	if _, err := d.profiles.Change(t.Context(), apitest.Ann.Subject, func(p *customer.Profile) (bool, error) {
		return p.Met("ann@example.com", "Ann Other", "en"), nil
	}); err != nil {
		t.Fatal(err)
	}
	ann.Do("GET", "/me/profile", nil).Want(200).Into(&p)
	if p.Name != "김하늘" || p.Language != "ko" || p.Email != "ann@example.com" {
		t.Errorf("after an order: %+v", p)
	}
	p = customers.Profile{}
	ann.Do("PUT", "/me/profile", map[string]any{"name": ""}).Want(200).Into(&p)
	if p.Name != "" {
		t.Errorf("a name cannot be taken back: %+v", p)
	}
	for pointer, body := range map[string]map[string]any{
		"/name":     {"name": "visit bad.example.com"},
		"/language": {"language": "xx"},
	} {
		ann.Do("PUT", "/me/profile", body).WantField(pointer)
	}
	ann.Do("PUT", "/me/profile", map[string]any{"email": "bob@example.com"}).WantProblem(422, "invalid_input")
	d.guest.Do("PUT", "/me/profile", map[string]any{"name": "x"}).WantProblem(401, "token_required")
}

func TestCustomersAreFoundByNameAndByMailAddress(t *testing.T) {
	t.Parallel()
	d := open(t)
	for id, who := range map[string][2]string{
		"c1": {"김하늘", "sky@example.com"}, "c2": {"김 하늘", "other@example.com"}, "c3": {"김바다", "sea@example.com"},
		"c4": {"Sky Walker", "luke@example.com"}, "c5": {"", "sky2@example.com"}, "c6": {"skyler", "skyler@example.com"},
	} {
		if _, err := d.profiles.Change(t.Context(), id, func(p *customer.Profile) (bool, error) {
			return p.Met(who[1], who[0], "ko"), nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	for query, want := range map[string][]string{
		"김하늘":                {"c1", "c2"}, // with and without a space
		"김":                  {"c3", "c1", "c2"},
		"\u1100\u1175\u11b7": {"c3", "c1", "c2"}, // decomposed, as a Mac types it
		"SKY":                {"c6", "c4", "c5", "c1"},
		"sky@":               {"c1"},
		"ｓｋｙ walker":         {"c4"},
		"하늘":                 {}, // a name is found by its beginning
		"":                   {"c4", "c2", "c3", "c5", "c1", "c6"},
	} {
		// Whatever the size of a page, everybody is listed once.
		for limit := 1; limit <= 7; limit++ {
			var got []string
			for cursor := ""; ; {
				found, next, err := d.profiles.Find(t.Context(), query, limit, table.Cursor(cursor))
				if err != nil {
					t.Fatal(err)
				}
				for _, c := range found {
					got = append(got, c.ID)
				}
				if cursor = string(next); cursor == "" {
					break
				}
			}
			if query == "" || query == "SKY" || query == "김" {
				slices.Sort(got)
				want = slices.Sorted(slices.Values(want))
			}
			if !slices.Equal(got, want) {
				t.Errorf("%q in pages of %d: %v, want %v", query, limit, got, want)
			}
		}
	}
	d.guest.As(apitest.Agent).Do("GET", "/admin/customers?cursor=x.y", nil).WantProblem(422, "invalid_input")
}

func TestTheShopSeesACustomersSubscriptions(t *testing.T) {
	t.Parallel()
	d := open(t)
	w := testsubscriptions.In(d.Shop)
	who := w.Subscriber(w.CreatePlan(), "pm_card_visa")
	r, _, err := w.Subscribe(t.Context(), w.Unfaulted, who)
	if err != nil {
		t.Fatal(err)
	}
	var seen struct {
		Subscriptions []customers.CustomerSubscription
	}
	agent := d.guest.As(apitest.Agent)
	agent.Do("GET", "/admin/customers/"+r.Sub.CustomerID, nil).Want(200).Into(&seen)
	if len(seen.Subscriptions) != 1 || seen.Subscriptions[0].ID != r.Sub.ID || seen.Subscriptions[0].State != "active" ||
		seen.Subscriptions[0].Amount.Amount == 0 || seen.Subscriptions[0].Title == "" {
		t.Errorf("%+v", seen.Subscriptions)
	}
}

package outreach_test

import (
	"strings"
	"testing"

	"dangol/functions/outreach"
	"dangol/infra/testkit/system"
	"dangol/shared/compliance"
	"dangol/shared/outbox"
	"dangol/shared/outreach/campaign"
	"dangol/shared/outreach/consent"
	"dangol/shared/outreach/contact"
	"dangol/shared/outreach/keystore"
	"dangol/shared/outreach/ranking"
	segments "dangol/shared/outreach/segment"
	"dangol/shared/outreach/service"
	"dangol/shared/outreach/tracking"
	"dangol/shared/outreach/webhook"
	"dangol/shared/platform/table"
)

func TestAccess(t *testing.T) {
	t.Parallel()
	form := map[string]string{"Content-Type": "application/x-www-form-urlencoded"}
	const keys = `"keys":{"p256dh":"BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",` +
		`"auth":"BTBZMqHH6r4Tts7J_aSIgg"}`
	const endpoint = `"token":"{token}","endpoint":"https://fcm.googleapis.com/fcm/send/1"`
	confirm := linked(tracking.Confirm, "email", "2026-03-01T00:00:00Z")
	unsubscribe := linked(tracking.Unsubscribe, "cart", "m1")
	system.Check(t, system.Function{
		Spec: outreach.Spec(),
		Routes: system.Routes{
			"signUpForNews":     {Needs: nobody, Body: `{"email":"{email}","language":"ko","source":"form","textVersion":"1"}`},
			"confirmSignUpPage": {Needs: confirm}, "confirmSignUp": {Needs: confirm},
			"unsubscribePage": {Needs: unsubscribe},
			"unsubscribe":     {Needs: unsubscribe, Body: "List-Unsubscribe=One-Click", Header: form},
			"preferencesPage": {Needs: linked(tracking.Preferences)},
			"savePreferences": {Needs: linked(tracking.Preferences), Body: "email=yes", Header: form},
			"followLink":      {Needs: linked(tracking.Link, "0")},
			"openedMessage":   {Needs: linked(tracking.Open)}, "whyMessage": {Needs: linked(tracking.Why)},
			"pushKey": {}, "pushWorker": {},
			"subscribePush":   {Needs: linked(tracking.Preferences), Body: `{` + endpoint + `,` + keys + `,"textVersion":"1"}`},
			"clickPush":       {Needs: clicked, Body: `{"token":"{token}"}`},
			"unsubscribePush": {Needs: linked(tracking.Preferences), Body: `{` + endpoint + `}`},

			"listSequences": {}, "pauseSequence": {Needs: series}, "resumeSequence": {Needs: series},
			"reportSequence": {Needs: series},
			"dryRunSequence": {Needs: series, Body: `{"email":"a@example.com"}`},
			"createCampaign": {Needs: nobody, Body: spring}, "listCampaigns": {}, "getCampaign": {Needs: draft},
			"dryRunCampaign": {Needs: draft}, "scheduleCampaign": {Needs: draft},
			"pauseCampaign":  {Needs: state(campaign.Sending)},
			"resumeCampaign": {Needs: state(campaign.Paused)}, "stopCampaign": {Needs: draft},
			"listSegments": {}, "saveSegment": {Needs: buyers, Body: `{"condition":{"orders":{"atLeast":1}}}`},
			"countSegment":     {Body: `{"condition":{"orders":{"atLeast":1}}}`},
			"listMailFailures": {Needs: failed}, "resendMail": {Needs: failed},
			"createWebhook": {Needs: unhooked, Body: `{"url":"https://crm.example.com/x","events":["consent.given"]}`},
			"listWebhooks":  {}, "deleteWebhook": {Needs: hooked}, "rotateWebhook": {Needs: hooked},
			"testWebhook": {Needs: hooked}, "listWebhookAttempts": {Needs: hooked},
			"previewMessage":  {Needs: sold, Body: `{"sequence":"win_back","step":"miss_you","email":"{email}"}`},
			"sendTestMessage": {Needs: draft, Bodies: []string{`{"campaign":"{campaignId}","variant":"a","email":"a@example.com"}`}, Body: `{"sequence":"win_back","step":"miss_you","email":"a@example.com"}`},
			"liftSuppression": {Needs: bounced, Body: `{"email":"{email}"}`},
			"eraseContact":    {Needs: buyer, Body: `{"email":"{email}"}`},
			"lookupContact":   {Body: `{"email":"a@example.com"}`},
			"importConsents": {
				Needs: nobody, Body: `{"consents":[{"email":"{email}","at":"2026-01-01T00:00:00Z","source":"x","textVersion":"1"}]}`,
			},
			"setCoupon": {Needs: coupon, Body: `{"promotionId":"{promotionId}"}`}, "getSending": {},
			"setSending": {Body: `{"paused":false}`},
		},
		Journey: func(s *system.Shop) {
			// A keyed request that is refused leaves its key free.
			refused := s.Try(s.Merchant().With("Idempotency-Key", system.Unique("key-of-a-campaign")), "POST",
				"/outreach/campaigns", strings.Replace(spring, "2036-", "2016-", 1))
			if refused.Status != 422 {
				s.T.Errorf("a campaign in the past: %d %s", refused.Status, refused.Body)
			}
		},
	})
}

func nobody(s *system.Shop) system.Things {
	return system.Things{Fill: map[string]string{"email": system.Unique("reader") + "@example.com", "shop": s.Address()}}
}

func series(*system.Shop) system.Things {
	return system.Things{Fill: map[string]string{"sequenceId": "abandoned_cart"}}
}

func buyers(*system.Shop) system.Things {
	return system.Things{Fill: map[string]string{"segment": "buyers"}}
}

// agreed is a contact who has consented to advertising by mail.
func agreed(s *system.Shop) contact.Contact {
	s.T.Helper()
	now := s.Clock().Now()
	c, err := contact.Store{Table: s.Table("Outreach")}.Change(s.T.Context(), system.Unique("reader")+"@example.com", now,
		func(c *contact.Contact) ([]table.Write, bool, error) {
			c.Language, c.Country = "ko", "KR"
			c.Apply(consent.Change{Channel: compliance.Email, Action: consent.Give, At: now})
			return nil, false, nil
		})
	if err != nil {
		s.T.Fatal(err)
	}
	return c
}

// buyer is a contact who is a customer with an order and a mail.
func buyer(s *system.Shop) system.Things {
	s.T.Helper()
	c := agreed(s)
	mailed(s, c, "bought-"+c.ID, outbox.Accepted)
	now := s.Clock().Now()
	store := contact.Store{Table: s.Table("Outreach")}
	_, err := store.ChangeID(s.T.Context(), c.ID, now, func(c *contact.Contact) ([]table.Write, bool, error) {
		c.CustomerID = system.Unique("customer")
		order := segments.Order{ID: system.Unique("ord"), At: now, Amount: 1, Currency: "KRW"}
		c.Person.Ordered(order)
		return []table.Write{service.Buyer(order.ID, c.Email, now)}, false, nil
	})
	if err != nil {
		s.T.Fatal(err)
	}
	return system.Things{Fill: map[string]string{"email": c.Email}}
}

// sold is a shop that has sold something, so that a preview has products.
func sold(s *system.Shop) system.Things {
	s.T.Helper()
	product, _ := s.Product(10, nil)
	writes := ranking.CountOrder("ctc_1", []string{product}, s.Clock().Now())
	if err := s.Table("Outreach").Transact(s.T.Context(), "", writes...); err != nil {
		s.T.Fatal(err)
	}
	return nobody(s)
}

// unhooked is a shop without endpoints: it has ten at most, and this one is asked again and again.
func unhooked(s *system.Shop) system.Things {
	s.T.Helper()
	store := webhook.Store{Table: s.Table("Outreach")}
	all, err := store.All(s.T.Context())
	if err != nil {
		s.T.Fatal(err)
	}
	for _, e := range all {
		if err := store.Remove(s.T.Context(), e.ID, s.Clock().Now()); err != nil {
			s.T.Fatal(err)
		}
	}
	return nobody(s)
}

// hooked is a shop that tells another system of events.
func hooked(s *system.Shop) system.Things {
	s.T.Helper()
	unhooked(s)
	store := webhook.Store{Table: s.Table("Outreach")}
	e, err := store.Create(s.T.Context(), "https://crm.example.com/x", []string{webhook.CampaignFinished}, s.Clock().Now())
	if err != nil {
		s.T.Fatal(err)
	}
	return system.Things{Fill: map[string]string{"webhookId": e.ID}}
}

// bounced is a contact whose mailbox did not work.
func bounced(s *system.Shop) system.Things {
	s.T.Helper()
	c := agreed(s)
	store := contact.Store{Table: s.Table("Outreach")}
	_, err := store.ChangeID(s.T.Context(), c.ID, s.Clock().Now(), func(c *contact.Contact) ([]table.Write, bool, error) {
		c.Suppress(compliance.Email, compliance.HardBounce)
		return nil, false, nil
	})
	if err != nil {
		s.T.Fatal(err)
	}
	return system.Things{Fill: map[string]string{"email": c.Email}}
}

// mailed makes the task and the record of a mail in a state.
func mailed(s *system.Shop, c contact.Contact, id string, state outbox.State) {
	s.T.Helper()
	now := s.Clock().Now()
	m := outbox.Mail{
		ID: id, Kind: compliance.Marketing, To: c.Email, Language: "ko", Template: "cart_reminder", Contact: c.ID,
		Topic:   "cart",
		Planned: now, Source: outbox.Source{Name: "sequence:abandoned_cart", Step: "reminder"},
		Basis:   compliance.ReasonConsent,
		Compose: &outbox.Compose{URL: s.Address() + "/cart"},
	}
	store := outbox.Store{Table: s.Table("Outreach")}
	over := m.Task(now)
	over.State, over.Due.Shard, over.Due.At = "done", "", 0
	err := store.Begin(s.T.Context(), m, []string{s.Address() + "/docs"}, now)
	if err == nil {
		err = store.Table.Put(s.T.Context(), table.Put{Item: over, If: table.IfNew})
	}
	if err == nil {
		err = store.Table.Transact(s.T.Context(), "", m.Settle(state, "ses-1", "a test", now)...)
	}
	if err != nil {
		s.T.Fatal(err)
	}
}

// linked makes a signed link about a contact, or about a mail to them.
func linked(p tracking.Purpose, fields ...string) func(*system.Shop) system.Things {
	return func(s *system.Shop) system.Things {
		s.T.Helper()
		c := agreed(s)
		signer, err := (&keystore.Store{Table: s.Table("Outreach")}).Signer(s.T.Context(), s.Clock().Now())
		if err != nil {
			s.T.Fatal(err)
		}
		about := append([]string{c.ID}, fields...)
		if p == tracking.Link || p == tracking.Open || p == tracking.Why {
			about[0] = "sent-" + c.ID
			mailed(s, c, about[0], outbox.Accepted)
		}
		return system.Things{Fill: map[string]string{"token": signer.Sign(p, about...)}}
	}
}

// clicked is a push message to somebody, with the token of its notification.
func clicked(s *system.Shop) system.Things {
	s.T.Helper()
	c := agreed(s)
	id := "pushed-" + c.ID
	signer, err := (&keystore.Store{Table: s.Table("Outreach")}).Signer(s.T.Context(), s.Clock().Now())
	if err != nil {
		s.T.Fatal(err)
	}
	m := outbox.Mail{
		ID: id, Kind: compliance.Marketing, Channel: compliance.Push, To: c.Email, Template: "cart_reminder",
		Source: outbox.Source{Name: "sequence:abandoned_cart", Step: "push_reminder"}, Contact: c.ID, Topic: "cart",
	}
	if err := s.Table("Outreach").Transact(s.T.Context(), "",
		m.Settle(outbox.Accepted, "", "", s.Clock().Now())...); err != nil {
		s.T.Fatal(err)
	}
	return system.Things{Fill: map[string]string{"token": signer.Sign(tracking.PushClick, id)}}
}

func failed(s *system.Shop) system.Things {
	c := agreed(s)
	mailed(s, c, "failed-"+c.ID, outbox.Rejected)
	return system.Things{Fill: map[string]string{"mailId": "failed-" + c.ID}}
}

const spring = `{"name":"Spring","topic":"offers","local":"2036-01-01T10:00","by":"shop","maxLatenessMinutes":600,"url":"{shop}/spring",` +
	`"variants":[{"id":"a","texts":{"ko":{"subject":"봄","heading":"봄","body":["봄"]},"en":{"subject":"a","heading":"a","body":["a"]}}}]}`

func draft(s *system.Shop) system.Things {
	s.T.Helper()
	agreed(s)
	body := map[string]any{
		"name": "Spring", "topic": "offers", "local": "2036-01-01T10:00", "by": "shop", "maxLatenessMinutes": 600,
		"url": s.Address() + "/spring",
		"variants": []any{map[string]any{"id": "a", "texts": map[string]any{
			"ko": map[string]any{"subject": "봄", "heading": "봄", "body": []string{"봄"}},
			"en": map[string]any{"subject": "a", "heading": "a", "body": []string{"a"}},
		}}},
	}
	made := s.Do(s.Merchant(), "POST", "/outreach/campaigns", body)
	return system.Things{Fill: map[string]string{"campaignId": made.Field(s.T, "id")}}
}

// state puts a campaign into a state that it comes to by the clock.
func state(to campaign.Status) func(*system.Shop) system.Things {
	return func(s *system.Shop) system.Things {
		s.T.Helper()
		b := draft(s)
		_, err := s.Table("Outreach").Update(s.T.Context(), table.Update{
			Key: table.Key{PK: "CAMPAIGN#" + b.Fill["campaignId"], SK: "CAMPAIGN"}, Do: "SET #status = :to",
			If:   "attribute_exists(#pk)",
			With: map[string]any{":to": to},
		})
		if err != nil {
			s.T.Fatal(err)
		}
		return b
	}
}

func coupon(s *system.Shop) system.Things {
	s.T.Helper()
	product, _ := s.Product(10, nil)
	sale := system.Sale(product, "2026-12-04T10:00", "2026-12-06T24:00", map[string]any{"kind": "percentage"})
	id := s.Do(s.Merchant(), "POST", "/promotions", sale).Field(s.T, "id")
	s.Do(s.Merchant(), "POST", "/promotions/"+id+"/codes", `{"size":3}`)
	return system.Things{Fill: map[string]string{"promotionId": id, "name": "welcome"}}
}

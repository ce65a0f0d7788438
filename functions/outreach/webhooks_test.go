package outreach_test

import (
	"net/http"
	"strings"
	"testing"

	"dangol/shared/outreach/webhook"
	"dangol/shared/platform/due"
)

func TestAMerchantTellsAnotherSystemOfEvents(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	var made, again struct{ ID, Secret string }
	b.merchant.Do("POST", "/outreach/webhooks", map[string]any{
		"url": "https://crm.example.com/dangol", "events": []string{webhook.ConsentGiven},
	}).Want(http.StatusCreated).Into(&made)
	id, secret := made.ID, made.Secret
	if !strings.HasPrefix(secret, "whsec_") {
		t.Errorf("secret %q", secret)
	}
	if list := b.merchant.Do("GET", "/outreach/webhooks", nil).Want(200).Body; strings.Contains(list, "whsec_") ||
		!strings.Contains(list, id) {
		t.Errorf("list %s", list)
	}
	waiting := func() (n int) {
		t.Helper()
		err := due.Overdue(t.Context(), b.service.Table, webhook.Due, b.clock.Now(), func(due.Job) error { n++; return nil })
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	b.agree()
	b.agree() // changes nothing
	if n := waiting(); n != 1 {
		t.Errorf("%d deliveries of one consent", n)
	}
	b.merchant.Do("POST", "/outreach/webhooks/"+id+"/test", nil).Want(http.StatusAccepted)
	if n := waiting(); n != 2 {
		t.Errorf("%d deliveries with the test", n)
	}
	b.merchant.Do("POST", "/outreach/webhooks/"+id+"/rotate", nil).Want(200).Into(&again)
	if again.Secret == secret || again.Secret == "" {
		t.Error("the secret is the same")
	}
	b.merchant.Do("GET", "/outreach/webhooks/"+id+"/attempts", nil).Want(200)
	for range 2 {
		b.merchant.Do("DELETE", "/outreach/webhooks/"+id, nil).Want(http.StatusNoContent)
	}
	b.merchant.Do("POST", "/outreach/webhooks/"+id+"/rotate", nil).WantProblem(404, "webhook_not_found")
	b.merchant.Do("POST", "/outreach/webhooks/"+id+"/test", nil).WantProblem(404, "webhook_not_found")
}

func TestWebhooksLeadNowhereInsideAndAreForMerchantsOnly(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, address := range []string{
		"http://crm.example.com/", "https://169.254.169.254/latest/meta-data", "https://localhost/", "https://10.1.2.3/",
	} {
		body := map[string]any{"url": address, "events": []string{webhook.ConsentGiven}}
		b.merchant.Do("POST", "/outreach/webhooks", body).Want(http.StatusUnprocessableEntity)
	}
	body := map[string]any{"url": "https://crm.example.com/", "events": []string{"order.placed"}}
	b.merchant.Do("POST", "/outreach/webhooks", body).Want(http.StatusUnprocessableEntity)
	body["events"] = []string{webhook.ConsentGiven}
	b.guest.Do("POST", "/outreach/webhooks", body).Want(http.StatusUnauthorized)
	for range 10 {
		b.merchant.Do("POST", "/outreach/webhooks", body).Want(http.StatusCreated)
	}
	b.merchant.Do("POST", "/outreach/webhooks", body).WantProblem(409, "too_many_webhooks")
}

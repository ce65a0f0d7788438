package pushservice_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/SherClockHolmes/webpush-go"

	"dangol/infra/local/pushservice"
	"dangol/shared/outreach/push"
	"dangol/shared/platform/clock"
)

var noon = time.Date(2026, 3, 10, 3, 0, 0, 0, time.UTC)

// serve starts a push service and subscribes a browser to it.
func serve(t *testing.T) (*httptest.Server, push.Subscription, string) {
	t.Helper()
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	mux.Handle("/", pushservice.New(clock.Stopped(noon), server.URL).Handler())
	answer, err := http.Post(server.URL+"/browsers", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var made struct {
		ID, Endpoint string
		Keys         struct{ P256dh, Auth string }
	}
	if err := json.NewDecoder(answer.Body).Decode(&made); err != nil {
		t.Fatal(err)
	}
	return server, push.Subscription{Endpoint: made.Endpoint, P256dh: made.Keys.P256dh, Auth: made.Keys.Auth}, made.ID
}

func TestABrowserReadsWhatTheShopSends(t *testing.T) {
	t.Parallel()
	server, browser, id := serve(t)
	private, public, err := webpush.GenerateVAPIDKeys()
	if err != nil {
		t.Fatal(err)
	}
	hosts := []string{strings.TrimPrefix(server.URL, "http://")}
	vapid := push.VAPID{Public: public, Private: private, Subject: "mailto:hello@shop.example.com"}
	sender, err := push.NewSender(server.Client(), vapid, hosts)
	if err != nil {
		t.Fatal(err)
	}
	message := push.Message{Body: []byte(`{"title":"(광고) 장바구니"}`), Topic: "cart_1", TTL: time.Hour, Urgency: push.Normal}
	if answer, err := sender.Send(t.Context(), browser, message); err != nil || answer.Outcome != push.Accepted {
		t.Fatalf("%+v, %v", answer, err)
	}
	gone := browser
	gone.Endpoint += "x"
	if answer, _ := sender.Send(t.Context(), gone, message); answer.Outcome != push.Gone {
		t.Errorf("a subscription that is not there: %+v", answer)
	}
	answer, err := http.Get(server.URL + "/browsers/" + id)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var got struct{ Messages []pushservice.Message }
	if err := json.NewDecoder(answer.Body).Decode(&got); err != nil {
		t.Fatal(err)
	}
	if len(got.Messages) != 1 || got.Messages[0].Topic != "cart_1" || got.Messages[0].TTL != "3600" ||
		string(got.Messages[0].Body) != `{"title":"(광고) 장바구니"}` || !got.Messages[0].At.Equal(noon) {
		t.Errorf("%+v", got.Messages)
	}
}

func TestWhatABrowserCannotReadIsRefused(t *testing.T) {
	t.Parallel()
	_, browser, _ := serve(t)
	for name, c := range map[string]struct {
		header, body string
		status       int
	}{
		"without VAPID":        {"", "x", http.StatusUnauthorized},
		"not encrypted":        {"vapid t=x, k=y", `{"title":"x"}`, http.StatusBadRequest},
		"longer than a record": {"vapid t=x, k=y", strings.Repeat("x", 5000), http.StatusRequestEntityTooLarge},
	} {
		request, err := http.NewRequest("POST", browser.Endpoint, strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", c.header)
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != c.status {
			t.Errorf("%s: %d, want %d", name, answer.StatusCode, c.status)
		}
	}
}
